"""The pages behind the links of mails with heads: confirm the address, and end the mails. Nobody signs in for them.

Looking at a page changes nothing: programs that test the links of a mail neither confirm nor end anything.
"""

from __future__ import annotations

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from blueprints import limits
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import public
from blueprints.verify import bp
from models import transaction
from services import heads
from services.context import platform
from services.errors import DomainError, NotFound
from services.heads import ConfirmationState

MAX_TOKEN = 200
STATUS = {ConfirmationState.USED: 410, ConfirmationState.EXPIRED: 410, ConfirmationState.UNKNOWN: 404}


class MailLinkOver(DomainError):
    status, code = 410, "link_over"
    message = N_("This link was used, or its time is over.")


@bp.get("/mail/confirm")
@public
def confirm_mails() -> ResponseReturnValue:
    """Ask whether heads are wanted at this address."""
    token = _token_in_address()
    state, found = heads.look_up_confirmation(token)
    if found is None:
        return _over(state)
    if wants_json():
        return jsonify(state=state.value, election=found.election.title)
    return _confirmation("good", token=token, title=found.election.title)


@bp.post("/mail/confirm")
@public
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key)
def accept_mails() -> ResponseReturnValue:
    """Confirm the address."""
    token = text_field(body(), "token", MAX_TOKEN)
    with transaction():
        state, found = heads.confirm(token, current_actor())
        title = found.election.title if found else ""
    if not title:
        return _over(state)
    return jsonify(confirmed=True, election=title) if wants_json() else _confirmation("done", title=title)


@bp.route("/mail/stop", methods=["GET", "POST"])
@public
@limits.limiter.limit(limits.SIGN_IN_ADDRESS, key_func=limits.address_key, methods=["POST"])
def stop_mails() -> ResponseReturnValue:
    """Ask whether the mails shall end, and end them.

    Takes a POST from a mail program without a session (RFC 8058): the token in the address is all that counts.
    """
    token = _token_in_address()
    if request.method == "POST":
        with transaction():
            ours = heads.stop(token, current_actor())
        return _stopped(ours)
    ours, found = heads.look_up_stop(token)
    if found is None:
        return _stopped(ours)
    title = found.election.title
    return jsonify(stopped=False, election=title) if wants_json() else _stop_page("ask", token=token, title=title)


def _token_in_address() -> str:
    return text_field(request.args.to_dict(), "token", MAX_TOKEN)


def _stopped(ours: bool) -> ResponseReturnValue:
    if not ours:
        if wants_json():
            raise NotFound(_("There is no such link."))
        return _stop_page("unknown"), 404
    return jsonify(stopped=True) if wants_json() else _stop_page("done")


def _over(state: ConfirmationState) -> ResponseReturnValue:
    if wants_json():
        raise (
            NotFound(_("There is no such link."))
            if state is ConfirmationState.UNKNOWN
            else MailLinkOver(str(MailLinkOver.message))
        )
    return _confirmation(state.value), STATUS[state]


def _confirmation(state: str, token: str = "", title: str = "") -> str:
    minutes = platform().settings.head_mail_minutes
    return render_template("verify/mail_confirm.html", state=state, token=token, title=title, minutes=minutes)


def _stop_page(state: str, token: str = "", title: str = "") -> str:
    return render_template("verify/mail_stop.html", state=state, token=token, title=title)
