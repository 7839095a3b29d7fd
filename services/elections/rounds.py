"""A reset: this round is archived, a fresh one opens."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import update

from models import BallotPass, Election, ElectionStatus, Kiosk, db
from services import audit_logger, membership
from services.actor import Actor
from services.clock import utc_now
from services.elections.drafts import COPIED, copy_choices, copy_roll
from services.elections.lifecycle import archive_election, close_election, open_election
from services.elections.state_machine import lock_election
from services.errors import Conflict


def reset_election(election: Election, actor: Actor) -> Election:
    """Archive this round and open a fresh one with the same definition and roll; nothing is deleted."""
    lock_election(election)
    if election.status is ElectionStatus.DRAFT:
        raise Conflict(_("A draft has no votes to set aside."))
    if election.status is ElectionStatus.ARCHIVED:
        raise Conflict(_("This round is archived already."))
    if election.status is ElectionStatus.ACTIVE:
        close_election(election, actor)
    archive_election(election, actor)
    fresh = _next_round(election)
    open_election(fresh, actor)
    db.session.execute(
        update(Kiosk).where(Kiosk.election_id == election.id, Kiosk.ended_at.is_(None)).values(election_id=fresh.id)
    )
    db.session.execute(
        update(BallotPass)
        .where(BallotPass.election_id == election.id, BallotPass.used_at.is_(None), BallotPass.ended_at.is_(None))
        .values(ended_at=utc_now())
    )
    audit_logger.record("staff:election:reset", actor, election_id=election.id, next_round=fresh.id)
    return fresh


def _next_round(election: Election) -> Election:
    duration = election.closes_at - election.opens_at
    now = utc_now()
    still_open = election.closes_at > now
    fresh = Election(
        **{name: getattr(election, name) for name in COPIED},
        opens_at=election.opens_at if still_open else now,
        closes_at=election.closes_at if still_open else now + duration,
        previous_round_id=election.id,
    )
    db.session.add(fresh)
    db.session.flush()
    membership.copy_list(election, fresh)
    # Who could vote in the round before can in this one, enrolled or not.
    fresh.opens_without_faces = True
    copy_choices(election, fresh)
    copy_roll(election, fresh)
    return fresh
