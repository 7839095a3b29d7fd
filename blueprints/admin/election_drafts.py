"""Drafts of elections: made, changed, copied, deleted, and marked to open by themselves."""

from __future__ import annotations

from typing import Any

from flask import flash, g, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp, forms
from blueprints.admin.election_form import election_values, form_values, twice, typed_values
from blueprints.admin.election_views import election_json, election_page, manages
from blueprints.admin.frame import election_at_the_desk
from blueprints.http import body, current_actor, wants_json
from blueprints.policy import requires
from blueprints.quorum_form import ABSTENTIONS
from models import Election, transaction
from services import accounts, ballots, desk, presence
from services import elections as service
from services.attendance import sessions
from services.clock import local_text, utc_text
from services.context import platform
from services.errors import Forbidden, ValidationFailed
from services.security import Permission


@bp.get("/elections/new")
@requires(Permission.MANAGE_ELECTIONS)
def new_election() -> ResponseReturnValue:
    """Show an empty form."""
    return _form(None, {})


@bp.get("/elections/<int:election_id>/edit")
@requires(Permission.MANAGE_ELECTIONS)
def edit_election(election_id: int) -> ResponseReturnValue:
    """Show the settings of a draft."""
    found = desk.visible_election(election_id, current_actor())
    return _form(found, form_values(found, platform().settings.timezone))


@bp.route("/elections/<int:election_id>", methods=["POST", "PUT", "DELETE"])
@requires(Permission.MANAGE_ELECTIONS)
def change_election(election_id: int) -> ResponseReturnValue:
    """Change or delete a draft."""
    found = desk.visible_election(election_id, current_actor())
    return _delete(found) if forms.method() == "DELETE" else _update(found)


@bp.post("/elections/<int:election_id>/copy")
@requires(Permission.MANAGE_ELECTIONS)
def copy_election(election_id: int) -> ResponseReturnValue:
    """Make a draft out of an election: its settings and candidates, with `roll` its roll too."""
    found = desk.visible_election(election_id, current_actor())
    with_roll = body().get("roll") in (True, "yes")
    with transaction():
        made_id = service.copy_election(found, current_actor(), with_roll=with_roll).id
        accounts.select_election(g.principal.session_id, made_id)
    made = desk.visible_election(made_id, current_actor())
    if wants_json():
        return jsonify(election=election_json(made)), 201
    flash(_("The copy is a draft. Check its title and its times. %(times)s", times=_times(made)), "ok")
    return redirect(url_for("admin.edit_election", election_id=made_id), 303)


@bp.post("/elections/<int:election_id>/schedule")
@requires(Permission.MANAGE_ELECTIONS)
def schedule_election(election_id: int) -> ResponseReturnValue:
    """Let a checked draft open by itself at its time."""
    found = desk.visible_election(election_id, current_actor())
    try:
        with transaction():
            service.schedule_opening(found, current_actor())
    except ValidationFailed:
        if wants_json():
            raise
        return election_page(desk.visible_election(election_id, current_actor())), 422
    return _done(election_id, _("The election opens by itself. Somebody need not be here."))


@bp.post("/elections/<int:election_id>/unschedule")
@requires(Permission.MANAGE_ELECTIONS)
def unschedule_election(election_id: int) -> ResponseReturnValue:
    """Let a draft wait for somebody to open it."""
    found = desk.visible_election(election_id, current_actor())
    with transaction():
        service.cancel_opening(found, current_actor())
    return _done(election_id, _("The election does not open by itself any more. Its settings can be changed."))


@bp.post("/elections/<int:election_id>/archive")
@requires(Permission.MANAGE_ELECTIONS)
def archive_election(election_id: int) -> ResponseReturnValue:
    """Put a closed election into the archive; it stays readable."""
    found = desk.visible_election(election_id, current_actor())
    with transaction():
        service.archive_election(found, current_actor())
    return _done(election_id, _("The election is in the archive. Its result stays on its page."))


