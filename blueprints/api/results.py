"""Results for everybody, as the policy of each election allows; and a voter's own elections."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask import g

from blueprints import limits
from blueprints.api import bp
from blueprints.api.operations import documented
from blueprints.api.shapes import Shape, Text
from blueprints.from_replica import from_replica
from blueprints.policy import public, requires
from models import Election
from services import elections, voter_accounts
from services.ballots import check_signed_receipt, is_counted
from services.clock import utc_now
from services.errors import Conflict
from services.results import receipts_listed, result_of
from services.security import Permission
from services.voter_accounts import Stage

GROUP = "Results"


class Line(Shape):
    """A candidate's votes; None while they are sealed. `share` is the percentage of the counted ballots."""

    candidate_id: int
    name: str
    party: str
    count: int | None
    share: float | None
    winner: bool


class OneResult(Shape):
    """What anybody may see now. `note` says in words why counts are missing, or what is undecided."""

    title: str
    status: str
    secret: bool
    final: bool
    voted: int
    on_roll: int
    lines: list[Line]
    nota: int | None
    total: int | None
    winners: list[str]
    tie: list[str]
    note: str
    fingerprint: str


class TypedReceipt(Shape):
    """The receipt code of a cast, or the signed receipt of its QR code (SVR1:…)."""

    receipt: Text


class Counted(Shape):
    """Whether a ballot with this code was counted. Of a signed receipt also whether its signature fits (`genuine`) and
    whether it is of this election (`ours`); `counted` is null until the receipts are listed."""

    counted: bool | None
    genuine: bool | None = None
    ours: bool | None = None


class OwnElection(Shape):
    """An election on whose roll you stand; `here`: you can vote in it over the account."""

    public_id: uuid.UUID
    title: str
    stage: Stage
    here: bool
    opens_at: datetime
    closes_at: datetime
    voted_at: datetime | None


class OwnElections(Shape):
    """Your elections: to vote in first, then those to come, then the newest of those over."""

    elections: list[OwnElection]


@bp.get("/results/<uuid:public_id>")
@public
@documented(GROUP, OneResult)
@from_replica
def election_result(public_id: uuid.UUID) -> OneResult:
    """Show the result of an election that was opened."""
    found = _published(public_id)
    result = result_of(found, utc_now())
    names = ("candidate_id", "name", "party", "count", "share", "winner")
    same = ("title", "status", "secret", "final", "total", "winners", "tie", "note", "fingerprint")
    return OneResult(
        **{name: getattr(result, name) for name in same}, voted=result.turnout.voted, on_roll=result.turnout.on_roll,
        lines=[Line(**{name: getattr(row, name) for name in names}) for row in result.rows], nota=result.nota.count,
    )  # fmt: skip


@bp.post("/results/<uuid:public_id>/receipt")
@public
@limits.limiter.limit(limits.RECEIPTS, key_func=limits.api_address_key)
@documented(GROUP, Counted, TypedReceipt, refuses=(409,))
def check_receipt(public_id: uuid.UUID, body: TypedReceipt) -> Counted:
    """Say whether the ballot of a receipt was counted, and whether a signed receipt is genuine."""
    found = _published(public_id)
    listed = receipts_listed(found)
    if ":" in body.receipt:
        signed = check_signed_receipt(found, body.receipt)
        return Counted(counted=signed.counted if listed else None, genuine=signed.genuine, ours=signed.ours)
    if not listed:
        raise Conflict()
    return Counted(counted=is_counted(found, body.receipt))


@bp.get("/me/elections")
@requires(Permission.OWN_VOTES)
@documented("Voting in the account", OwnElections)
def own_elections() -> OwnElections:
    """List the elections on whose roll you stand."""
    found = voter_accounts.own_elections(g.principal.id)
    return OwnElections(
        elections=[
            OwnElection(
                public_id=one.election.public_id, title=one.election.title, stage=one.stage, here=one.here,
                opens_at=one.election.opens_at, closes_at=one.election.closes_at, voted_at=one.voted_at,
            )
            for one in found
        ]
    )  # fmt: skip


def _published(public_id: uuid.UUID) -> Election:
    return elections.published_election(public_id)
