"""The page that asks for a mailed code, for registering and for signing in."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import jsonify, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as N_

from blueprints.http import wants_json
from services.errors import Conflict
from services.voter_accounts import CodeOutcome


class NoTicket(Conflict):
    """This browser waits for no code."""

    code = "no_code_asked"
    message = N_("No code was sent from this browser. Start again.")


def code_page(error: str, *, act: str, again: str, back: str, title: str, label: str, remember: bool = False) -> str:
    """Return the page: where the code goes (`act`), where a new one is asked for, and the way back."""
    return render_template(
        "voter/code.html", error=error, act=act, again=again, back=back, title=title, label=label, remember=remember
    )


def refused_code(outcome: CodeOutcome, page: Callable[[str], str]) -> ResponseReturnValue:
    """Say what was wrong with the code, on the page once more."""
    if wants_json():
        error = {"code": f"code_{outcome.state.value}", "message": outcome.message}
        return jsonify(error=error, tries_left=outcome.tries_left), HTTPStatus.UNPROCESSABLE_ENTITY
    return page(outcome.message), HTTPStatus.UNPROCESSABLE_ENTITY
