"""Rules for the texts of parties and candidates."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from services.errors import ValidationFailed

MAX_TITLE = 100
"""Characters; two lines of the kiosk's candidate row at the larger text."""
MAX_DESCRIPTION = 500
MAX_ORDER = 9999


def check_title(text: str, missing: str, field: str = "name") -> str:
    """Return a name on one line; raises ValidationFailed with `missing` when it is empty."""
    title = " ".join(text.split())
    if not title:
        raise ValidationFailed(fields={field: missing})
    if len(title) > MAX_TITLE:
        raise ValidationFailed(fields={field: _("Shorten this to %(limit)s characters.", limit=MAX_TITLE)})
    if not title.isprintable():
        raise ValidationFailed(fields={field: _("Write this in letters.")})
    return title


def check_description(text: str) -> str:
    """Return the description without outer space; raises ValidationFailed when it is too long."""
    description = text.strip()
    if len(description) > MAX_DESCRIPTION:
        raise ValidationFailed(
            fields={"description": _("Shorten this to %(limit)s characters.", limit=MAX_DESCRIPTION)}
        )
    return description


def check_order(number: int) -> int:
    """Return the place on the ballot; raises ValidationFailed outside 0 to 9999."""
    if not 0 <= number <= MAX_ORDER:
        raise ValidationFailed(fields={"display_order": _("Use a number from 0 to %(limit)s.", limit=MAX_ORDER)})
    return number


def said(values: dict[str, Any]) -> dict[str, Any]:
    """Return settings as the audit log says them: a picture only by the beginning of its name."""
    return {name: str(value)[:11] if name.endswith("_path") and value else value for name, value in values.items()}
