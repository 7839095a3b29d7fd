"""The `_()` of templates, found once a page.

Flask-Babel asks for context, domain, locale and catalogue at each sentence; a page has forty, and that was half of the
time that a page took. What comes out is the same, also within `force_locale`.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, g
from flask_babel import get_locale, get_translations
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

KEPT = "template_words"


def init_app(app: Flask) -> None:
    """Put it in the place of Flask-Babel's; `Babel(app)` must come first."""
    app.jinja_env.globals.update(_=translated, gettext=translated)


@pass_eval_context
def translated(context: EvalContext, text: str, /, **variables: Any) -> str:
    """Return the sentence in the language of this page, with `%(name)s` filled in; what is filled in is escaped."""
    found = _catalogue().gettext(text)
    if context.autoescape:
        found = Markup(found)  # noqa: S704  a sentence of ours
    return found % variables if variables or "%" in found else found


def _catalogue() -> Any:
    locale, kept = get_locale(), g.get(KEPT) if g else None
    if kept is None or kept[0] is not locale:
        kept = locale, get_translations()
        if g:
            setattr(g, KEPT, kept)
    return kept[1]
