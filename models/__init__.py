"""All tables, so that one import knows the whole schema."""

from models.audit import AuditLog
from models.ballots import (
    Ballot,
    BallotReceipt,
    BoxBallot,
    RecordedChoice,
    SealBatch,
    SealBatchMember,
    SpoiledBallot,
    Tally,
    Vote,
)
from models.base import db, transaction, use_role
from models.booth import AuthEvent, AuthMethod, AuthResult, BallotPass, Challenge, Kiosk, Review
from models.elections import (
    Candidate,
    Channel,
    Election,
    ElectionStaff,
    ElectionStatus,
    Method,
    Party,
    ResultsPolicy,
    RollEntry,
    Secrecy,
)
from models.installation import InstallationKey, RateLimitHit
from models.mail import EmailMessage, MailStatus
from models.staff import LoginFailure, StaffRole, StaffSession, StaffUser
from models.voters import MAX_FACES, Consent, Gender, Group, GroupMember, Voter, VoterFace, VoterStatus

__all__ = [
    "MAX_FACES",
    "AuditLog",
    "AuthEvent",
    "AuthMethod",
    "AuthResult",
    "Ballot",
    "BallotPass",
    "BallotReceipt",
    "BoxBallot",
    "Candidate",
    "Challenge",
    "Channel",
    "Consent",
    "Election",
    "ElectionStaff",
    "ElectionStatus",
    "EmailMessage",
    "Gender",
    "Group",
    "GroupMember",
    "InstallationKey",
    "Kiosk",
    "LoginFailure",
    "MailStatus",
    "Method",
    "Party",
    "RateLimitHit",
    "RecordedChoice",
    "ResultsPolicy",
    "Review",
    "RollEntry",
    "SealBatch",
    "SealBatchMember",
    "Secrecy",
    "SpoiledBallot",
    "StaffRole",
    "StaffSession",
    "StaffUser",
    "Tally",
    "Vote",
    "Voter",
    "VoterFace",
    "VoterStatus",
    "db",
    "transaction",
    "use_role",
]
