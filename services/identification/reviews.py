"""Somebody looks at an attempt again: confirms it or rejects it, with a note; and what that means for the result.

A judgement changes no vote. A secret ballot cannot be taken out again, and must not be: the attempt says who took
part, never what was chosen. A rejected identification is reported beside the result instead.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import and_, func, select

from models import AuthEvent, BallotPass, Election, Review, StaffUser, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.errors import Conflict, NotFound, ValidationFailed

MAX_NOTE = 500


class ReviewedMeanwhile(Conflict):
    """Somebody else judged this since the page was shown."""

    code = "reviewed_meanwhile"


@dataclass(frozen=True)
class UnderReview:
    """Votes whose voter's identification somebody rejected, and votes where it still waits for a judgement."""

    rejected: int = 0
    waiting: int = 0


def under_review(election: Election) -> UnderReview:
    """Count the election's votes that were cast after an identification now rejected, or not judged yet.

    They are counted like every other vote; the result page, the PDF and the JSON say how many there are.
    """
    cast = and_(
        BallotPass.election_id == AuthEvent.election_id,
        BallotPass.voter_id == AuthEvent.voter_id,
        BallotPass.auth_event_id == AuthEvent.id,
        BallotPass.used_at.is_not(None),
    )
    rows = db.session.execute(
        select(AuthEvent.review, func.count())
        .join(BallotPass, cast)
        .where(AuthEvent.election_id == election.id, AuthEvent.review.in_((Review.PENDING, Review.REJECTED)))
        .group_by(AuthEvent.review)
    )
    counts = {review: int(count) for review, count in rows}
    return UnderReview(counts.get(Review.REJECTED, 0), counts.get(Review.PENDING, 0))


def find_attempt(attempt_id: int) -> AuthEvent:
    """Return an attempt of an election; raises NotFound."""
    event = db.session.get(AuthEvent, attempt_id)
    if event is None or event.election_id is None:
        raise NotFound(_("There is no attempt with this number."))
    return event


def voted_after(event: AuthEvent) -> bool:
    """Tell whether a vote was cast with the ballot that this attempt opened."""
    used = select(BallotPass.id).where(BallotPass.auth_event_id == event.id, BallotPass.used_at.is_not(None))
    return db.session.scalar(used.limit(1)) is not None


def judge(attempt_id: int, decision: str, note: str, seen: str, actor: Actor) -> AuthEvent:
    """Confirm or reject an attempt; `seen` is the `review_mark` of what the reviewer looked at.

    A judgement may be changed; the audit log keeps the earlier ones. Raises NotFound, ValidationFailed without a
    decision, or without the note that a rejection and a change of mind need, and ReviewedMeanwhile.
    """
    event = db.session.get(AuthEvent, attempt_id, with_for_update=True, populate_existing=True)
    if event is None or event.election_id is None:
        raise NotFound(_("There is no attempt with this number."))
    if seen != event.review_mark:
        raise _meanwhile(event)
    before = event.review
    review = _checked(decision, note, changed=before in (Review.CONFIRMED, Review.REJECTED))
    event.review, event.review_note = review, note or None
    event.reviewed_by, event.reviewed_at = actor.id, utc_now()
    audit_logger.record(
        f"staff:attempt:{review.value}", actor, election_id=event.election_id, subject_id=event.id,
        voter_number=event.voter_id_input, before=before.value if before else "", after=review.value, reason=note,
    )  # fmt: skip
    db.session.flush()
    return event


def _checked(decision: str, note: str, changed: bool) -> Review:
    if decision not in (Review.CONFIRMED, Review.REJECTED):
        raise ValidationFailed(fields={"decision": _("Choose one of the two.")})
    if not note and (changed or decision == Review.REJECTED):
        words = _("Say why the judgement changes.") if changed else _("Say what speaks against it.")
        raise ValidationFailed(fields={"note": words})
    return Review(decision)


def _meanwhile(event: AuthEvent) -> ReviewedMeanwhile:
    who = db.session.get(StaffUser, event.reviewed_by) if event.reviewed_by else None
    words = _("This attempt changed since you opened it. Look at it again.")
    if who is not None and event.review is Review.CONFIRMED:
        words = _("%(name)s confirmed this attempt meanwhile. Look at it again.", name=who.username)
    elif who is not None:
        words = _("%(name)s rejected this attempt meanwhile. Look at it again.", name=who.username)
    return ReviewedMeanwhile(words)
