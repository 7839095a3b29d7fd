"""`flask count FILE.blt`: count ranked ballots of any election, as elections here are counted."""

from __future__ import annotations

import json
from typing import TextIO

import click
from flask.cli import with_appcontext

from services import counting
from services.counting import Blt, BltError, Rule
from services.rounds import Rounds, as_table, rounds_of

RANKED = {"irv": Rule.ALTERNATIVE, "stv": Rule.SCOTTISH}
MARKED = {"plurality": 1, "approval": None}
WIDEST = 32


@click.command("count")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@click.option(
    "--method",
    type=click.Choice([*RANKED, *MARKED]),
    help="Without it: irv for one seat, stv (the Scottish rules) for more. plurality counts first preferences,"
    " approval every name.",
)
@click.option(
    "--lots", default="", help="Order for ties that only a lot can break, best first: 3,1,2. Else the file's."
)
@click.option("--json", "as_json", is_flag=True, help="Print every transfer as JSON.")
@with_appcontext
def count_command(file: TextIO, method: str | None, lots: str, as_json: bool) -> None:
    """Count the ballots of a BLT file and print its rounds. Nothing is stored."""
    try:
        content = counting.read_blt(file.read())
        click.echo(_counted(content, method, [int(one) for one in lots.split(",") if one], as_json))
    except BltError as error:
        raise click.ClickException(f"{file.name}: {error}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name}: this is not UTF-8.") from error
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _counted(content: Blt, method: str | None, lots: list[int], as_json: bool) -> str:
    contest = content.contest(lots)
    if method in MARKED:
        votes = counting.marks(contest.standing, contest.valid(), MARKED[method])
        elected = counting.most_marks(votes, contest.seats, contest.lots)
        named = {content.names[one - 1]: votes[one] for one in sorted(votes, key=lambda one: -votes[one])}
        plain = {"method": method, "votes": named, "elected": [content.names[one - 1] for one in elected]}
        return json.dumps(plain, indent=2, ensure_ascii=False)
    rule = RANKED[method] if method else Rule.for_seats(content.seats)
    count = counting.count(rule, contest)
    if as_json:
        return json.dumps({"title": content.title, "candidates": content.names, **count.as_dict()}, ensure_ascii=False)
    return _report(content, rounds_of(count, dict(enumerate(content.names, start=1))), count.invalid)


def _report(content: Blt, rounds: Rounds, invalid: int) -> str:
    head = [content.title, rounds.rule, f"{rounds.valid:,} ballots, {content.seats} of {len(content.names)} to elect"]
    if rounds.quota:
        head.append(f"Quota {rounds.quota}")
    if invalid or content.cut:
        head.append(f"{invalid:,} ballots without a first preference, {content.cut:,} end at a skipped or shared place")
    told = [f"{one.number}. {one.title}. {' '.join(one.sentences)}".rstrip() for one in rounds.rounds]
    return "\n".join([*filter(None, head), "", *_aligned(as_table(rounds)), "", *told])


def _aligned(rows: list[list[str]]) -> list[str]:
    """Return the table with a number for each round; the titles follow below it."""
    head, *body = rows
    short = [head[0], *(str(number) for number in range(1, len(head) - 1)), head[-1]]
    table = [short, *body]
    widths = [min(WIDEST, max(len(row[place]) for row in table)) for place in range(len(short))]
    lines = []
    for first, *figures, last in table:
        cells = [figure.rjust(width) for figure, width in zip(figures, widths[1:-1], strict=True)]
        lines.append("  ".join([first[:WIDEST].ljust(widths[0]), *cells, last]).rstrip())
    return lines
