"""Attempts of every kind for the pages that review them."""

from __future__ import annotations

from datetime import timedelta

from models import AuthEvent, AuthMethod, AuthResult, DocumentKind, Election, Review, StaffRole, db
from services.clock import utc_now
from tests import factories
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
