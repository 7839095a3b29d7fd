"""Which tables hold something of a voter, how the voter is found there, and what is left out of a copy of it.

A test compares this with the tables: whatever points at a voter, or may hold one's address, is named here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from models import (
    AttendanceAttempt,
    AttendanceRecord,
    AuditLog,
    AuthEvent,
    BallotPass,
    Challenge,
    Consent,
    Device,
    DeviceResetRequest,
    DuplicateFlag,
    EmailMessage,
    FaceMean,
    GroupMember,
    HeadSubscription,
    IdentityCheck,
    ImportRow,
    NotMeReport,
    OneTimeCode,
    PasswordReset,
    PresenceFlag,
    RecordedChoice,
    Registration,
    RehearsalAnswer,
    RollEntry,
    Vote,
    Voter,
    VoterDevice,
    VoterFace,
    VoterSession,
    VotingToken,
)

STAFF = "names a member of staff"
SECRET = "proves something to this system; whoever has it could pass for the voter"  # noqa: S105 (a reason)
OTHERS = "is about somebody else"
INNER = "serves the computation only"


@dataclass(frozen=True)
class Holding:
    """One table: `mine` finds the voter's rows; `left_out` gives a reason for each column that no copy holds."""

    model: Any
    mine: Any
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)

    def where(self, voter: Voter) -> ColumnElement[bool]:
        """Return the condition that finds the voter's rows."""
        found: ColumnElement[bool] = self.mine(voter)
        return found


def _by_voter(model: Any, **left_out: str) -> Holding:
    return Holding(model, lambda voter: model.voter_id == voter.id, left_out)


def _address(column: Any, voter: Voter) -> ColumnElement[bool]:
    return func.lower(column) == (voter.email or "").lower()


def _records(voter: Voter) -> Any:
    return select(AttendanceRecord.id).where(AttendanceRecord.voter_id == voter.id)


HOLDINGS: tuple[Holding, ...] = (
    Holding(Voter, lambda voter: Voter.id == voter.id, {"password_hash": SECRET, "search": INNER}),
    _by_voter(Consent),
    _by_voter(VoterFace, encoding="is copied as numbers, in `faces`"),
    _by_voter(FaceMean, encoding="is the mean of the numbers in `faces`", version=INNER),
    Holding(
        DuplicateFlag,
        lambda voter: or_(DuplicateFlag.voter_id == voter.id, DuplicateFlag.other_id == voter.id),
        {"voter_id": OTHERS, "other_id": OTHERS, "distance": OTHERS, "judged_by": STAFF, "note": OTHERS},
    ),
    _by_voter(RollEntry),
    _by_voter(Vote, idempotency_hash=SECRET),
    Holding(
        RecordedChoice,
        lambda voter: RecordedChoice.vote_id.in_(select(Vote.id).where(Vote.voter_id == voter.id)),
    ),
    _by_voter(AuthEvent, officer_id=STAFF, second_officer_id=STAFF, reviewed_by=STAFF, liveness=INNER),
    _by_voter(Challenge, nonce=SECRET, state=INNER),
    _by_voter(BallotPass),
    _by_voter(VotingToken, token_hash=SECRET),
    Holding(
        EmailMessage,
        lambda voter: or_(EmailMessage.voter_id == voter.id, _address(EmailMessage.recipient, voter)),
        {"body": SECRET, "attachment_path": OTHERS, "dedupe_key": INNER, "last_error": INNER},
    ),
    _by_voter(NotMeReport, settled_by=STAFF),
    _by_voter(RehearsalAnswer),
    Holding(
        Registration,
        lambda voter: _address(Registration.email, voter),
        {"password_hash": SECRET, "encoding": "is made from the picture", "quality": INNER},
    ),
    Holding(
        OneTimeCode,
        lambda voter: or_(OneTimeCode.voter_id == voter.id, _address(OneTimeCode.email, voter)),
        {"ticket_hash": SECRET, "code_hash": SECRET},
    ),
    _by_voter(VoterSession, token_hash=SECRET),
    _by_voter(VoterDevice, token_hash=SECRET),
    _by_voter(PasswordReset, token_hash=SECRET),
    _by_voter(IdentityCheck, state=INNER),
    _by_voter(GroupMember),
    _by_voter(Device, fingerprint=SECRET, public_key=SECRET),
    Holding(
        DeviceResetRequest,
        lambda voter: DeviceResetRequest.device_id.in_(select(Device.id).where(Device.voter_id == voter.id)),
        {"decided_by": STAFF},
    ),
    _by_voter(AttendanceAttempt, nonce=SECRET, state=INNER, flags=INNER, room_path=OTHERS, selfie_hash=INNER,
              room_hash=INNER),
    _by_voter(AttendanceRecord, entered_by=STAFF, reviewed_by=STAFF, room_path=OTHERS, selfie_hash=INNER,
              room_hash=INNER),
    Holding(PresenceFlag, lambda voter: PresenceFlag.record_id.in_(_records(voter)), {"evidence": OTHERS}),
    Holding(ImportRow, lambda voter: or_(ImportRow.voter_id == voter.id, ImportRow.number == voter.voter_id)),
    Holding(HeadSubscription, lambda voter: _address(HeadSubscription.email, voter), {"token_hash": SECRET}),
    Holding(
        AuditLog,
        lambda voter: AuditLog.details["voter_number"].astext == voter.voter_id,
        {"actor": STAFF, "details": "may name others; the kind and the time say what happened", "row_hash": INNER},
    ),
)  # fmt: skip
"""In the order in which a copy tells them."""
