"""What the desk enters about a voter, and the rules for each entry."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _

from models import Gender, VoterStatus
from services.errors import ValidationFailed
from services.person_name import check_name
from services.voters.numbers import is_voter_number, normalise_voter_number

MAX_LOCAL, MAX_EMAIL = 64, 254
"""Characters before the @, and of the whole address (RFC 5321); no mail server takes more."""
MAX_AGE_YEARS = 125
"""The oldest person on record was 122."""
PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,23}")
_DAY_FIRST = re.compile(r"(\d{1,2})[\s./-]+(\d{1,2}|[^\W\d]{3,})[\s./-]+(\d{4})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_Choice = TypeVar("_Choice", Gender, VoterStatus)


@dataclass(frozen=True)
class VoterEntries:
    """Entries as typed; None leaves a value as it is, '' clears it. `elections` are the rolls to be on."""

    name: str | None = None
    voter_id: str | None = None
    dob: str | None = None
    gender: str | None = None
    email: str | None = None
    phone: str | None = None
    status: str | None = None
    elections: frozenset[int] | None = None


@dataclass
class Checked:
    """Values fit for the columns of `voters`, and a sentence for each entry that is not."""

    values: dict[str, object] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def check(entries: VoterEntries, today: date) -> dict[str, object]:
    """Return the values to store, by column name; raises ValidationFailed with one sentence for each wrong entry."""
    checked = Checked()
    rules: dict[str, Callable[[str], object]] = {
        "name": check_name, "voter_id": check_number, "dob": lambda text: check_birth_date(text, today),
        "gender": lambda text: _choice(text, Gender), "email": check_email, "phone": check_phone,
        "status": lambda text: _choice(text, VoterStatus),
    }  # fmt: skip
    for column, rule in rules.items():
        text = getattr(entries, column)
        if text is None:
            continue
        try:
            checked.values[column] = rule(text.strip())
        except ValueError as error:
            checked.errors[column] = str(error)
    if checked.errors:
        raise ValidationFailed(fields=checked.errors)
    return checked.values


def check_number(text: str) -> str | None:
    """Return the normalised voter ID, None when one is to be made; raises ValueError with a sentence."""
    number = normalise_voter_number(text)
    if not number:
        return None
    if not re.fullmatch(r"[0-9]{8}", number):
        raise ValueError(_("A voter ID has 8 digits. Leave this empty to get a new one."))
    if not is_voter_number(number):
        raise ValueError(_("One digit is wrong: the check digit does not fit. Look at the number again."))
    return number


def check_birth_date(text: str, today: date) -> date | None:
    """Return the date of `1944-05-19`, `19 5 1944`, `19.05.1944`, `19 May 1944`; ValueError with a sentence."""
    if not text:
        return None
    born = _read_date(text)
    if born is None:
        raise ValueError(_("Write day, month and year, for example 19 5 1944."))
    if born > today:
        raise ValueError(_("This day is still to come. Check the year."))
    if today.year - born.year > MAX_AGE_YEARS:
        raise ValueError(_("This is more than %(years)s years ago. Check the year.", years=MAX_AGE_YEARS))
    return born


def check_email(text: str) -> str | None:
    """Return the normalised address, None when there is none; raises ValueError with a sentence."""
    if not text:
        return None
    if "@" not in text:
        raise ValueError(_("Write the whole address, with the @."))
    if text.endswith("@"):
        raise ValueError(_("Add the part after the @, for example mail.example."))
    if text.startswith("@"):
        raise ValueError(_("Add the part before the @."))
    if len(text.rpartition("@")[0]) > MAX_LOCAL:
        raise ValueError(_("Shorten the part before the @ to %(limit)s characters.", limit=MAX_LOCAL))
    try:
        return str(validate_email(text, check_deliverability=False).normalized)
    except EmailNotValidError as error:
        raise ValueError(_("No mail can be sent to this address. Check it letter by letter.")) from error


def check_phone(text: str) -> str | None:
    """Return the telephone number as typed, None when there is none; raises ValueError with a sentence."""
    if not text:
        return None
    if not PHONE.fullmatch(text):
        raise ValueError(_("Write the number with digits and spaces, for example +44 20 7946 0018."))
    return text


def _choice(text: str, kind: type[_Choice]) -> _Choice:
    try:
        return kind(text)
    except ValueError as error:
        raise ValueError(_("Choose one of: %(choices)s.", choices=", ".join(kind))) from error


def _read_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        found = _DAY_FIRST.fullmatch(text)
    if found is None:
        return None
    day, month, year = found.groups()
    number = int(month) if month.isdecimal() else _month_number(month)
    try:
        return date(int(year), number, int(day))
    except ValueError:
        return None


def _month_number(word: str) -> int:
    stem = word[:3].lower()
    return _MONTHS.index(stem) + 1 if stem in _MONTHS else 0
