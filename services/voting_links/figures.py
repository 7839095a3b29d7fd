"""What the desk shows of an election's links: how many stand where, and the voters one by one."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from models import Election, EmailMessage, MailStatus, RollEntry, Voter, VoterStatus, VotingToken, db
from services.clock import utc_now
from services.elections import roll_size
from services.email_service.problems import in_words
from services.remembered import Remembered

_UNINVITED: Remembered[tuple[int, int]] = Remembered()
UNDELIVERED = (MailStatus.FAILED, MailStatus.BOUNCED)
UNDER_WAY = (MailStatus.QUEUED, MailStatus.SENDING)


class Standing(enum.StrEnum):
    """Where a voter stands; each voter in exactly one, the first that fits."""

    VOTED = "voted"
    NO_EMAIL = "no_email"
    NOT_VERIFIED = "not_verified"
    NO_LINK = "no_link"
    NOT_DELIVERED = "not_delivered"
    UNDER_WAY = "under_way"
    EXPIRED = "expired"
    OPENED = "opened"
    SENT = "sent"


@dataclass(frozen=True)
class LinkFigures:
    """Numbers of voters on the roll by standing."""

    on_roll: int
    by_standing: dict[Standing, int]

    @property
    def without_invitation(self) -> int:
        """Return how many could vote by a link and were not sent one."""
        return self.by_standing[Standing.NO_LINK] + self.by_standing[Standing.NOT_DELIVERED]


@dataclass(frozen=True)
class LinkRow:
    """One voter of the roll; `mail_error` says in words why the mail did not arrive."""

    voter_id: int
    name: str
    voter_number: str
    email: str | None
    standing: Standing
    made_at: datetime | None
    mail_error: str | None


def link_figures(election: Election) -> LinkFigures:
    """Return how many voters stand where."""
    tests = _tests()
    counts = [func.count().filter(_first(tests, standing)) for standing in Standing]
    row = db.session.execute(_roll(election, func.count(), *counts)).one()
    return LinkFigures(row[0], dict(zip(Standing, row[1:], strict=True)))


def uninvited(election: Election) -> tuple[int, int]:
    """Return how many could vote by a link and were sent none, and how many of their mails are on the way.

    The same numbers as in `link_figures`, for every page of the desk: of a large roll as of some seconds ago, counted
    by an index of the few mails that have not arrived and a look for who has no link.
    """
    return _UNINVITED.get(election.public_id, lambda: _uninvited(election), lambda _figure: roll_size(election))


def _uninvited(election: Election) -> tuple[int, int]:
    tests = _tests()
    could = [~tests[one] for one in (Standing.VOTED, Standing.NO_EMAIL, Standing.NOT_VERIFIED)]
    has_link = exists().where(
        VotingToken.election_id == RollEntry.election_id, VotingToken.voter_id == RollEntry.voter_id
    )
    roll = select(func.count()).select_from(RollEntry).join(Voter, Voter.id == RollEntry.voter_id)
    without = db.session.scalar(roll.where(RollEntry.election_id == election.id, ~has_link, *could)) or 0
    stuck = (
        _roll(election, EmailMessage.status, func.count())
        .where(EmailMessage.election_id == election.id, EmailMessage.status.in_((*UNDELIVERED, *UNDER_WAY)), *could)
        .group_by(EmailMessage.status)
    )
    found: dict[MailStatus, int] = {row[0]: row[1] for row in db.session.execute(stuck)}
    return without + sum(found.get(one, 0) for one in UNDELIVERED), sum(found.get(one, 0) for one in UNDER_WAY)


def link_rows(
    election: Election, standing: Standing | None, search: str, page: int, per_page: int
) -> tuple[list[LinkRow], int]:
    """Return one page (from 1) of the roll by name, and how many there are in all."""
    tests = _tests()
    wanted = [] if standing is None else [_first(tests, standing)]
    if search:
        like = f"%{search.lower().replace('%', '').replace('_', '')}%"
        wanted.append(
            or_(func.lower(Voter.name).like(like), Voter.voter_id.like(like), func.lower(Voter.email).like(like))
        )
    total = db.session.scalar(_roll(election, func.count()).where(*wanted)) or 0
    columns = (
        Voter.id, Voter.name, Voter.voter_id, Voter.email, VotingToken.made_at, EmailMessage.problem,
        *(_first(tests, one).label(one.value) for one in Standing),
    )  # fmt: skip
    rows = db.session.execute(
        _roll(election, *columns).where(*wanted).order_by(func.lower(Voter.name), Voter.id)
        .offset((page - 1) * per_page).limit(per_page)
    ).all()  # fmt: skip
    return [_row(row) for row in rows], total


def _row(row: Any) -> LinkRow:
    standing = next(one for one in Standing if getattr(row, one.value))
    error = in_words(row.problem)[0] if standing is Standing.NOT_DELIVERED else None
    return LinkRow(row[0], row[1], row[2], row[3], standing, row.made_at, error)


def _tests() -> dict[Standing, ColumnElement[bool]]:
    return {
        Standing.VOTED: RollEntry.has_voted.is_(True),
        Standing.NO_EMAIL: func.coalesce(Voter.email, "") == "",
        Standing.NOT_VERIFIED: Voter.status != VoterStatus.VERIFIED,
        Standing.NO_LINK: VotingToken.id.is_(None),
        Standing.NOT_DELIVERED: func.coalesce(EmailMessage.status.in_(UNDELIVERED), False),
        Standing.UNDER_WAY: func.coalesce(EmailMessage.status.in_(UNDER_WAY), False),
        Standing.EXPIRED: VotingToken.expires_at <= utc_now(),
        Standing.OPENED: VotingToken.opened_at.is_not(None),
        Standing.SENT: VotingToken.id.is_not(None),
    }


def _first(tests: dict[Standing, ColumnElement[bool]], standing: Standing) -> ColumnElement[bool]:
    before = list(tests)[: list(tests).index(standing)]
    return and_(tests[standing], *(~tests[one] for one in before))


def _roll(election: Election, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(RollEntry)
        .join(Voter, Voter.id == RollEntry.voter_id)
        .outerjoin(
            VotingToken,
            and_(VotingToken.election_id == RollEntry.election_id, VotingToken.voter_id == RollEntry.voter_id),
        )
        .outerjoin(EmailMessage, EmailMessage.id == VotingToken.mail_id)
        .where(RollEntry.election_id == election.id)
    )
