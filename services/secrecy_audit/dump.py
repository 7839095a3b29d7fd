"""A dump, as plain text or in the custom format: the same questions, asked of a file that anybody may carry away."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from models import AuditLog
from models.audit import PARTITIONS
from services.embedded_postgres import program
from services.secrecy_audit.columns import PLANNED
from services.secrecy_audit.contents import PUBLIC, is_readable
from services.secrecy_audit.findings import Finding
from services.secrecy_audit.order import UNLIKELY, in_order_of_codes, runs_deviation
from services.secrecy_audit.target import Target, Voted
from services.secrecy_audit.traces import Traces

CUSTOM = b"PGDMP"
Row = dict[str, str]


def dump(target: Target) -> Finding:
    """Search a dump for choices beside voters, and look at the order in which it holds ballots and receipts."""
    path = target.sources.dump
    finding = Finding("dump", not_given=path is None)
    if path is None:
        finding.say("no_dump")
        return finding
    traces, number = Traces(target), str(target.election_id)
    kept: dict[str, list[Row]] = {"ballots": [], "ballot_receipts": [], "ballot_box": []}
    touched: Counter[str] = Counter()
    votes: dict[str, set[int]] = {}
    for table, row in _rows(path):
        touched[table] += 1
        if table in kept and row.get("election_id") == number:
            kept[table].append(row)
        if table not in PUBLIC and row.get("election_id", number) in (number, "\\N"):
            words = " ".join(f'"{name}": {value}' for name, value in row.items())
            if traces.any.search(words):
                voters = [*target.voters_in(words), *_by_number(target, row)]
                votes.setdefault(table, set()).update(v.vote_id for v in voters if traces.holds(words, v))
    for table, found in votes.items():
        if found:
            finding.votes |= found
            finding.say("rows_with_choices", table=table, count=len(found))
    _order(finding, kept)
    _columns(finding, kept)
    readable = sum(is_readable(bytes.fromhex(row["sealed_payload"][3:]), traces) for row in kept["ballot_box"])
    if readable:
        finding.unnamed = max(finding.unnamed, readable)
        finding.say("readable", table="ballot_box", count=readable)
    finding.say("looked_dump", count=touched.total(), tables=len(touched))
    return finding


def _by_number(target: Target, row: Row) -> list[Voted]:
    number = row.get("voter_id", "")
    vote = target.by_voter.get(int(number)) if number.isascii() and number.isdigit() else None
    return [] if vote is None else [vote]


def _order(finding: Finding, kept: dict[str, list[Row]]) -> None:
    codes = [row["code"] for row in kept["ballot_receipts"]]
    if not in_order_of_codes(codes):
        finding.unnamed = max(finding.unnamed, len(codes))
        finding.say("receipts_unsorted", count=len(codes))
    clusters = runs_deviation([row["payload"] for row in kept["ballots"]])
    if clusters is not None and clusters < -UNLIKELY:
        finding.unnamed = max(finding.unnamed, len(kept["ballots"]))
        finding.say("clusters", order="dump", count=len(kept["ballots"]), deviation=round(-clusters, 1))


def _columns(finding: Finding, kept: dict[str, list[Row]]) -> None:
    for table, found in kept.items():
        for column in (found[0].keys() - PLANNED[table]) if found else ():
            count = sum(row[column] != "\\N" for row in found)
            finding.unnamed = max(finding.unnamed, count)
            finding.say("extra_column", table=table, column=column, count=count)


def _rows(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield (table, row) of every COPY block, in the order of the dump."""
    table, columns = "", list[str]()
    for line in _lines(path):
        if table:
            if line == "\\.":
                table = ""
            else:
                yield table, dict(zip(columns, line.split("\t"), strict=False))
        elif line.startswith("COPY public."):
            name, rest = line.removeprefix("COPY public.").split(" (", 1)
            table, columns = _whole(name.strip('"')), [one.strip('" ') for one in rest.split(")")[0].split(",")]


def _whole(table: str) -> str:
    """Return the table that a dumped partition is part of."""
    return AuditLog.__tablename__ if table.startswith(PARTITIONS) else table


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        custom = file.read(len(CUSTOM)) == CUSTOM
    if not custom:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as text:
            yield from (line.rstrip("\n") for line in text)
        return
    command = [str(program("pg_restore")), "--data-only", "-f", "-", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", errors="replace") as process:
        assert process.stdout is not None  # noqa: S101 (asked for above)
        yield from (line.rstrip("\n") for line in process.stdout)
    if process.returncode:
        raise ValueError("pg_restore cannot read this dump.")
