"""The header: which column is which, and by what the cells are separated."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

from flask_babel import gettext as _

from services.roll_import.errors import FileRefused

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
COLUMNS = ("voter_id", "email", "name", "first_name", "last_name", "dob", "gender", "phone", "groups")
ALIASES = {
    "e_mail": "email", "mail": "email", "email_address": "email", "e_mail_address": "email",
    "firstname": "first_name", "given_name": "first_name", "forename": "first_name",
    "lastname": "last_name", "surname": "last_name", "family_name": "last_name",
    "full_name": "name", "voter": "name", "voterid": "voter_id", "voter_number": "voter_id", "voter_no": "voter_id",
    "date_of_birth": "dob", "birth_date": "dob", "birthdate": "dob", "birthday": "dob", "born": "dob",
    "sex": "gender", "telephone": "phone", "phone_number": "phone", "mobile": "phone", "tel": "phone",
    "group": "groups",
}  # fmt: skip
TEMPLATE = (
    "email,first_name,last_name,voter_id,dob,gender,phone,groups\r\n"
    "amal.haddad@mail.example,Amal,Haddad,,1984-05-19,female,+44 20 7946 0018,Branch North; Board\r\n"
)
"""To download: the full set of columns and one row."""
MAX_COLUMNS = 100


@dataclass(frozen=True)
class Layout:
    """`columns` holds the name of each column of the file, None for one that is not used."""

    separator: str
    columns: tuple[str | None, ...]
    unused: tuple[str, ...]

    @property
    def used(self) -> tuple[str, ...]:
        return tuple(column for column in self.columns if column)


def read_header(line: str) -> Layout:
    """Return the layout that the first line gives; raises FileRefused with what was found and what is missing."""
    separator = max(SEPARATORS, key=lambda mark: (len(_known(_cells(line, mark))), line.count(mark)))
    cells = _cells(line, separator)
    if len(cells) > MAX_COLUMNS:
        raise FileRefused(_("The first line has more than %(most)s columns.", most=MAX_COLUMNS))
    columns = tuple(_column(cell) for cell in cells)
    _refuse_missing(columns, cells)
    _refuse_twice([column for column in columns if column])
    unused = tuple(
        cell.strip()[:40] for cell, column in zip(cells, columns, strict=True) if not column and cell.strip()
    )
    return Layout(separator, columns, unused)


def separator_line(line: str) -> bool:
    """Tell whether this is the line by which a spreadsheet names its separator."""
    return bool(re.fullmatch(r"\"?sep=.\"?\s*", line, re.IGNORECASE))


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _known(cells: list[str]) -> list[str]:
    return [cell for cell in cells if _column(cell)]


def _column(cell: str) -> str | None:
    word = re.sub(r"[\s_.-]+", "_", cell.strip("\ufeff\x00 \t\"'*:").casefold())
    word = ALIASES.get(word, word)
    return word if word in COLUMNS else None


def _refuse_missing(columns: tuple[str | None, ...], cells: list[str]) -> None:
    missing = []
    if not {"email", "voter_id"} & set(columns):
        missing.append(_("email or voter_id"))
    if not {"name", "first_name", "last_name"} & set(columns):
        missing.append(_("first_name and last_name, or name"))
    if missing:
        found = ", ".join(cell.strip()[:40] for cell in cells[:20] if cell.strip()) or _("none")
        raise FileRefused(
            _("The first line has to name the columns. Found: %(found)s. Missing: %(missing)s.",
              found=found, missing="; ".join(missing))
        )  # fmt: skip


def _refuse_twice(columns: list[str]) -> None:
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise FileRefused(_("The first line names a column twice: %(columns)s.", columns=", ".join(twice)))
