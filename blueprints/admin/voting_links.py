"""Personal voting links: sending them to a whole roll, one voter's new link, and who stands where."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints.admin import bp
from blueprints.admin.forms import ticked
from blueprints.admin.lists import list_address
from blueprints.http import current_actor, public_address, text_field, wants_json
from blueprints.policy import requires
from models import Election, LinkSending, transaction
from services import desk
from services import voting_links as links
from services.context import platform
from services.errors import Conflict
from services.security import Permission
from services.voters import format_voter_number
from services.voting_links import LinkRow, Standing

PAGE_SIZE = 50
QUESTIONS = ("standing", "q", "page")


@bp.get("/elections/<int:election_id>/links")
@requires(Permission.MANAGE_ELECTIONS)
def voting_links(election_id: int) -> ResponseReturnValue:
    """Show how the links of an election stand, and its voters by `standing`, `q` and `page`."""
    return _page(desk.visible_election(election_id, current_actor()))


@bp.post("/elections/<int:election_id>/links")
@requires(Permission.MANAGE_ELECTIONS)
def send_voting_links(election_id: int) -> ResponseReturnValue:
    """Send a link to everybody who has none, or with `renew` a new one to all who have not voted."""
    election = desk.visible_election(election_id, current_actor())
    renew = ticked("renew")
    with transaction():
        sending = links.start_sending(election, public_address("vote.ballot"), current_actor(), renew=renew)
        made = _sending_json(sending)
    if wants_json():
        return jsonify(sending=made), 202
    count = made["total"]
    words = ngettext("%(num)s voter gets a link.", "%(num)s voters get a link.", count)
    return _back(election_id, words)


@bp.post("/elections/<int:election_id>/links/<int:voter_id>")
@requires(Permission.MANAGE_ELECTIONS)
def send_voting_link(election_id: int, voter_id: int) -> ResponseReturnValue:
    """Send one voter a new link; the one before ends."""
    election = desk.visible_election(election_id, current_actor())
    with transaction():
        token = links.renew_link(election, voter_id, public_address("vote.ballot"), current_actor())
        name = token.voter.name
    if wants_json():
        return jsonify(sent=True, name=name), 202
    return _back(election_id, _("%(name)s gets a new link. The one before works no more.", name=name))


def _page(election: Election) -> ResponseReturnValue:
    standing = next((one for one in Standing if one.value == request.args.get("standing")), None)
    number = request.args.get("page", "1")
    page = max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < 7 else 1
    text = text_field(request.args.to_dict(), "q", 100)
    figures = links.link_figures(election)
    rows, total = links.link_rows(election, standing, text, page, PAGE_SIZE)
    sending = links.last_sending(election)
    state = _sending_json(sending) if sending else None
    if wants_json():
        counts = {one.value: figures.by_standing[one] for one in Standing}
        found = [_row_json(row) for row in rows]
        return jsonify(sending=state, counts=counts | {"on_roll": figures.on_roll}, voters=found, total=total)
    words = standing_words()
    return render_template(
        "admin/elections/voting_links.html", election=election, current_election=election, figures=figures, rows=rows,
        total=total, page=page, pages=max(1, -(-total // PAGE_SIZE)), per_page=PAGE_SIZE, standing=standing,
        words=words, filters=[(one.value, word) for one, word in words.items()], text=text, sending=state,
        days=platform().settings.voting_link_days, problem=_problem(election), address=_address,
        shown=format_voter_number,
    )  # fmt: skip


def standing_words() -> dict[Standing, str]:
    """Return where a voter stands in words."""
    return {
        Standing.VOTED: _("Voted"),
        Standing.OPENED: _("Opened the ballot"),
        Standing.SENT: _("Mail sent"),
        Standing.UNDER_WAY: _("Mail under way"),
        Standing.NOT_DELIVERED: _("Mail did not arrive"),
        Standing.EXPIRED: _("Link is over"),
        Standing.NO_LINK: _("No link yet"),
        Standing.NO_EMAIL: _("No e-mail address"),
        Standing.NOT_VERIFIED: _("Not verified"),
    }


def _problem(election: Election) -> str | None:
    """Say why no link can be sent now."""
    try:
        links.check_sendable(election)
    except Conflict as error:
        return error.message
    return None


def _sending_json(sending: LinkSending) -> dict[str, Any]:
    status = "sending" if sending.finished_at is None else "done"
    return {"status": status, "progress": sending.done, "total": sending.total, "renew": sending.renew}


def _row_json(row: LinkRow) -> dict[str, Any]:
    return {"id": row.voter_id, "voter_id": row.voter_number, "name": row.name, "standing": row.standing.value,
            "mail_error": row.mail_error}  # fmt: skip


def _address(**changes: object) -> str:
    return list_address("admin.voting_links", QUESTIONS, **changes)


def _back(election_id: int, words: str) -> ResponseReturnValue:
    flash(words, "ok")
    return redirect(url_for("admin.voting_links", election_id=election_id), 303)
