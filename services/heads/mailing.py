"""Heads leave the installation: by mail to observers and those who asked, at opening, regularly, and at closing."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from models import (
    Election,
    ElectionStaff,
    ElectionStatus,
    HeadKind,
    HeadMail,
    MailOccasion,
    SignedHead,
    StaffRole,
    StaffUser,
    db,
)
from services.clock import utc_now
from services.context import platform
from services.email_service import queue_signed_heads
from services.heads.finding import as_document, newest_audit_head, newest_ballot_head
from services.heads.subscriptions import confirmed_of, end_all, stop_token

STALE = timedelta(days=7)
"""An election that closed longer ago gets no mail any more: it was closed before there were such mails."""


def mail_due_heads() -> int:
    """Queue the mails that are due and return how many; run by the worker after signing, in the same transaction."""
    mailed = 0
    for election in _open_or_just_over():
        if (occasion := _occasion(election)) is not None:
            mailed += _mail(election, occasion)
            if occasion is MailOccasion.CLOSING:
                end_all(election)
    return mailed


def newest_mail(election: Election | None = None) -> HeadMail | None:
    """Return when heads were mailed last, of this election or of any; or None.

    All mails hold a head of the one audit log: what it held then cannot be rewritten unnoticed.
    """
    newest = select(HeadMail).order_by(HeadMail.id.desc()).limit(1)
    return db.session.scalar(newest if election is None else newest.where(HeadMail.election_id == election.id))


def _open_or_just_over() -> list[Election]:
    over = Election.status.in_([ElectionStatus.CLOSED, ElectionStatus.ARCHIVED])
    lately = over & (Election.closed_at > utc_now() - STALE)
    return list(db.session.scalars(select(Election).where((Election.status == ElectionStatus.ACTIVE) | lately)))


def _occasion(election: Election) -> MailOccasion | None:
    last = newest_mail(election)
    if election.status is not ElectionStatus.ACTIVE:
        ended = last is not None and last.occasion is MailOccasion.CLOSING
        return MailOccasion.CLOSING if not ended and _closing_head(election) is not None else None
    if last is None:
        return MailOccasion.OPENING
    every = timedelta(minutes=platform().settings.head_mail_minutes)
    newest = newest_audit_head()
    news = newest is not None and newest.id != last.audit_head_id
    return MailOccasion.RUNNING if news and utc_now() - last.made_at >= every else None


def _closing_head(election: Election) -> SignedHead | None:
    mine = (SignedHead.kind == HeadKind.AUDIT) & (SignedHead.election_id == election.id)
    return db.session.scalar(select(SignedHead).where(mine))


def _mail(election: Election, occasion: MailOccasion) -> int:
    audit = _closing_head(election) if occasion is MailOccasion.CLOSING else newest_audit_head()
    addresses = _recipients(election)
    if audit is None or not addresses:
        return 0
    of_ballots = newest_ballot_head(election)
    ballots = as_document(of_ballots) if of_ballots else None
    db.session.add(
        HeadMail(
            election_id=election.id,
            occasion=occasion,
            audit_head_id=audit.id,
            ballots_head_id=of_ballots.id if of_ballots else None,
            recipients=len(addresses),
            made_at=utc_now(),
        )
    )
    for address, token in addresses.items():
        queue_signed_heads(address, election, occasion, as_document(audit), ballots, token)
    return len(addresses)


def _recipients(election: Election) -> dict[str, str | None]:
    """Return each address once, with the token that ends its mails; None for an observer, who gets them by office."""
    observers: dict[str, str | None] = dict.fromkeys(_observers(election))
    known = {address.lower() for address in observers}
    asked = (one for one in confirmed_of(election) if one.email.lower() not in known)
    return observers | {one.email: stop_token(one) for one in asked}


def _observers(election: Election) -> list[str]:
    listed = (
        select(StaffUser.email)
        .join(ElectionStaff, ElectionStaff.staff_user_id == StaffUser.id)
        .where(ElectionStaff.election_id == election.id, StaffUser.role == StaffRole.OBSERVER)
        .where(StaffUser.is_active, StaffUser.email.isnot(None))
        .order_by(StaffUser.id)
    )
    return [address for address in db.session.scalars(listed) if address]
