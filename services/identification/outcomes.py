"""What identification answers: codes and facts. The words for them belong to the page (blueprints/poll/words.py)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import lazy_gettext as N_

from models import AuthResult, Challenge, Voter
from services.errors import Conflict, NotFound


class LookupReason(enum.StrEnum):
    """Why a voter ID may go on to the camera, or not."""

    ELIGIBLE = "eligible"
    TYPING_SLIP = "typing_slip"
    UNKNOWN_NUMBER = "unknown_number"
    NOT_ON_ROLL = "not_on_roll"
    ALREADY_VOTED = "already_voted"
    SUSPENDED = "suspended"
    NOT_ENROLLED = "not_enrolled"
    NO_CONSENT = "no_consent"
    NOT_OPEN_YET = "not_open_yet"
    CLOSED = "closed"
    OFFICER_NEEDED = "officer_needed"
    ABSENT = "absent"
    NO_QUORUM = "no_quorum"


OFFICER_HELPS = frozenset(
    {LookupReason.SUSPENDED, LookupReason.NOT_ENROLLED, LookupReason.NO_CONSENT, LookupReason.OFFICER_NEEDED}
)
BY_DOCUMENT = (OFFICER_HELPS - {LookupReason.SUSPENDED}) | {LookupReason.ELIGIBLE}
ON_ROLL = OFFICER_HELPS | {
    LookupReason.ELIGIBLE, LookupReason.ALREADY_VOTED, LookupReason.ABSENT, LookupReason.NO_QUORUM,
}  # fmt: skip


@dataclass(frozen=True)
class VoterLookup:
    """What a typed voter ID led to; `voter_number` is canonical, or the text as typed when nobody has it.

    `just_voted`: at a booth, so short a time ago that the receipt may never have been seen.
    """

    reason: LookupReason
    voter_number: str
    voter: Voter | None = None
    masked_name: str | None = None
    voted_at: datetime | None = None
    just_voted: bool = False

    @property
    def found(self) -> bool:
        """Tell whether this voter is on the electoral roll of the kiosk's election."""
        return self.reason in ON_ROLL

    @property
    def eligible(self) -> bool:
        return self.reason is LookupReason.ELIGIBLE

    @property
    def has_voted(self) -> bool:
        return self.reason is LookupReason.ALREADY_VOTED

    @property
    def officer(self) -> bool:
        """Tell whether the way on is the officer and an identity document."""
        return self.reason in OFFICER_HELPS

    @property
    def by_document(self) -> bool:
        """Tell whether staff may identify this voter by document: failures before the camera do not count here."""
        return self.reason in BY_DOCUMENT


@dataclass(frozen=True)
class Start:
    """The answer to a typed voter ID: the lookup, and the challenge when the voter may go on."""

    lookup: VoterLookup
    challenge: Challenge | None = None
    tries_left: int = 0


@dataclass(frozen=True)
class Pending:
    """The challenge goes on: `steps_done` of its movements are proven, `demand` is what is asked now.

    `demand` is straight, left, right, blink or nod; `advice` is a code of face_service.ADVICE.
    """

    steps_done: int
    demand: str | None
    advice: str | None
    seconds_left: int


@dataclass(frozen=True)
class Verdict:
    """A finished attempt. `reasons` are codes, the deciding one first; `distance` has two decimals."""

    result: AuthResult
    distance: float | None = None
    confidence: float | None = None
    live: bool = False
    reasons: tuple[str, ...] = field(default=())
    tries_left: int = 0
    officer: bool = False


@dataclass(frozen=True)
class CameraChanged:
    """The challenge ended because another camera appeared; it is used up, and a fresh one may be asked for."""

    tries_left: int
    officer: bool


@dataclass(frozen=True)
class Interrupted:
    """The frames stopped on the way; what was filmed before proves nothing, and the page asks for a challenge anew.

    Before the first movement the challenge is untouched and is given again; after it, it is used up.
    """

    tries_left: int
    officer: bool


class ChallengeUnknown(NotFound):
    """No such challenge at this kiosk."""

    code = "challenge_unknown"
    message = N_("This check is not known at this booth. Start again.")


class ChallengeOver(Conflict):
    """The challenge was used before, or its time is over."""

    code = "challenge_over"
    message = N_("The time for this check is over. Start again.")


class NoPass(Conflict):
    """There is no open ballot at this kiosk."""

    code = "no_ballot_open"
    message = N_("No ballot is open. Type your voter ID to start.")
