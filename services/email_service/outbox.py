"""The outbox: a mail is a row written in the caller's transaction; the worker sends it after the commit."""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from models import AuthEvent, Election, EmailMessage, MailOccasion, MailStatus, Voter, db
from services.clock import utc_now
from services.context import platform
from services.email_service.content import seal_body
from services.email_service.letters import (
    auth_failure_alert,
    head_confirmation,
    invitation,
    signed_heads,
    system_alert,
    vote_confirmation,
    voting_link,
)
from services.email_service.problems import MailProblem
from services.email_service.rendering import Body, Letter, single_line
from services.storage import FRAUD_ATTEMPTS

log = logging.getLogger(__name__)

VOTE_CONFIRMATION = "vote_confirmation"
AUTH_FAILURE_ALERT = "auth_failure_alert"
SYSTEM_ALERT = "system_alert"
INVITATION = "invitation"
SIGNED_HEADS = "signed_heads"
HEAD_CONFIRMATION = "head_confirmation"
VOTING_LINK = "voting_link"
ALERT_PAUSE = timedelta(minutes=1)  # At most one alert a voter ID in this time (design, section 4).
SYSTEM_ALERT_EVERY_SECONDS = 3600  # The same words again only in another hour: a stopped election refuses many votes.
# Printable ASCII without the specials of RFC 5322, then a domain, which may be international.
_ADDRESS = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]+@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+")


def send_vote_confirmation(
    voter_email: str, subject: str, body: Body | str, reference_id: str, **owner: int
) -> uuid.UUID | None:
    """Queue the confirmation of the vote `reference_id`, once; return the row's id, None when it is there already.

    `election_id` and `voter_id`, when given, say whose vote it was.
    """
    key = f"{VOTE_CONFIRMATION}:{reference_id}"
    return _queue(VOTE_CONFIRMATION, voter_email, subject, body, dedupe_key=key, owner=owner)


def send_auth_failure_alert(
    recipients_list: Iterable[str],
    subject: str,
    body: Body | str,
    attachment_image_bytes: bytes | None,
    *,
    attachment_path: str | None = None,
    election_id: int | None = None,
) -> list[uuid.UUID]:
    """Queue an alert to each recipient, at most one a minute for the same subject (it names the voter ID).

    The photo is given as bytes, which are kept encrypted in `fraud_attempts`, or as the `attachment_path` of a
    picture that storage holds already. Returns the ids of the rows written.
    """
    subject = single_line(subject)
    now = utc_now()
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))
    due = [one for one in _distinct(recipients_list) if not _alerted_lately(subject, one, now)]
    if due and attachment_path is None and attachment_image_bytes is not None:
        attachment_path = platform().storage.save_private(FRAUD_ATTEMPTS, attachment_image_bytes)
    written = [
        _queue(
            AUTH_FAILURE_ALERT,
            one,
            subject,
            body,
            dedupe_key=_alert_key(subject, one, now),
            photo=attachment_path,
            owner={"election_id": election_id},
        )
        for one in due
    ]
    return [row for row in written if row is not None]


def queue_vote_confirmation(
    voter: Voter, election: Election, cast_at: datetime, audit_ref: str, choice: str | None = None
) -> uuid.UUID | None:
    """Write and queue a voter's confirmation; None when the voter has no e-mail address.

    `choice` is `Party/Candidate` or `NOTA` of a recorded vote; a secret election's mail never says it.
    """
    if not voter.email:
        return None
    letter = vote_confirmation(voter, election, cast_at, audit_ref, choice)
    owner = {"election_id": election.id, "voter_id": voter.id}
    return send_vote_confirmation(voter.email, letter.subject, letter.body, audit_ref, **owner)


def queue_auth_failure_alert(event: AuthEvent) -> list[uuid.UUID]:
    """Write and queue the alert about a refused identification to the commissioner and to the voter, if known."""
    db.session.flush()  # The letter names the time of the event, which the database gives.
    letter = auth_failure_alert(event)
    voter_email = event.voter.email if event.voter else None
    recipients = [one for one in (platform().settings.alert_recipient, voter_email) if one]
    return send_auth_failure_alert(
        recipients, letter.subject, letter.body, None,
        attachment_path=event.snapshot_path, election_id=event.election_id,
    )  # fmt: skip


def queue_invitation(
    recipient: str, link: str, name: str, role: str, invited_by: str, expires_at: datetime
) -> uuid.UUID | None:
    """Write and queue an invitation to the staff; each link is a mail of its own."""
    letter = invitation(link, name, role, invited_by, expires_at)
    digest = hashlib.sha256(link.encode()).hexdigest()
    return _queue(INVITATION, recipient, letter.subject, letter.body, dedupe_key=f"{INVITATION}:{digest}")


def queue_voting_link(
    voter: Voter, election: Election, link: str, expires_at: datetime, generation: str, not_me: str, bulk: bool = False
) -> uuid.UUID | None:
    """Write and queue a voter's link; `generation` names the link without being it, so that one is mailed once.

    `not_me` is the link of somebody else who gets the mail; links to a whole roll are `bulk`.
    """
    letter = voting_link(voter, election, link, expires_at, not_me)
    key = f"{VOTING_LINK}:{generation}"
    return queue_letter(
        VOTING_LINK, voter.email or "", letter,
        dedupe_key=key, election_id=election.id, voter_id=voter.id, bulk=bulk,
    )  # fmt: skip


