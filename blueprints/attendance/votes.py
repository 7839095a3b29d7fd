"""The votes of a meeting: motions made, opened and closed by its officer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.attendance import bp, forms, words
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from blueprints.quorum_form import ABSTENTIONS, rule_values
from models import Election, Secrecy, transaction
from services import elections, motions, presence
from services.attendance import sessions
from services.clock import utc_now
from services.errors import DomainError, ValidationFailed
from services.result_words import verdict_title
from services.results import result_of
from services.security import Permission


@bp.get("/meetings/<int:meeting_id>/votes")
@requires(Permission.MANAGE_ATTENDANCE)
def votes(meeting_id: int) -> ResponseReturnValue:
    """Show the votes of a meeting: how the quorum stands, and the motions."""
    return _page(meeting_id)


@bp.post("/meetings/<int:meeting_id>/motions")
@requires(Permission.MANAGE_ATTENDANCE)
def create_motion(meeting_id: int) -> ResponseReturnValue:
    """Make a motion: `motion_title`, `text`, `secrecy`, `quorum`, `quorum_number`, `majority`, `abstentions`."""
    return _act(meeting_id, lambda: motions.create(meeting_id, _entries(), current_actor()),
                _("The motion is ready. Open the vote when everybody has heard it."), 201)  # fmt: skip


@bp.post("/meetings/<int:meeting_id>/motions/<int:election_id>/open")
@requires(Permission.MANAGE_ATTENDANCE)
def open_motion(meeting_id: int, election_id: int) -> ResponseReturnValue:
    """Open the vote on a motion for so many `motion_minutes`; refused while the quorum does not hold."""

    def act() -> Election:
        minutes = forms.whole(body(), "motion_minutes", motions.USUAL_MINUTES)
        return motions.open_vote(meeting_id, election_id, minutes, current_actor())

    return _act(meeting_id, act, _("The vote is open. It stands on the big screen."))


@bp.post("/meetings/<int:meeting_id>/motions/<int:election_id>/close")
@requires(Permission.MANAGE_ATTENDANCE)
def close_motion(meeting_id: int, election_id: int) -> ResponseReturnValue:
    """Close a vote before its time, once everybody who is present has voted."""
    body()
    return _act(meeting_id, lambda: motions.close_vote(meeting_id, election_id, current_actor()),
                _("The vote is closed. The count follows in a moment."))  # fmt: skip


def _entries() -> motions.Motion:
    values, errors = body(), dict[str, str]()
    try:
        rule = presence.read(rule_values(values))
    except ValidationFailed as error:
        rule, errors = presence.Rule(), error.fields
    secrecy = text_field(values, "secrecy") or Secrecy.SECRET.value
    if secrecy not in list(Secrecy):
        errors["secrecy"] = _("Choose one of the answers.")
    if errors:
        raise ValidationFailed(fields=errors)
    title = text_field(values, "motion_title", elections.MAX_TITLE)
    return motions.Motion(title, text_field(values, "text", motions.MAX_TEXT), rule, Secrecy(secrecy))


def _act(meeting_id: int, act: Callable[[], Election], said: str, status: int = 200) -> ResponseReturnValue:
    """Do it in one transaction; answer with the vote, or with the page and what was wrong."""
    try:
        with transaction():
            number = act().id
    except DomainError as error:
        if wants_json() or error.status == 404:
            raise
        return _page(meeting_id, error)
    if wants_json():
        return jsonify(vote=vote_json(elections.get_election(number))), status
    flash(said, "ok")
    return redirect(url_for("attendance.votes", meeting_id=meeting_id), 303)


def _page(meeting_id: int, error: DomainError | None = None) -> ResponseReturnValue:
    session = sessions.find(meeting_id, current_actor())
    found = motions.votes_of(meeting_id)[::-1]
    if wants_json():
        return jsonify(meeting=words.meeting_json(session), votes=[vote_json(one) for one in found])
    fields = error.fields if isinstance(error, ValidationFailed) else {}
    html = render_template(
        "attendance/votes.html", meeting=session, stage=words.stage(session), errors=fields,
        votes=[vote_view(one) for one in found],
        present=presence.present_now(meeting_id), members=sessions.figures_of(session).members,
        clash=error.message if error and not fields else "", typed=request.form.to_dict() if error else {},
        summary=[(f"f-{name}", said) for name, said in fields.items()], minutes=motions.USUAL_MINUTES,
        quorums=[(kind.value, name) for kind, name in presence.QUORUMS.items()], abstentions=ABSTENTIONS,
        majorities=[(kind.value, name) for kind, name in presence.MAJORITIES.items()],
    )  # fmt: skip
    return html, error.status if error else 200


def vote_json(election: Election) -> dict[str, Any]:
    """Return a vote of a meeting as JSON types."""
    return vote_view(election) | {"closes_at": election.closes_at.isoformat()}


def vote_view(election: Election) -> dict[str, Any]:
    """Return a vote of a meeting for its page: presence now, the rules, and the result once it is there."""
    rule, standing, result = presence.rule_of(election), presence.standing_of(election), result_of(election, utc_now())
    found: dict[str, Any] = {
        "id": election.id, "title": election.title, "text": election.description, "state": result.status,
        "motion": rule.motion if rule else False, "closes_at": election.closes_at,
        "voted": result.turnout.voted, "rules": presence.rules_words(rule) if rule else [],
        "verdict": verdict_title(result) if result.final else None,
        "words": " ".join(result.presence.sentences[1:]) if result.final and result.presence else None,
    }  # fmt: skip
    if standing is not None:
        found |= {"present": standing.present, "needed": standing.needed, "members": standing.members,
                  "holds": standing.holds, "standing": presence.standing_words(standing)}  # fmt: skip
    return found
