"""Attempts of every kind for the pages that review them."""

from __future__ import annotations

from datetime import timedelta

from models import AuthEvent, AuthMethod, AuthResult, DocumentKind, Election, Review, StaffRole, db
from services import elections, face_erasure, same_face
from services.actor import SYSTEM, Actor
from services.clock import utc_now
from tests import factories
from tests.services.identification import acting
from tests.support import booth_states
from tests.support.checkins import make_booth, new_voter

WHY = "Bandage over one eye, identity card looked at by both"


def fill(election: Election) -> None:
    """Give the election an attempt by document that waits, one that was judged, and what the booths have."""
    booth_states.fill(election)
    officer, second = (factories.StaffUserFactory(role=StaffRole.OFFICER) for _number in range(2))
    kiosk, voter = make_booth(election).kiosk, new_voter(election)
    common = {
        "election_id": election.id, "kiosk_id": kiosk.id, "voter_id": voter.id, "voter_id_input": voter.voter_id,
    }  # fmt: skip
    rejected = AuthEvent(
        **common, result=AuthResult.SUCCESS, reason="identified", distance=0.4871, review=Review.REJECTED,
        reviewed_by=second.id, reviewed_at=utc_now(), review_note="The officer saw the brother at the booth",
        created_at=utc_now() - timedelta(hours=2),
        liveness={"steps": ["left", "blink", "right"], "status": "passed", "position": 4, "reasons": ["weak_binding"]},
    )  # fmt: skip
    waiting = AuthEvent(
        **common, result=AuthResult.SUCCESS, reason="document", method=AuthMethod.DOCUMENT, review=Review.PENDING,
        document=DocumentKind.IDENTITY_CARD, officer_id=officer.id, second_officer_id=second.id, note=WHY,
    )  # fmt: skip
    db.session.add_all([rejected, waiting])
    db.session.commit()


def fill_flags(election: Election) -> None:
    """Enrol one face under two names and flag it."""
    db.session.rollback()
    if same_face.waiting_count():
        return
    first, second = new_voter(election), new_voter(election)
    for voter in (first, second):
        acting.enrol(voter, 31)
    same_face.look_for(second, SYSTEM)
    db.session.commit()


def fill_ended() -> None:
    """Let an election end whose voter has an enrolled face, and erase another's before."""
    election = factories.make_open_election(voters=1)
    acting.enrol(acting.only_voter(election), 33)
    elections.close_election(election, SYSTEM)
    face_erasure.erase_now("The club asked for it", Actor("admin", 1, "maria.keller"))
    later = factories.make_open_election(voters=1)
    acting.enrol(acting.only_voter(later), 35)
    elections.close_election(later, SYSTEM)
    db.session.commit()
