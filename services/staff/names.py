"""What may be a user name and the address of staff; each raises an error that says what to type."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _

from services.errors import ValidationFailed

USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,38}[a-z0-9])")


def check_email(text: str) -> str:
    """Return the address to write to; raises ValueError with a sentence."""
    if not text.strip():
        raise ValueError(_("Enter the e-mail address. The invitation goes there."))
    try:
        return str(validate_email(text.strip(), check_deliverability=False).normalized)
    except EmailNotValidError as error:
        raise ValueError(_("No mail can be sent to this address. Check it letter by letter.")) from error


def check_username(text: str) -> str:
    """Return the user name in small letters; raises ValidationFailed."""
    name = text.strip().lower()
    if not USERNAME.fullmatch(name):
        words = _("Use 3 to 40 small letters, digits, dots or hyphens, for example rosa.demir.")
        raise ValidationFailed(fields={"username": words})
    return name
