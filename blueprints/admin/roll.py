"""The electoral roll of the chosen election: who stands on it, adding and removing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints.acts import approval_json
from blueprints.admin import bp, dangerous, forms
from blueprints.admin.frame import election_at_the_desk
from blueprints.admin.lists import list_address, page_json, row_json, statuses
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import Election, ElectionStatus, transaction
from services import desk, rolls
from services import voters as register
from services.approvals import ActOutcome
from services.errors import DomainError, NotFound, ValidationFailed
from services.rolls import RollChange
from services.security import Permission

QUESTIONS = ("show", "q", "status", "voted", "sort", "order", "page")
VOTED = {"yes": True, "no": False}


@bp.get("/roll")
@requires(Permission.MANAGE_VOTERS)
def roll() -> ResponseReturnValue:
    """List who is on the chosen election's roll (show=off: who is not), with q, status, voted, sort, order, page."""
    election = election_at_the_desk()
    if election is None:
        return _nothing_chosen()
    query = roll_query(election)
    found = register.search_voters(query)
    figures = rolls.roll_figures(election)
    if wants_json():
        rows = [row_json(row) for row in found.rows]
        counts = {"on_roll": figures.on_roll, "voted": figures.voted, "suspended": figures.suspended}
        return jsonify(election=election.id, voters=rows, counts=counts, **page_json(found))
    return render_template(
        "admin/roll/list.html", election=election, found=found, query=query, figures=figures,
        groups=register.list_groups(), statuses=statuses(), per_page=register.PAGE_SIZE, address=_address,
        shown=register.format_voter_number, open_now=election.status is ElectionStatus.ACTIVE,
        fixed=election.status is not ElectionStatus.DRAFT, most=register.MOST_COUNTED,
    )  # fmt: skip


@bp.post("/roll/voters")
@requires(Permission.MANAGE_VOTERS)
def add_to_roll() -> ResponseReturnValue:
    """Put the ticked `voters` on the roll, or with `everybody` all whom the search of the address finds."""
    election = _chosen()
    everybody = forms.ticked("everybody")

    def change() -> RollChange:
        if everybody:
            return rolls.add_found(election, replace(roll_query(election), on_roll=None), current_actor())
        return rolls.add_voters(election, _some("voters"), current_actor())

    return _change(election, change, _added)


@bp.post("/roll/groups")
@requires(Permission.MANAGE_VOTERS)
def add_groups_to_roll() -> ResponseReturnValue:
    """Put all members of the ticked `groups` on the roll."""
    election = _chosen()
    return _change(election, lambda: rolls.add_groups(election, _some("groups"), current_actor()), _added)


@bp.post("/roll/remove")
@requires(Permission.MANAGE_VOTERS)
def remove_from_roll() -> ResponseReturnValue:
    """Take the ticked `voters` off the roll, with a `reason`; who has voted stays."""
    election = _chosen()
    return _change(
        election,
        lambda: rolls.remove_voters(election, _some("voters"), forms.reason(), current_actor()),
        _removed,
    )


@bp.post("/elections/<int:election_id>/roll/change")
@requires(Permission.MANAGE_VOTERS)
def change_open_roll(election_id: int) -> ResponseReturnValue:
    """Ask for a `change` (add, remove, suspend, lift) of an open roll; with `ask` the question comes first."""
    election, values = desk.visible_election(election_id, current_actor()), body()
    payload = rolls.change_payload(text_field(values, "change"), forms.id_list("voters"))
    if forms.ticked("ask") and not wants_json():
        return question(election, payload, {})

    def done(outcome: ActOutcome) -> ResponseReturnValue:
        if wants_json():
            return jsonify(approval=approval_json(outcome.approval))
        flash(_("The roll is changed."), "ok")
        return redirect(url_for("admin.roll"), 303)

    try:
        return dangerous.submit(rolls.ROLL_CHANGE, election, payload, values, done)
    except ValidationFailed as error:
        if wants_json():
            raise
        return question(desk.visible_election(election_id, current_actor()), payload, error.fields), 422


def question(election: Election, payload: dict[str, Any], errors: dict[str, str]) -> str:
    """Return the page that says what a change would do, and asks for the reason."""
    return render_template(
        "admin/roll/change.html", election=election, described=rolls.described(election, payload),
        change=payload["change"], voters=payload["voters"], values=body(), errors=errors,
        summary=[(f"f-{name}", words) for name, words in errors.items()], **dangerous.frame(election),
    )  # fmt: skip


def roll_query(election: Election) -> register.VoterQuery:
    """Return what the address asks of the roll of this election."""
    voted = VOTED.get(request.args.get("voted", ""))
    off = request.args.get("show") == "off"
    return replace(forms.voter_query(election.id), on_roll=not off, voted=None if off else voted)


def _change(election: Election, change: Any, words: Any) -> ResponseReturnValue:
    try:
        with transaction():
            done: RollChange = change()
    except DomainError as error:
        if wants_json() or isinstance(error, NotFound):
            raise
        flash(error.message, "danger")
        return redirect(_address(), 303)
    if wants_json():
        return jsonify(changed=done.changed, kept=done.kept, on_roll=rolls.roll_figures(election).on_roll)
    words(done)
    return redirect(_address(page=""), 303)


def _added(done: RollChange) -> None:
    if not done.changed:
        flash(_("They are all on the roll already."), "notice")
        return
    flash(ngettext("%(num)s voter was added.", "%(num)s voters were added.", done.changed), "ok")


def _removed(done: RollChange) -> None:
    if done.changed:
        flash(ngettext("%(num)s voter was removed.", "%(num)s voters were removed.", done.changed), "ok")
    if done.kept:
        flash(
            ngettext("%(num)s voter has voted and stays.", "%(num)s voters have voted and stay.", done.kept), "notice"
        )


def _some(name: str) -> list[int]:
    ids = forms.id_list(name)
    if not ids:
        words = _("Tick a group first.") if name == "groups" else _("Tick a voter first.")
        raise ValidationFailed(fields={name: words})
    return ids


def _chosen() -> Election:
    election = election_at_the_desk()
    if election is None:
        raise NotFound(_("There is no election yet. Add one first."))
    return election


def _nothing_chosen() -> ResponseReturnValue:
    if wants_json():
        _chosen()
    return render_template("admin/roll/empty.html")


def _address(**changes: object) -> str:
    if request.endpoint == "admin.roll":
        return list_address("admin.roll", QUESTIONS, **changes)
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name in QUESTIONS}
    return url_for("admin.roll", **(kept | changes))
