"""Letters from templates: a subject, a text part in the ordered wording, an HTML part with the same sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask_babel import gettext
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "email"
_BREAKS_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""Unicode's categories Cc, Zl, Zp and Cs, which never change, and the controls of the direction of text."""


@dataclass(frozen=True)
class Body:
    """The text of a mail, the same sentences as HTML if there is such a part, and the address that ends such mails."""

    text: str
    html: str | None = None
    stop: str | None = None


@dataclass(frozen=True)
class Letter:
    """A mail without its recipients."""

    subject: str
    body: Body


def single_line(value: object) -> str:
    """Return the value on one line: no control, line-separating or text-direction characters.

    Somebody who types a voter ID or sends a User-Agent cannot add a header or a line of his own to a mail.
    """
    return " ".join(_BREAKS_A_LINE.sub(" ", str(value)).split())


def render_letter(template: str, /, **values: object) -> Letter:
    """Render subject.txt, body.txt and body.html of `templates/email/<template>/`.

    Raises `jinja2.UndefinedError` when a value is missing.
    """
    environment = _environment()
    subject = single_line(environment.get_template(f"{template}/subject.txt").render(values))
    text = environment.get_template(f"{template}/body.txt").render(values)
    html = environment.get_template(f"{template}/body.html").render(values, subject=subject)
    return Letter(subject, Body(text, html))


@cache
def _environment() -> Environment:
    # An environment of its own: the application's would run context processors that need a request.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        finalize=_on_one_line,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["_"] = gettext
    return environment


def _on_one_line(value: object) -> object:
    return value if isinstance(value, Markup | StrictUndefined) else single_line(value)
