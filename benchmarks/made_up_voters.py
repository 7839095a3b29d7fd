"""Made-up voters for the benchmarks, and fifty ways in which a row of a file can be wrong."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator

from services.voters import check_digit_added

FIRST = (
    "Amal", "Jonas", "Solveig", "Tomas", "Mirela", "Hannah", "Yusuf", "Clara", "Ivo", "Priya", "Edith", "Paolo",
    "Nkechi", "Lars", "Zoë", "Øyvind", "José", "Łucja", "Aoife", "Renée", "Dmitri", "Fatima", "Kwame", "Ingrid",
)  # fmt: skip
LAST = (
    "Haddad", "Lindqvist", "Eriksen", "Okafor", "Popescu", "Bergström", "Demirtas", "Moreau", "Marković", "Raman",
    "Lund", "Ferri", "Adeyemi", "Holm", "O'Brien", "García", "Nowak", "Smith-Jones", "Müller", "Çelik",
)  # fmt: skip
SYLLABLES = ("ba", "ke", "lo", "mi", "nu", "ra", "se", "to", "vi", "zu", "dan", "fel", "gor", "hin", "jas", "pel")
HEADER = ("email", "first_name", "last_name", "voter_id", "dob", "gender", "phone", "groups")
BRANCHES = tuple(f"Branch {name}" for name in ("North", "South", "East", "West", "Harbour", "Hill"))
Cells = list[str]


def surname(number: int) -> str:
    """Return one of 4,096 made-up surnames beside the common ones."""
    if number % 3 == 0:
        return LAST[number // 3 % len(LAST)]
    parts = (number % 16, number // 16 % 16, number // 256 % 16)
    return "".join(SYLLABLES[part] for part in parts).capitalize()


def voter_cells(number: int, chance: random.Random) -> Cells:
    """Return the cells of the voter of this number, in the order of HEADER."""
    first, last = FIRST[chance.randrange(len(FIRST))], surname(chance.randrange(10**6))
    born = f"{1930 + chance.randrange(77)}-{1 + chance.randrange(12):02d}-{1 + chance.randrange(28):02d}"
    groups = "; ".join(chance.sample(BRANCHES, chance.randrange(3)))
    return [
        f"member{number}@union{number % 40}.example", first, last, "", born, chance.choice(("female", "male", "")),
        f"+44 20 7946 {number % 10000:04d}", groups,
    ]  # fmt: skip


def _with(column: str, text: str) -> Callable[[Cells], str]:
    def make(cells: Cells) -> str:
        cells[HEADER.index(column)] = text
        return line(cells)

    return make


def _name(first: str, last: str) -> Callable[[Cells], str]:
    return lambda cells: line([cells[0], first, last, *cells[3:]])


def _raw(change: Callable[[str], str]) -> Callable[[Cells], str]:
    return lambda cells: change(line(cells))


BAD_ROWS: dict[str, Callable[[Cells], str]] = {
    "e-mail without @": _with("email", "member.union.example"),
    "e-mail ends at @": _with("email", "member@"),
    "e-mail begins with @": _with("email", "@union.example"),
    "two @": _with("email", "a@b@union.example"),
    "space in the address": _with("email", "a b@union.example"),
    "address without a dot": _with("email", "a@union"),
    "address with a comma": _with("email", "a,b@union.example"),
    "dot at the end of the domain": _with("email", "a@union..example"),
    "reserved domain": _with("email", "a@union.invalid"),
    "local part of 65": _with("email", "a" * 65 + "@union.example"),
    "address of 300": _with("email", "a@" + "b" * 290 + ".example"),
    "formula as address": _with("email", "=cmd()"),
    "no address and no voter ID": _with("email", ""),
    "name missing": _name("", ""),
    "name of spaces": _name("   ", " \t "),
    "name of digits": _name("12345", "678"),
    "name of marks": _name("--", "??"),
    "name of 150": _name("A" * 75, "b" * 75),
    "name with a control character": _name("Am\x07al", "Haddad"),
    "name with hidden direction marks": _name("Am\u202eal", "Haddad"),
    "name with NUL": _name("Am\x00al", "Haddad"),
    "voter ID too short": _with("voter_id", "2048"),
    "voter ID too long": _with("voter_id", "204817391"),
    "voter ID with letters": _with("voter_id", "2048 17AB"),
    "voter ID with a wrong check digit": _with("voter_id", "20481735"),
    "voter ID as a figure of a spreadsheet": _with("voter_id", "2.05E+07"),
    "born in the future": _with("dob", "2090-01-01"),
    "born in 1800": _with("dob", "1800-01-01"),
    "born on 31 February": _with("dob", "1980-02-31"),
    "born in month 13": _with("dob", "1980-13-01"),
    "year of two digits": _with("dob", "19.5.44"),
    "birth date as words": _with("dob", "yesterday"),
    "birth date as a day number": _with("dob", "29365"),
    "birth date month first": _with("dob", "05/19/1984"),
    "gender unknown": _with("gender", "divers?"),
    "gender as a figure": _with("gender", "1"),
    "phone of letters": _with("phone", "call me"),
    "phone too short": _with("phone", "123"),
    "phone too long": _with("phone", "1" * 30),
    "phone with a formula": _with("phone", "=1+1"),
    "21 groups": _with("groups", ";".join(f"Group {chr(65 + n)}" for n in range(21))),
    "group name of 100": _with("groups", "G" * 100),
    "group without letters": _with("groups", "Branch North; 123"),
    "one cell too few": _raw(lambda text: text.rsplit(",", 1)[0]),
    "one cell only": _raw(lambda text: "only this"),
    "two cells too many": _raw(lambda text: text + ",x,y"),
    "quotation mark never closed": lambda cells: line([cells[0], "AAA", *cells[2:]]).replace("AAA", '"Amal', 1),
    "row of 20,000 characters": _with("phone", "0" * 20_000),
    "address twice in the file": _with("email", "TWICE@union.example"),
    "voter ID twice in the file": _with("voter_id", check_digit_added("1111111")),
}


def line(cells: Cells) -> str:
    """Return the cells as a line of CSV without its end."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()


def file_of_voters(voters: int, each: int, seed: int = 4) -> Iterator[tuple[str, str | None]]:
    """Yield the lines and the kind of each bad one: the header, so many good voters, and so many rows of each kind."""
    chance = random.Random(seed)
    yield ",".join(HEADER), None
    yield line(["twice@union.example", "Amal", "First", "", "", "", "", ""]), None
    yield line(["numbered@union.example", "Amal", "Second", check_digit_added("1111111"), "", "", "", ""]), None
    bad = [kind for kind in BAD_ROWS for _time in range(each)]
    chance.shuffle(bad)
    gap = max(1, voters // max(1, len(bad)))
    for number in range(voters - 2):
        yield line(voter_cells(number, chance)), None
        if number % gap == 0 and bad:
            kind = bad.pop()
            yield BAD_ROWS[kind](voter_cells(voters + len(bad), chance)), kind
    for kind in bad:
        yield BAD_ROWS[kind](voter_cells(2 * voters, chance)), kind