def withdraw(mail_id: uuid.UUID) -> None:
    """Let a mail that has not left never leave, and wipe it: a newer one takes its place."""
    waiting = EmailMessage.status.in_((MailStatus.QUEUED, MailStatus.FAILED, MailStatus.BOUNCED))
    change = update(EmailMessage).where(EmailMessage.id == mail_id, waiting, EmailMessage.body.is_not(None))
    values = {"status": MailStatus.FAILED, "problem": MailProblem.REPLACED.value, "body": None, "last_error": None}
    db.session.execute(change.values(values).execution_options(synchronize_session=False))


def queue_signed_heads(
    recipient: str,
    election: Election,
    occasion: MailOccasion,
    audit: dict[str, Any],
    ballots: dict[str, Any] | None,
    stop_token: str | None = None,
) -> uuid.UUID | None:
    """Write and queue the heads of an election for somebody who keeps them; the same ones once for each recipient.

    `stop_token` is for somebody who asked for them, and may end them by the link in the mail.
    """
    letter = signed_heads(election, occasion, audit, ballots, stop_token)
    digest = hashlib.sha256(f"{recipient.lower()}\n{letter.body.text}".encode()).hexdigest()
    return queue_letter(SIGNED_HEADS, recipient, letter, dedupe_key=f"{SIGNED_HEADS}:{digest}", election_id=election.id)


def queue_head_confirmation(
    recipient: str, election: Election, link: str, name: str, expires_at: datetime
) -> uuid.UUID | None:
    """Write and queue the mail that asks whether heads are wanted at this address; each link is a mail of its own."""
    letter = head_confirmation(election, link, name, expires_at)
    digest = hashlib.sha256(link.encode()).hexdigest()
    key = f"{HEAD_CONFIRMATION}:{digest}"
    return queue_letter(HEAD_CONFIRMATION, recipient, letter, dedupe_key=key, election_id=election.id)


def queue_system_alert(subject: str, words: str) -> uuid.UUID | None:
    """Write and queue an alert to the commissioner; None when the same words are queued in this hour already."""
    letter = system_alert(subject, words)
    digest = hashlib.sha256(f"{letter.subject}\n{letter.body.text}".encode()).hexdigest()
    hour = int(utc_now().timestamp() // SYSTEM_ALERT_EVERY_SECONDS)
    return _queue(
        SYSTEM_ALERT,
        platform().settings.alert_recipient,
        letter.subject,
        letter.body,
        dedupe_key=f"{SYSTEM_ALERT}:{digest}:{hour}",
    )


def queue_letter(
    kind: str,
    recipient: str,
    letter: Letter,
    *,
    dedupe_key: str,
    election_id: int | None = None,
    voter_id: int | None = None,
    bulk: bool = False,
) -> uuid.UUID | None:
    """Queue a letter of any kind, once for each key; return the row's id, None when that key is there already.

    `election_id` and `voter_id` say whose mail it is, for the commission's list and the voter's timeline. Letters to
    all voters are `bulk`: a code to sign in does not wait behind them.
    """
    owner = {"election_id": election_id, "voter_id": voter_id, "bulk": bulk}
    return _queue(kind, recipient, letter.subject, letter.body, dedupe_key=dedupe_key, owner=owner)


def _queue(
    kind: str,
    recipient: str,
    subject: str,
    body: Body | str,
    *,
    dedupe_key: str,
    photo: str | None = None,
    owner: Mapping[str, int | None] | None = None,
) -> uuid.UUID | None:
    address = recipient.strip()
    usable = is_address(address)
    if not usable:
        # A vote must not fail because of an address; the row shows the commission what was not sent.
        log.warning("A %s has no usable address and is not sent.", kind)
    row = {
        "kind": kind,
        "recipient": single_line(address),
        "subject": single_line(subject),
        "body": seal_body(Body(body) if isinstance(body, str) else body) if usable else None,
        "attachment_path": photo,
        "dedupe_key": dedupe_key,
        "created_at": utc_now(),
        "status": MailStatus.QUEUED if usable else MailStatus.BOUNCED,
        "problem": None if usable else MailProblem.NOT_AN_ADDRESS.value,
        "bounced_at": None if usable else utc_now(),
        **(owner or {}),
    }
    statement = insert(EmailMessage).values(row).on_conflict_do_nothing(index_elements=["dedupe_key"])
    written: uuid.UUID | None = db.session.scalar(statement.returning(EmailMessage.id))
    return written


def is_address(text: str) -> bool:
    """Tell whether a mail could be sent there, as far as its form goes."""
    return _ADDRESS.fullmatch(text) is not None


def _alerted_lately(subject: str, recipient: str, now: datetime) -> bool:
    """Tell whether this alert went to this recipient within the last minute, also across the turn of a minute."""
    keys = [_alert_key(subject, recipient, now), _alert_key(subject, recipient, now - ALERT_PAUSE)]
    found = select(EmailMessage.id).where(
        EmailMessage.dedupe_key.in_(keys), EmailMessage.created_at > now - ALERT_PAUSE
    )
    return db.session.scalar(found.limit(1)) is not None


def _alert_key(subject: str, recipient: str, moment: datetime) -> str:
    digest = hashlib.sha256(f"{recipient.lower()}\n{subject}".encode()).hexdigest()
    return f"{AUTH_FAILURE_ALERT}:{digest}:{int(moment.timestamp() // ALERT_PAUSE.total_seconds())}"


def _distinct(recipients: Iterable[str]) -> list[str]:
    return list({one.strip().lower(): one.strip() for one in recipients}.values())
