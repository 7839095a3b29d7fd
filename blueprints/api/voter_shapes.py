"""Voters and roll entries as the API takes and gives them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from blueprints.api.election_shapes import Number
from blueprints.api.shapes import TEXT, Shape, Text
from models import Gender, RollEntry, Voter, VoterStatus
from services.clock import utc_now
from services.rolls import MOST_AT_ONCE, RollAct
from services.voters import MAX_REASON, PAGE_SIZE, VoterEntries, VoterPage, VoterQuery

MOST_IDS = 1000
"""Voters in one request: twenty pages of the list."""
Words = Annotated[str, StringConstraints(max_length=100, pattern=TEXT)]
Page = Annotated[int, Field(ge=1, le=100_000)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=MAX_REASON, pattern=TEXT)]
Ids = Annotated[list[Number], Field(max_length=MOST_IDS)]
Some = Annotated[list[Number], Field(min_length=1, max_length=MOST_IDS)]
CLEARED_BY_NULL = frozenset({"dob", "email", "phone"})


class VoterChange(Shape):
    """What is absent stays as it is; null clears dob, email and phone. `elections`: the open rolls to be on."""

    name: Text | None = None
    voter_id: Annotated[str, StringConstraints(max_length=40, pattern=TEXT)] | None = None
    dob: date | None = None
    gender: Gender | None = None
    email: Text | None = None
    phone: Text | None = None
    status: VoterStatus | None = None
    elections: Ids | None = None

    def entries(self) -> VoterEntries:
        """Return what was named, as the service takes it."""
        named: dict[str, Any] = {}
        for name in self.model_fields_set - {"elections"}:
            value = getattr(self, name)
            if value is not None or name in CLEARED_BY_NULL:
                named[name] = "" if value is None else str(value)
        chosen = None if self.elections is None else frozenset(self.elections)
        return VoterEntries(**named, elections=chosen)


class NewVoter(VoterChange):
    """A voter; without `voter_id` a new number is drawn."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=254, pattern=TEXT)]


class OneVoter(Shape):
    """A voter of the register; `id` is the number in addresses, `voter_id` the one that the voter knows."""

    id: int
    voter_id: str
    name: str
    dob: date | None
    gender: Gender
    email: str | None
    phone: str | None
    status: VoterStatus
    created_at: datetime
    updated_at: datetime


class ListedVoter(OneVoter):
    """A line of a list. `has_voted` is null for who is not on the roll of the election asked for."""

    pictures: int
    has_voted: bool | None


class OnRoll(Shape):
    """A roll that the voter stands on."""

    election_id: int
    title: str
    has_voted: bool


class VoterDetail(OneVoter):
    """A voter, the number of enrolled pictures, and the rolls that you may see."""

    age: int | None
    pictures: int
    elections: list[OnRoll]


class VoterList(Shape):
    """A page of voters; with `more` there are more hits than `total`."""

    voters: list[ListedVoter]
    total: int
    more: bool
    page: int
    pages: int
    per_page: int


class RollCounts(Shape):
    """Numbers of voters of one roll."""

    on_roll: int
    voted: int
    suspended: int


class RollPage(VoterList):
    """A page of the electoral roll of one election."""

    election_id: int
    counts: RollCounts


class ListQuery(Shape):
    """`q`: beginnings of words of number, name or e-mail address."""

    q: Words = ""
    status: VoterStatus | None = None
    sort: Literal["voter_id", "name"] = "voter_id"
    order: Literal["asc", "desc"] = "asc"
    page: Page = 1

    def wanted(self, **more: Any) -> VoterQuery:
        """Return the question as the service takes it."""
        return VoterQuery(
            text=self.q.strip(), status=self.status, sort=self.sort, descending=self.order == "desc", page=self.page,
            **more,
        )  # fmt: skip


class VoterListQuery(ListQuery):
    """`pictures=few`: who has fewer than three enrolled pictures."""

    pictures: Literal["few"] | None = None


class RollQuery(ListQuery):
    """`show=off`: who is not on the roll. `voted`: only those who have voted, or have not."""

    show: Literal["on", "off"] = "on"
    voted: Literal["yes", "no"] | None = None


class Suspension(Shape):
    """`suspend`, or `lift`. The reason stands in the audit log."""

    change: Literal["suspend", "lift"]
    reason: Reason


class RollAddition(Shape):
    """Voters by number, or all members of groups."""

    voters: Ids = []
    groups: Ids = []


class RollRemoval(Shape):
    """Voters to take off the roll of a draft; who has voted stays."""

    voters: Some
    reason: Reason


class RollChanged(Shape):
    """What it did: `changed` voters came or went, `kept` have voted and stay."""

    changed: int
    kept: int
    on_roll: int


class OpenRollChange(Shape):
    """A change of an open election's roll, which a second person confirms."""

    change: RollAct
    voters: Annotated[list[Number], Field(min_length=1, max_length=MOST_AT_ONCE)]


def voter_of(found: Voter) -> dict[str, Any]:
    """Return the fields of a voter."""
    return {name: getattr(found, name) for name in OneVoter.model_fields}


def detail_of(found: Voter, entries: list[RollEntry]) -> VoterDetail:
    """Return a voter with the rolls in `entries`."""
    rolls = [OnRoll(election_id=one.election_id, title=one.election.title, has_voted=one.has_voted) for one in entries]
    return VoterDetail(
        **voter_of(found), age=found.age_on(utc_now().date()), pictures=len(found.faces), elections=rolls
    )


def page_of(found: VoterPage) -> dict[str, Any]:
    """Return the fields of a page of voters."""
    rows = [ListedVoter(**voter_of(row.voter), pictures=row.pictures, has_voted=row.has_voted) for row in found.rows]
    return {
        "voters": rows, "total": found.total, "more": found.capped, "page": found.page, "pages": found.pages,
        "per_page": PAGE_SIZE,
    }  # fmt: skip
