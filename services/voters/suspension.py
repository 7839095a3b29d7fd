"""Suspending a voter, and lifting it: with a reason, which stands in the audit log with the state before and after."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import exists, select

from models import Election, ElectionStatus, RollEntry, Voter, VoterStatus, db
from services import audit_logger
from services.actor import Actor
from services.errors import Conflict, NotFound, ValidationFailed

MAX_REASON = 500
"""Characters of a reason."""


def refuse_on_open_roll(voter: Voter) -> None:
    """Raise Conflict for a voter on the roll of an open election: there a second person confirms each change."""
    if on_open_roll(voter):
        raise Conflict(_("This voter is on the roll of an open election. Ask for it on the page Roll."))


def hold_drafts_of(voter: Voter) -> None:
    """Let no draft on whose roll the voter stands open before this transaction ends."""
    stands = exists().where(RollEntry.voter_id == voter.id, RollEntry.election_id == Election.id)
    drafts = select(Election.id).where(stands, Election.status == ElectionStatus.DRAFT).order_by(Election.id)
    db.session.execute(drafts.with_for_update(read=True))


def check_reason(reason: str) -> str:
    """Return the reason on one line; raises ValidationFailed when there is none."""
    words = " ".join(reason.split())[:MAX_REASON]
    if not any(character.isalnum() for character in words):
        raise ValidationFailed(fields={"reason": _("Give a reason. It stands in the audit log.")})
    return words


def on_open_roll(voter: Voter) -> bool:
    """Tell whether the voter stands on the roll of an election that is open."""
    active = Election.status == ElectionStatus.ACTIVE
    entry = exists().where(RollEntry.voter_id == voter.id, RollEntry.election_id == Election.id, active)
    return bool(db.session.scalar(select(entry)))


def set_suspended(voter_id: int, suspended: bool, reason: str, actor: Actor) -> Voter:
    """Suspend a voter, who can then vote nowhere, or lift the suspension.

    Raises NotFound, ValidationFailed without a reason, Conflict when nothing would change.
    """
    words = check_reason(reason)
    # Not a lock of the key: what refers to the voter (the mail of a cast) would wait for it, and it for the cast.
    voter = db.session.get(Voter, voter_id, with_for_update={"key_share": True}, populate_existing=True)
    if voter is None:
        raise NotFound(_("There is no such voter."))
    wanted = VoterStatus.SUSPENDED if suspended else VoterStatus.VERIFIED
    if (voter.status is VoterStatus.SUSPENDED) is suspended:
        raise Conflict(_("This voter is suspended already.") if suspended else _("This voter is not suspended."))
    before, voter.status = voter.status, wanted
    db.session.flush()
    act = "suspended" if suspended else "suspension_lifted"
    audit_logger.record(
        f"staff:voter:{act}", actor, voter_number=voter.voter_id, before=before.value, after=wanted.value, reason=words
    )
    return voter
