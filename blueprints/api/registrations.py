"""Voters who registered by themselves: who waits, who they may be, and the decision."""

from __future__ import annotations

from datetime import date, datetime

from flask import Response

from blueprints.api import bp
from blueprints.api.election_shapes import Number
from blueprints.api.operations import documented
from blueprints.api.shapes import Done, Shape
from blueprints.api.voter_shapes import Page, Reason, VoterDetail, detail_of
from blueprints.http import current_actor, public_address
from blueprints.policy import requires
from models import Registration, transaction
from services import voter_accounts, voters
from services.security import Permission
from services.voter_accounts import Match

GROUP = "Registrations"
JPEG = "image/jpeg"


class OneRegistration(Shape):
    """What somebody said who registered, and whose address is confirmed."""

    id: int
    name: str
    dob: date
    email: str
    voter_id: str | None
    confirmed_at: datetime | None


class RegistrationQuery(Shape):
    """The page; one beyond the last is the last."""

    page: Page = 1


class Registrations(Shape):
    """Who waits, the longest first."""

    registrations: list[OneRegistration]
    total: int
    page: int
    pages: int


class LikelyVoter(Shape):
    """A voter who may be the person: which entries are the `same`, which `differs`. `face`: the enrolled one is the
    photo's, null where there is none; `may_link`: the account can be opened for this voter."""

    id: int
    voter_id: str
    name: str
    same: list[str]
    differs: list[str]
    face: bool | None
    distance: float | None
    may_link: bool


class RegistrationDetail(OneRegistration):
    """A registration, and the voters of the register who may be the person."""

    matches: list[LikelyVoter]


class Approve(Shape):
    """For this voter of the register; null for a new one."""

    voter: Number | None


class RefuseRegistration(Shape):
    """Why. The person gets it by mail."""

    reason: Reason


@bp.get("/registrations")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, Registrations, query=RegistrationQuery)
def list_registrations(query: RegistrationQuery) -> Registrations:
    """List the registrations that wait for a decision."""
    found = voter_accounts.waiting(query.page)
    rows = [OneRegistration(**_fields(row)) for row in found.rows]
    return Registrations(registrations=rows, total=found.total, page=found.page, pages=found.pages)


@bp.get("/registrations/<int:registration_id>")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, RegistrationDetail)
def get_registration(registration_id: int) -> RegistrationDetail:
    """Show a registration against the register of voters and all enrolled faces."""
    row = voter_accounts.find_registration(registration_id)
    return RegistrationDetail(**_fields(row), matches=[_match(one) for one in voter_accounts.matches(row)])


@bp.get("/registrations/<int:registration_id>/photo")
@requires(Permission.VIEW_EVIDENCE)
@documented(GROUP, JPEG, refuses=(410,))
def registration_photo(registration_id: int) -> Response:
    """Send the photo. Each look stands in the audit log."""
    with transaction():
        content = voter_accounts.photo(voter_accounts.find_registration(registration_id), current_actor())
    return Response(content, mimetype=JPEG)


@bp.post("/registrations/<int:registration_id>/approve")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, VoterDetail, Approve, refuses=(409,))
def approve_registration(registration_id: int, body: Approve) -> VoterDetail:
    """Open the account. A mail tells the person."""
    actor = current_actor()
    with transaction():
        voter = voter_accounts.approve(registration_id, body.voter, actor, public_address("voter.login"))
    return detail_of(voter, voters.roll_entries_of(voter, actor))


@bp.post("/registrations/<int:registration_id>/refuse")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, Done, RefuseRegistration)
def refuse_registration(registration_id: int, body: RefuseRegistration) -> Done:
    """Refuse with a reason, which is mailed. Entries and photo are deleted."""
    with transaction():
        voter_accounts.refuse(registration_id, body.reason, current_actor(), public_address("voter.register"))
    return Done()


def _fields(row: Registration) -> dict[str, object]:
    same = {name: getattr(row, name) for name in ("id", "name", "dob", "email", "confirmed_at")}
    return same | {"voter_id": row.voter_number}


def _match(match: Match) -> LikelyVoter:
    voter = match.voter
    return LikelyVoter(
        id=voter.id, voter_id=voter.voter_id, name=voter.name, same=list(match.same), differs=sorted(match.differs),
        face=match.face, distance=None if match.distance is None else round(match.distance, 2), may_link=match.may_link,
    )  # fmt: skip
