"""What may be the name of a person or of a group, for voters, staff and imports alike."""

from __future__ import annotations

from flask_babel import gettext as _

MAX_NAME = 120
"""Characters; the longest name that the ballot pass and the mails hold on one line."""


def check_name(text: str) -> str:
    """Return the name on one line; raises ValueError with a sentence."""
    name = " ".join(text.split())
    if not name:
        raise ValueError(_("Enter the name."))
    if len(name) > MAX_NAME:
        raise ValueError(_("Shorten the name to %(limit)s characters.", limit=MAX_NAME))
    if not name.isprintable() or not any(character.isalpha() for character in name):
        raise ValueError(_("Write the name in letters."))
    return name
