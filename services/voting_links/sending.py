"""Sending links to a whole roll: the desk asks, the worker makes them in small steps and counts them.

Each step is one transaction of links and their mails: a worker that is killed leaves whole links or none, and the next
one goes on behind them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from models import Election, ElectionStatus, LinkSending, RollEntry, Voter, VoterStatus, VotingToken, db
from services import audit_logger
from services.actor import WORKER, Actor
from services.clock import utc_now
from services.errors import Conflict
from services.voting_links.making import check_sendable, hold_links, make_link

Transaction = Callable[[], AbstractContextManager[Any]]
STEP = 100
"""Voters in one transaction: about a second of work, so that progress is seen and little is done twice."""


def start_sending(election: Election, address: str, actor: Actor, *, renew: bool = False) -> LinkSending:
    """Ask the worker for links to everybody on the roll who has none, or new ones to all who have not voted.

    Raises Conflict where a link would lead nowhere, while a sending is at work, or when nobody is left to send to.
    """
    check_sendable(election)
    hold_links(election.id)
    if _at_work(election.id) is not None:
        raise Conflict(_("Links are being sent already. Wait until that is done."))
    now = utc_now()
    total = db.session.scalar(_waiting(election.id, renew, now, func.count(RollEntry.id))) or 0
    if not total:
        raise Conflict(_("Nobody is left to send a link to."))
    sending = LinkSending(
        election_id=election.id, staff_user_id=actor.id, actor=str(actor), renew=renew, address=address, total=total,
        created_at=now,
    )  # fmt: skip
    db.session.add(sending)
    db.session.flush()
    event = "staff:voting_links:renewed" if renew else "staff:voting_links:sent"
    audit_logger.record(event, actor, election_id=election.id, count=total)
    return sending


def last_sending(election: Election) -> LinkSending | None:
    """Return the sending that is at work, or the one that was asked for last."""
    newest = select(LinkSending).where(LinkSending.election_id == election.id).order_by(LinkSending.id.desc())
    return db.session.scalar(newest.limit(1))


def send_due(transaction: Transaction) -> None:
    """Make the links of every sending that waits, step by step."""
    with transaction():
        numbers = list(db.session.scalars(select(LinkSending.id).where(LinkSending.finished_at.is_(None))))
    for number in numbers:
        more = True
        while more:
            with transaction():
                more = _step(number)


def _step(number: int) -> bool:
    """Make the next links of a sending; tell whether there may be more."""
    claimed = select(LinkSending).where(LinkSending.id == number, LinkSending.finished_at.is_(None))
    sending = db.session.scalar(claimed.with_for_update(skip_locked=True).execution_options(populate_existing=True))
    if sending is None:
        return False
    hold_links(sending.election_id)
    election = sending.election
    over = election.status is not ElectionStatus.ACTIVE or election.closes_at <= utc_now()
    rows: list[Any] = [] if over else _next_voters(sending)
    for voter, token in rows:
        make_link(election, voter, token, sending.address, bulk=True)
    sending.done += len(rows)
    if rows:
        return True
    sending.finished_at = utc_now()
    audit_logger.record("worker:voting_links:made", WORKER, election_id=election.id, count=sending.done)
    return False


def _next_voters(sending: LinkSending) -> list[Any]:
    waiting = _waiting(sending.election_id, sending.renew, sending.created_at, Voter, VotingToken)
    return list(db.session.execute(waiting.order_by(RollEntry.id).limit(STEP)).all())


def _waiting(election_id: int, renew: bool, since: Any, *columns: Any) -> Select[Any]:
    """Select who is to get a link: on the roll, verified, reachable, without a vote and without a link (of now)."""
    due: ColumnElement[bool] = VotingToken.id.is_(None)
    if renew:
        due = or_(due, VotingToken.made_at < since)
    return (
        select(*columns)
        .select_from(RollEntry)
        .join(Voter, Voter.id == RollEntry.voter_id)
        .outerjoin(
            VotingToken,
            and_(VotingToken.election_id == RollEntry.election_id, VotingToken.voter_id == RollEntry.voter_id),
        )
        .where(
            RollEntry.election_id == election_id,
            RollEntry.has_voted.is_(False),
            Voter.status == VoterStatus.VERIFIED,
            func.coalesce(Voter.email, "") != "",
            due,
        )
    )


def _at_work(election_id: int) -> int | None:
    return db.session.scalar(
        select(LinkSending.id).where(LinkSending.election_id == election_id, LinkSending.finished_at.is_(None))
    )
