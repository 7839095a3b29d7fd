"""From cells to the values of a voter, or to the reason why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from flask_babel import gettext as _

from models import Gender
from services.exports.csv import safe_cell
from services.person_name import check_name
from services.roll_import.columns import Layout
from services.roll_import.records import Problem
from services.voters import MAX_GROUP_NAME
from services.voters.entries import (
    MAX_EMAIL,
    MAX_LOCAL,
    check_birth_date,
    check_email,
    check_number,
    check_phone,
)

PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
MAX_GROUPS = 20
GENDERS = {
    "f": Gender.FEMALE, "w": Gender.FEMALE, "female": Gender.FEMALE, "woman": Gender.FEMALE,
    "m": Gender.MALE, "male": Gender.MALE, "man": Gender.MALE,
    "x": Gender.OTHER, "d": Gender.OTHER, "other": Gender.OTHER, "diverse": Gender.OTHER,
    "undisclosed": Gender.UNDISCLOSED,
}  # fmt: skip
LABELS = {"voter_id": "voter_id", "email": "email", "name": "name", "dob": "dob", "gender": "gender", "phone": "phone"}


@dataclass(frozen=True)
class ImportedVoter:
    """The values of a row; None where its cell is empty, which leaves a registered voter as it is."""

    line: int
    number: str | None
    email: str | None
    name: str
    dob: date | None
    gender: str | None
    phone: str | None
    groups: tuple[str, ...]


class RowChecker:
    """Checks one row after the other; remembers which voters the file has named, to find them a second time."""

    def __init__(self, layout: Layout, today: date) -> None:
        self._layout = layout
        self._numbers: dict[str, int] = {}
        self._emails: dict[str, int] = {}
        self._rules: dict[str, Callable[[str], object]] = {
            "voter_id": check_number, "email": quick_email, "name": check_name,
            "dob": lambda text: check_birth_date(text, today), "gender": _gender, "phone": check_phone,
            "groups": _groups,
        }  # fmt: skip

    def check(self, line: int, cells: list[str]) -> ImportedVoter | list[Problem]:
        """Return the voter, or every reason against this row."""
        texts = self._texts(cells)
        problems: list[Problem] = []
        values: dict[str, object] = {}
        for column, text in texts.items():
            try:
                values[column] = self._rules[column](text) if text or column == "name" else None
            except ValueError as error:
                problems.append(Problem(f"{column}: {error}", f"{column}: {error}"))
        if any("\x00" in cell or (not cell.isprintable() and _unstorable(cell)) for cell in cells):
            words = _("A character in this row cannot be stored.")
            problems = [Problem(words, words)]
        if not problems:
            problems = self._known_before(line, values)
        return problems or self._voter(line, values)

    def _texts(self, cells: list[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for column, cell in zip(self._layout.columns, cells, strict=True):
            if column:
                found[column] = _plain(cell)
        if "name" not in found:
            found["name"] = f"{found.get('first_name', '')} {found.get('last_name', '')}"
        elif not found["name"]:
            found["name"] = f"{found.get('first_name', '')} {found.get('last_name', '')}".strip()
        return {column: found[column] for column in self._rules if column in found}

    def _known_before(self, line: int, values: dict[str, object]) -> list[Problem]:
        number, email = values.get("voter_id"), values.get("email")
        if number is None and email is None:
            words = _("Neither e-mail nor voter ID: one of them is needed to know this person again.")
            return [Problem(words, words)]
        problems = []
        if number is not None and (first := self._numbers.setdefault(str(number), line)) != line:
            kind = _("The voter ID stands in this file twice.")
            problems.append(Problem(kind, _("The voter ID stands in line %(line)s already.", line=first)))
        if email is not None and (first := self._emails.setdefault(str(email).lower(), line)) != line:
            kind = _("The e-mail address stands in this file twice.")
            problems.append(Problem(kind, _("The e-mail address stands in line %(line)s already.", line=first)))
        return problems

    @staticmethod
    def _voter(line: int, values: dict[str, object]) -> ImportedVoter:
        return ImportedVoter(
            line, values.get("voter_id"), values.get("email"), values["name"], values.get("dob"),  # type: ignore[arg-type]
            values.get("gender"), values.get("phone"), values.get("groups") or (),  # type: ignore[arg-type]
        )  # fmt: skip


def quick_email(text: str) -> str | None:
    """Return what `check_email` returns; a domain is looked at once, not at each of its ten thousand addresses."""
    local, at, domain = text.partition("@")
    if not at or len(local) > MAX_LOCAL or len(text) > MAX_EMAIL or not PLAIN_LOCAL.fullmatch(local):
        return check_email(text)
    known = _domain(domain)
    return f"{local}@{known}" if known else check_email(text)


@lru_cache(maxsize=10_000)
def _domain(domain: str) -> str | None:
    try:
        address = check_email(f"a@{domain}")
    except ValueError:
        return None
    return address.partition("@")[2] if address else None


def _plain(cell: str) -> str:
    """Return a cell without outer space and without the apostrophe that our own export puts before formulas."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and safe_cell(text[1:]) != text[1:] else text


def _unstorable(cell: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in cell)


def _gender(text: str) -> str:
    found = GENDERS.get(text.casefold())
    if found is None:
        raise ValueError(_("Write female, male, other or undisclosed, or leave it empty."))
    return found.value


def _groups(text: str) -> tuple[str, ...]:
    names = {" ".join(part.split()): None for part in re.split(r"[;,|]", text) if part.strip()}
    if len(names) > MAX_GROUPS:
        raise ValueError(_("More than %(most)s groups.", most=MAX_GROUPS))
    for name in names:
        check_name(name)
        if len(name) > MAX_GROUP_NAME:
            raise ValueError(_("The name of a group is longer than %(most)s characters.", most=MAX_GROUP_NAME))
    return tuple(names)
