"""What the form or JSON body of a new election says, as typed values: shape only, the rules are the services'."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from blueprints.http import body, text_field
from models import ResultsPolicy, Secrecy
from services.errors import ValidationFailed

MAX_TITLE, MAX_DESCRIPTION = 120, 1000
LARGEST_NUMBER = 1_000_000
SMALLEST_BATCH = 50
"""Design, section 3, rule 7; the database refuses less."""


def election_values(zone: str) -> dict[str, Any]:
    """Return the keyword arguments of `create_election`; times without a zone are local to `zone`.

    Raises ValidationFailed with every field that has a wrong shape, all at once.
    """
    values = body()
    errors: dict[str, str] = {}

    def read(name: str, reader: Any, *more: Any) -> Any:
        try:
            return reader(values, name, *more)
        except ValidationFailed as error:
            errors.update(error.fields)
            return None

    found = {
        "title": read("title", _required, MAX_TITLE),
        "description": read("description", text_field, MAX_DESCRIPTION) or "",
        "secrecy": read("secrecy", _one_of, Secrecy, Secrecy.SECRET),
        "results_policy": read("results_policy", _one_of, ResultsPolicy, ResultsPolicy.AFTER_CLOSE),
        "opens_at": read("opens_at", _moment, zone),
        "closes_at": read("closes_at", _moment, zone),
        "max_choices": read("max_choices", _number, 1),
        "live_batch": read("live_batch", _number, None),
    }
    if found["live_batch"] is not None and found["live_batch"] < SMALLEST_BATCH:
        errors["live_batch"] = _("Use %(least)s or more: a small batch could give a vote away.", least=SMALLEST_BATCH)
    elif found["live_batch"] is not None and not (found["secrecy"] == "secret" and found["results_policy"] == "live"):
        errors["live_batch"] = _("Batches are for secret ballots that are counted live. Leave this empty.")
    if errors:
        raise ValidationFailed(fields=errors)
    return found


def _required(values: dict[str, Any], name: str, limit: int) -> str:
    text = " ".join(text_field(values, name, limit).split())
    if not text:
        raise ValidationFailed(fields={name: _("Give the election a title.")})
    if not text.isprintable():
        raise ValidationFailed(fields={name: _("Write this in letters.")})
    return text


def _one_of(values: dict[str, Any], name: str, kind: Any, default: Any) -> Any:
    text = text_field(values, name)
    try:
        return kind(text) if text else default
    except ValueError:
        raise ValidationFailed(fields={name: _("Choose one of the answers.")}) from None


def _moment(values: dict[str, Any], name: str, zone: str) -> datetime:
    """Read `2026-10-18T08:00`, with a zone of its own or in the local one; return UTC."""
    text = text_field(values, name)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValidationFailed(fields={name: _("Enter a day and a time.")}) from None


def _number(values: dict[str, Any], name: str, default: int | None) -> int | None:
    value = values.get(name)
    if value is None or value == "":
        return default
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 8):
        raise ValidationFailed(fields={name: _("Enter a whole number.")})
    if not 1 <= int(text) <= LARGEST_NUMBER:
        raise ValidationFailed(fields={name: _("Enter a number from 1 to %(most)s.", most=f"{LARGEST_NUMBER:,}")})
    return int(text)
