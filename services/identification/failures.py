"""How often a voter failed in an election: counted from the recorded events, so that no browser can forget it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from models import AuthEvent, AuthMethod, AuthResult, Challenge, db
from services.identification.outcomes import LookupReason

MAX_FAILED_CHALLENGES = 2
"""Strict order leaves a looped film 21 % in two tries (face.md 3.3); then a person looks."""
MAX_FAILURES = 3
MAX_CHALLENGES = 8
"""Challenges drawn for one voter; who asks again and again may be waiting for one that suits a film."""
ALERT_AT_UNKNOWN = 3
CAMERA_CHANGED = "camera_changed"
"""Reason of an attempt that ended because another camera, or another size of picture, appeared on the way."""
INTERRUPTED = "interrupted"
"""Reason of an attempt whose frames stopped on the way: line, server, plug (services.identification.interruptions)."""
FREE_BREAKS: dict[str, int] = {CAMERA_CHANGED: 1, INTERRUPTED: 1}
"""Breaks of each kind that are no failure: a plug that slipped, a line that was down. Whoever breaks the check in the
same way again is counted like everybody who fails. A broken challenge stays among those drawn (`MAX_CHALLENGES`)."""

VOTER_LOCK = 0x564F5445
"""Class of the advisory locks under which one voter's tries are counted."""


@dataclass(frozen=True)
class Failures:
    """Failures of one voter in one election; `challenges_failed` were refused at a movement, not for a bad picture."""

    mismatches: int = 0
    unknowns: int = 0
    challenges_failed: int = 0
    challenges_drawn: int = 0
    camera_changes: int = 0
    interruptions: int = 0

    @property
    def total(self) -> int:
        return self.mismatches + self.unknowns

    @property
    def tries_left(self) -> int:
        """Return how many more failures are allowed before the officer comes."""
        return max(0, min(MAX_FAILURES - self.total, MAX_FAILED_CHALLENGES - self.challenges_failed))

    @property
    def officer_needed(self) -> bool:
        return self.tries_left == 0 or self.challenges_drawn >= MAX_CHALLENGES


def count(election_id: int, voter_id: int) -> Failures:
    """Return the failures so far; refusals at the typing of the voter ID are no failures."""
    rows = db.session.execute(
        select(AuthEvent.result, AuthEvent.reason, AuthEvent.liveness["position"].as_integer())
        .where(
            AuthEvent.election_id == election_id,
            AuthEvent.voter_id == voter_id,
            AuthEvent.method == AuthMethod.FACE,
            AuthEvent.result != AuthResult.SUCCESS,
            AuthEvent.reason.not_in([reason.value for reason in LookupReason]),
        )
        .order_by(AuthEvent.id)
    ).all()
    drawn = select(func.count()).where(Challenge.election_id == election_id, Challenge.voter_id == voter_id)
    broken = {kind: [position for _result, reason, position in rows if reason == kind] for kind in FREE_BREAKS}
    unknown = [
        position for result, reason, position in rows if result is AuthResult.UNKNOWN and reason not in FREE_BREAKS
    ]
    for kind, positions in broken.items():
        unknown += positions[FREE_BREAKS[kind] :]
    return Failures(
        mismatches=sum(result is AuthResult.MISMATCH for result, _reason, _position in rows),
        unknowns=len(unknown),
        challenges_failed=sum(bool(position) for position in unknown),
        challenges_drawn=db.session.scalar(drawn) or 0,
        camera_changes=len(broken[CAMERA_CHANGED]),
        interruptions=len(broken[INTERRUPTED]),
    )


def lock_voter(voter_id: int) -> None:
    """Until the transaction ends nobody else counts or draws for this voter, so that two kiosks share one count."""
    lock_voters((voter_id,))


def lock_voters(voter_ids: Iterable[int]) -> None:
    """Lock several voters, always in the same order: two kiosks with the same voters must not wait for each other.

    Before these come the rows of challenges, after them the rows of passes, and last the audit log, whose chain is
    locked from its first row on.
    """
    for voter_id in sorted(set(voter_ids)):
        db.session.execute(select(func.pg_advisory_xact_lock(VOTER_LOCK, voter_id)))
