"""A device in words: what a browser calls itself, said as people say it."""

from __future__ import annotations

from flask_babel import gettext as _

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"),
            ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
"""In this order: each of them also names those after it."""
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
           ("Macintosh", "Mac"), ("Linux", "Linux"))  # fmt: skip


def spoken(label: str) -> str:
    """Return e.g. `Firefox on Android` for a user agent; a name that is none stays as it is."""
    browser = next((said for mark, said in BROWSERS if mark in label), None)
    system = next((said for mark, said in SYSTEMS if mark in label), None)
    if browser is None or system is None:
        return label
    return _("%(browser)s on %(system)s", browser=browser, system=system)
