"""Elections and candidates as the API takes and gives them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from flask_babel import gettext as _
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from blueprints.api.shapes import TEXT, LongText, Shape, Text
from models import (
    Candidate,
    CandidateOrder,
    Channel,
    Election,
    ElectionStatus,
    MajorityKind,
    Method,
    QuorumKind,
    ResultsPolicy,
    Secrecy,
)
from services import elections

Title = Annotated[str, StringConstraints(min_length=1, max_length=elections.MAX_TITLE, pattern=TEXT)]
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _in_utc(moment: datetime) -> datetime:
    """Return the moment in UTC: the offset of another zone may have seconds, which PostgreSQL cannot read."""
    try:
        found = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(_("Send a time of this century.")) from None
    if not EARLIEST <= found < LATEST:
        raise ValueError(_("Send a time of this century."))
    return found


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Small = Annotated[int, Field(ge=1, le=1000)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class QuorumRule(Shape):
    """Who must be present at the meeting, and what majority carries; `number` is for the quorum of this name.

    `abstentions`: they count among the votes cast.
    """

    quorum: QuorumKind = QuorumKind.MORE_THAN_HALF
    number: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    majority: MajorityKind = MajorityKind.SIMPLE
    abstentions: bool = False


class SignedRule(QuorumRule):
    """The rule with what the opening settled: the meeting's title, its members, and how many must be present."""

    motion: bool = False
    meeting: str = ""
    members: int = 0
    needed: int = 0


class ElectionChange(Shape):
    """Settings of a draft; what is absent stays as it is."""

    title: Title | None = None
    description: LongText | None = None
    opens_at: Moment | None = None
    closes_at: Moment | None = None
    method: Method | None = None
    secrecy: Secrecy | None = None
    results_policy: ResultsPolicy | None = None
    seats: Small | None = None
    max_choices: Small | None = None
    live_batch: Annotated[int, Field(ge=50, le=1_000_000)] | None = None
    channels: Annotated[list[Channel], Field(min_length=1, max_length=3)] | None = None
    candidate_order: CandidateOrder | None = None
    opens_without_faces: bool | None = None
    identity_check: bool | None = None
    meeting_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    quorum_rule: QuorumRule | None = None

    def settings(self) -> dict[str, Any]:
        """Return what was named, as the service takes it."""
        named = {name: getattr(self, name) for name in self.model_fields_set}
        emptied = ("live_batch", "meeting_id")
        found = {name: value for name, value in named.items() if value is not None or name in emptied}
        if self.quorum_rule is not None:
            found["quorum_rule"] = self.quorum_rule.model_dump(mode="json")
        return found | ({"channels": tuple(found["channels"])} if "channels" in found else {})


class NewElection(ElectionChange):
    """A draft; what is absent gets the default of the desk's form."""

    title: Title
    opens_at: Moment
    closes_at: Moment


class CopyElection(Shape):
    """What comes along beside settings and candidates."""

    roll: bool = False


class OneElection(Shape):
    """An election; `id` is its number at the desk, `public_id` its name in definitions and public pages."""

    id: int
    public_id: uuid.UUID
    title: str
    description: str
    status: ElectionStatus
    method: Method
    secrecy: Secrecy
    results_policy: ResultsPolicy
    seats: int
    max_choices: int
    channels: list[str]
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None
    opens_by_itself: bool
    meeting_id: int | None
    quorum_rule: SignedRule | None
    present_at_opening: int | None
    present_at_closing: int | None


class Elections(Shape):
    """A page of elections; `total` counts all that were asked for."""

    elections: list[OneElection]
    total: int
    page: int
    per_page: int


class ElectionQuery(Shape):
    """Which elections: `status`, `q` words of the title, and the page."""

    status: ElectionStatus | None = None
    q: Annotated[str, StringConstraints(max_length=100, pattern=TEXT)] = ""
    page: Annotated[int, Field(ge=1, le=100_000)] = 1
    per_page: Annotated[int, Field(ge=1, le=100)] = 50


class CandidateChange(Shape):
    """What is absent stays as it is; party 0 is none."""

    name: Text | None = None
    description: LongText | None = None
    party_id: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    display_order: Annotated[int, Field(ge=0, le=9999)] | None = None


class NewCandidate(CandidateChange):
    """A choice on the ballot, last on it unless a place is given."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=TEXT)]


class OneCandidate(Shape):
    """A choice on the ballot of one election."""

    id: int
    election_id: int
    name: str
    description: str
    party_id: int | None
    display_order: int


class Candidates(Shape):
    """The candidates of one election, in the order of its ballot."""

    candidates: list[OneCandidate]


def election_of(found: Election) -> OneElection:
    """Return an election in the shape of the API."""
    return OneElection(**{name: getattr(found, name) for name in OneElection.model_fields})


def candidate_of(found: Candidate) -> OneCandidate:
    """Return a candidate in the shape of the API."""
    return OneCandidate(**{name: getattr(found, name) for name in OneCandidate.model_fields})