def create_election() -> ResponseReturnValue:
    """Answer the POST to the list of elections with a new draft."""
    if not manages():
        raise Forbidden(_("You are signed in as %(role)s and cannot do this.", role=g.principal.role))
    try:
        values = election_values(platform().settings.timezone, whole=True)
        with transaction():
            made = service.create_election(**values, actor=current_actor())
            accounts.select_election(g.principal.session_id, made.id)
            made_id = made.id
    except ValidationFailed as error:
        return _refused(None, error)
    made = desk.visible_election(made_id, current_actor())
    if wants_json():
        return jsonify(election=election_json(made)), 201, {"Location": url_for("admin.election", election_id=made_id)}
    flash(_("The draft is saved. %(times)s Add candidates and voters, then open it.", times=_times(made)), "ok")
    return redirect(url_for("admin.election", election_id=made_id))


def _update(found: Election) -> ResponseReturnValue:
    number = found.id
    try:
        values = election_values(platform().settings.timezone, whole=False)
        with transaction():
            service.update_election(found, values, current_actor())
    except ValidationFailed as error:
        return _refused(desk.visible_election(number, current_actor()), error)
    changed = desk.visible_election(number, current_actor())
    return _done(number, _("The settings are saved. %(times)s", times=_times(changed)))


def _delete(found: Election) -> ResponseReturnValue:
    with transaction():
        title = service.delete_election(found, current_actor())
    if wants_json():
        return jsonify(deleted=title)
    flash(_("The draft “%(title)s” was deleted.", title=title), "ok")
    return redirect(url_for("admin.elections"), 303)


def _done(number: int, words: str) -> ResponseReturnValue:
    if wants_json():
        return jsonify(election=election_json(desk.visible_election(number, current_actor())))
    flash(words, "ok")
    return redirect(url_for("admin.election", election_id=number), 303)


def _times(election: Election) -> str:
    """Return both times in local time and in UTC, as saving confirms them."""
    zone = platform().settings.timezone
    opens, closes = ((local_text(at, zone), utc_text(at)) for at in (election.opens_at, election.closes_at))
    return _(
        "Opens %(opens)s (%(opens_utc)s), closes %(closes)s (%(closes_utc)s).",
        opens=opens[0], opens_utc=opens[1], closes=closes[0], closes_utc=closes[1],
    )  # fmt: skip


def _refused(found: Election | None, error: ValidationFailed) -> ResponseReturnValue:
    if wants_json():
        raise error
    return _form(found, typed_values(), error.fields or {"title": error.message}), 422


def _form(found: Election | None, values: dict[str, Any], errors: dict[str, str] | None = None) -> str:
    zone = platform().settings.timezone
    return render_template(
        "admin/elections/form.html", election=found, values=values, errors=errors or {}, zone=zone,
        twice=twice(values, zone), summary=[(f"f-{name}", words) for name, words in (errors or {}).items()],
        current_election=found or election_at_the_desk(),
        meetings=_meetings(found), quorums=presence.QUORUMS, majorities=presence.NAMES_MAJORITIES,
        abstentions=ABSTENTIONS,
        smallest_batch=service.SMALLEST_BATCH, batch_cost=ballots.batch_cost_examples(service.SMALLEST_BATCH),
    )  # fmt: skip


def _meetings(found: Election | None) -> list[tuple[int | str, str]]:
    """Return the meetings that an election may belong to, its own one too; "" is none."""
    zone, choices = platform().settings.timezone, list[tuple[int | str, str]]()
    for one in sessions.to_come(current_actor()):
        choices.append((one.id, f"{one.title}, {local_text(one.starts_at, zone)}"))
    own = found.meeting_id if found else None
    if own is not None and own not in [number for number, _words in choices]:
        choices.append((own, _("The meeting of before, which is over")))
    return [("", _("No meeting: everybody on the roll can vote")), *choices]
