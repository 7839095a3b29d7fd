"""Dangerous acts in tests: the words of a form, the answers of the only admin, and the other person who confirms."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from models import Approval, ApprovalOutcome, Election, StaffRole, StaffUser, db
from services import approvals
from services.actor import Actor
from services.clock import utc_now
from tests import factories
from tests.factories import PASSWORD

WHY = "Everybody has voted."


def alone(election: Election, reason: str = WHY, **more: Any) -> dict[str, Any]:
    """Return what a form of a dangerous act needs where nobody else could confirm."""
    return {"reason": reason, "title": election.title, "password": PASSWORD, **more}


def actor_of(user: StaffUser) -> Actor:
    return Actor(user.role.value, user.id, user.username, "127.0.0.1")


def waiting_approval(act: str = approvals.CLOSE_EARLY, election: Election | None = None, **payload: Any) -> Approval:
    """Ask for an act on an open election in the name of a new admin; commits."""
    election = election or factories.make_open_election()
    asking = factories.StaffUserFactory(role=StaffRole.ADMIN)
    approval = approvals.request(act, election, payload, WHY, actor_of(asking))
    db.session.commit()
    return approval


def stray_approval(election: Election) -> Approval:
    """Write a request down that was never checked; a draft cannot be closed early."""
    asking = factories.StaffUserFactory(role=StaffRole.ADMIN)
    approval = Approval(
        act=approvals.CLOSE_EARLY,
        election_id=election.id,
        reason=WHY,
        requested_by=asking.id,
        expires_at=utc_now() + approvals.APPROVAL_LIFETIME,
    )
    db.session.add(approval)
    db.session.commit()
    return approval


def play(first: Election, second: Election) -> None:
    """Leave one request of each election: one that waits, one that was rejected with a note; commits."""
    if db.session.query(Approval).filter_by(election_id=first.id, outcome=ApprovalOutcome.WAITING).first() is not None:
        return
    asking, other = factories.StaffUserFactory(), factories.StaffUserFactory()
    approvals.request(approvals.CLOSE_EARLY, first, {}, "The hall has to be cleared.", actor_of(asking))
    rejected = approvals.request(approvals.RESET, second, {}, "A wrong name on the ballot.", actor_of(asking))
    approvals.reject(rejected.id, actor_of(other), "The name is right. See the minutes.")
    db.session.commit()


def confirm_newest(client: FlaskClient) -> Any:
    """Confirm the newest request as the person of this client."""
    newest = db.session.query(Approval).order_by(Approval.id.desc()).first()
    assert newest is not None
    answer = client.post(f"/admin/approvals/{newest.id}/confirm", headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer
