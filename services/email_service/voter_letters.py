"""Mails about the accounts of voters: codes, decisions, links for a new password. Each is a mail of its own."""

from __future__ import annotations

import uuid
from datetime import datetime

from models import CodeUse, Voter
from services.clock import local_text
from services.context import platform
from services.email_service.outbox import _queue
from services.email_service.rendering import Letter, render_letter

ONE_TIME_CODE = "one_time_code"
ACCOUNT_KNOWN = "account_known"
REGISTRATION_DECIDED = "registration_decided"
ACCOUNT_LINKED = "account_linked"
MEMBER_DECISION = "member_decision"
MEETINGS_PATH = "/voter/meetings"
PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a mail


def queue_one_time_code(recipient: str, use: CodeUse, code: str, expires_at: datetime) -> None:
    """Queue the six digits that somebody types who registers or signs in."""
    grouped = f"{code[:3]} {code[3:]}"
    _send(ONE_TIME_CODE, recipient, registers=use is CodeUse.REGISTER, code=grouped, until=_local(expires_at))


def queue_account_known(recipient: str, sign_in: str) -> None:
    """Queue what somebody gets who registers with an address that has an account, or a registration that waits."""
    _send(ACCOUNT_KNOWN, recipient, link=sign_in)


def queue_registration_decided(recipient: str, name: str, voter_number: str | None, reason: str, link: str) -> None:
    """Queue the decision about a registration: approved with a voter ID, or refused (None) with the reason."""
    _send(REGISTRATION_DECIDED, recipient, name=name, voter_number=voter_number, reason=reason, link=link)


def queue_member_decision(voter: Voter, what: str, note: str, title: str = "", until: datetime | None = None) -> None:
    """Tell a member what was decided about a check-in (`title`: the meeting) or a phone; nobody without an address.

    `what` is rejected, accepted or refused (an objection), phone_approved or phone_refused; `until` is when the time
    to object ends.
    """
    site = platform().settings.public_url
    if voter.email:
        _send(
            MEMBER_DECISION, voter.email, name=voter.name, what=what, note=note, title=title,
            until=_local(until) if until else None, link=f"{site}{MEETINGS_PATH}" if site else None,
        )  # fmt: skip


def queue_account_linked(recipient: str, name: str) -> None:
    """Tell the address that a voter had until now that an account with another address was opened."""
    _send(ACCOUNT_LINKED, recipient, name=name)


def queue_password_reset(recipient: str, name: str, link: str, expires_at: datetime) -> None:
    """Queue the link for a new password; `link` holds the token, so it is in no other place."""
    _send(PASSWORD_RESET, recipient, name=name, link=link, until=_local(expires_at))


def _send(kind: str, recipient: str, **values: object) -> None:
    letter: Letter = render_letter(kind, election_title=None, **values)
    _queue(kind, recipient, letter.subject, letter.body, dedupe_key=f"{kind}:{uuid.uuid4()}")


def _local(moment: datetime) -> str:
    return local_text(moment, platform().settings.timezone)
