"""The pages behind links of mails to voters: the rehearsal, and "this is not me". No link here can vote.

Looking at a page changes nothing: programs that test the links of a mail neither answer nor report anything.
"""

from __future__ import annotations

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import limits
from blueprints.http import current_actor, text_field, wants_json
from blueprints.policy import public
from models import Election, Voter, transaction
from services import mailings
from services.errors import NotFound

bp = Blueprint("mail", __name__, url_prefix="/mail")
MAX_TOKEN = 200
Found = tuple[Election, Voter] | None


@bp.route("/rehearsal", methods=["GET", "POST"])
@public
@limits.limiter.limit(limits.MAIL_PAGES, key_func=limits.address_key)
def rehearsal() -> ResponseReturnValue:
    """Say that this is a test, and take the answer that the mail arrived; nothing is cast."""
    token = _token()
    if request.method == "POST":
        with transaction():
            found = mailings.answer(token)
        return _page("mail/rehearsal.html", found, "done", token)
    return _page("mail/rehearsal.html", mailings.rehearsal_of(token), "ask", token)


@bp.route("/not-me", methods=["GET", "POST"])
@public
@limits.limiter.limit(limits.MAIL_PAGES, key_func=limits.address_key)
def not_me() -> ResponseReturnValue:
    """Ask whether the mail reached the wrong person, and report it to the commission."""
    token = _token()
    if request.method == "POST":
        with transaction():
            found = mailings.report(token, current_actor())
        return _page("mail/not_me.html", found, "done", token)
    return _page("mail/not_me.html", mailings.disowned(token), "ask", token)


def _token() -> str:
    return text_field(request.args.to_dict(), "token", MAX_TOKEN)


def _page(template: str, found: Found, state: str, token: str) -> ResponseReturnValue:
    if found is None:
        if wants_json():
            raise NotFound(_("There is no such link, or its time is over."))
        return render_template(template, state="unknown", token="", election=None, name=""), 404
    election, voter = found
    if wants_json():
        return jsonify(state=state, election=election.title)
    return render_template(template, state=state, token=token, election=election, name=voter.name)
