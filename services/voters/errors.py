"""Refusals that belong to one entry of the form."""

from __future__ import annotations

from flask_babel import gettext as _

from services.errors import ValidationFailed


class FieldConflict(ValidationFailed):
    """An entry that is fit in itself but clashes with what is stored."""

    status, code = 409, "conflict"


def number_taken() -> FieldConflict:
    """Return the refusal of a voter ID that another voter has."""
    return FieldConflict(fields={"voter_id": _("Another voter has this voter ID. Look for that voter first.")})


def email_taken() -> FieldConflict:
    """Return the refusal of an address that another voter has."""
    return FieldConflict(fields={"email": _("Another voter has this address. Each voter needs an own one.")})


def already_voted(title: str) -> FieldConflict:
    """Return the refusal to take somebody who has voted off the roll of the election of this title."""
    return FieldConflict(
        fields={"elections": _("This voter has already voted in “%(title)s” and stays on its roll.", title=title)}
    )
