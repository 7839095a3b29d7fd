"""Roll, votes, box and audit log of one election against each other."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select, exists, func, select, text

from models import AuditLog, Election, ElectionExtension, ElectionStatus, HeadKind, RollEntry, SignedHead, Vote, db
from services.verification.findings import many

CASTS = ("kiosk:vote:cast", "voter:vote:cast")
"""At a booth; by link, in the account, through the API."""
EXTENDED = "staff:election:extended"


def book_problems(election: Election) -> Iterator[str]:
    """Yield a sentence for each thing of roll, votes, box and audit log that does not fit the others."""
    votes, box, sealed, spoiled = db.session.execute(
        text("SELECT votes, box, ballots, spoiled FROM ballot_counts(:election)"), {"election": election.id}
    ).one()
    if election.is_secret and votes != box + sealed + spoiled:
        votes_and_box = many(votes, "vote", "votes"), many(box, "ballot", "ballots")
        yield f"{votes_and_box[0]}, but {votes_and_box[1]} in the box, {sealed} sealed and {spoiled} spoiled."
    if spoiled:
        yield f"{many(spoiled, 'ballot was', 'ballots were')} set aside: not made by this installation, or made twice."
    yield from _roll_problems(election)
    yield from _audit_problems(election)
    yield from _state_problems(election)
    yield from _extension_problems(election)


def votes_of(election: Election) -> int:
    """Return how many votes are stored."""
    return db.session.scalar(select(func.count()).where(Vote.election_id == election.id)) or 0


def _roll_problems(election: Election) -> Iterator[str]:
    mine = RollEntry.election_id == election.id
    voted = exists().where(Vote.election_id == RollEntry.election_id, Vote.voter_id == RollEntry.voter_id)
    for which, words in (
        (RollEntry.has_voted & ~voted, "marked as having voted, without a vote"),
        (~RollEntry.has_voted & voted, "with a vote, not marked as having voted"),
    ):
        if number := db.session.scalar(select(func.count()).select_from(RollEntry).where(mine, which)):
            yield f"{many(number, 'voter', 'voters')} on the roll {words}."


def _audit_problems(election: Election) -> Iterator[str]:
    """Every vote has its row in the audit log, and every such row its vote."""
    reported = select(AuditLog.details["audit_ref"].astext).where(
        AuditLog.event_type.in_(CASTS), AuditLog.election_id == election.id
    )
    stored = select(Vote.audit_ref).where(Vote.election_id == election.id)
    if number := _difference(stored, reported):
        yield f"{many(number, 'vote is', 'votes are')} not in the audit log."
    if number := _difference(reported, stored):
        yield f"{many(number, 'vote of the audit log is', 'votes of the audit log are')} missing."


def _difference(these: Select[str], those: Select[str]) -> int:
    """Count what is in the first and not in the second; EXCEPT sorts or hashes, whatever their size."""
    return db.session.scalar(select(func.count()).select_from(these.except_(those).subquery())) or 0


def _state_problems(election: Election) -> Iterator[str]:
    if election.status is not ElectionStatus.ACTIVE:
        return
    closing = exists().where(
        SignedHead.election_id == election.id, SignedHead.kind == HeadKind.BALLOTS, SignedHead.closing
    )
    if election.closed_at is not None or db.session.scalar(select(closing)):
        yield "It was closed, and is open again."


def _extension_problems(election: Election) -> Iterator[str]:
    """Signatures cannot show that the newest addendum was dropped together with its time; the audit log can."""
    reported = db.session.scalar(
        select(func.count()).where(AuditLog.event_type == EXTENDED, AuditLog.election_id == election.id)
    )
    signed = db.session.scalar(select(func.count()).where(ElectionExtension.election_id == election.id))
    if (reported or 0) != (signed or 0):
        yield f"{many(signed or 0, 'extension is', 'extensions are')} signed, the audit log has {reported}."
