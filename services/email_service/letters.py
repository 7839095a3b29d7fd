"""What the mails say: the ordered wording with the facts filled in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from models import AuthEvent, Election, MailOccasion, Voter, db
from services.clock import local_text, utc_now, utc_text
from services.context import platform
from services.email_service.rendering import Letter, render_letter

CHOICE_NOT_STORED = lazy_gettext("secret ballot, not stored with your name")
NOT_AVAILABLE = lazy_gettext("not available")
STOP_PATH = "/verify/mail/stop"
"""The page that ends the mails with heads; a test holds it to the route."""


def vote_confirmation(
    voter: Voter, election: Election, cast_at: datetime, audit_ref: str, choice: str | None
) -> Letter:
    """Return the ordered confirmation of a vote; a secret election's never says the choice, whatever is handed in.

    Raises ValueError when a recorded election's choice is missing.
    """
    if not election.is_secret and not choice:
        raise ValueError("The confirmation of a recorded vote names its choice.")
    return render_letter(
        "vote_confirmation",
        election_title=election.title,
        name=voter.name,
        choice=CHOICE_NOT_STORED if election.is_secret else choice,
        audit_ref=audit_ref,
        **_times(cast_at),
    )


def auth_failure_alert(event: AuthEvent) -> Letter:
    """Return the ordered alert about a refused identification; the event must be flushed (it needs its time).

    The distance has two decimals, as at the kiosk: more would help somebody who tries pictures one by one.
    """
    election = db.session.get(Election, event.election_id) if event.election_id else None
    return render_letter(
        "auth_failure_alert",
        election_title=election.title if election else None,
        voter_id_input=event.voter_id_input,
        result=event.result.value,
        distance=NOT_AVAILABLE if event.distance is None else f"{event.distance:.2f}",
        ip_address=event.ip_address or NOT_AVAILABLE,
        user_agent=event.user_agent or NOT_AVAILABLE,
        has_photo=event.snapshot_path is not None,
        **_times(event.created_at),
    )


def invitation(link: str, name: str, role: str, invited_by: str, expires_at: datetime) -> Letter:
    """Return the mail that asks somebody to join the staff; `link` holds the token, so it is in no other place."""
    roles = {"admin": _("an administrator"), "officer": _("an officer"), "observer": _("an observer")}
    return render_letter(
        "invitation",
        election_title=None,
        link=link,
        name=name,
        role=roles[role],
        invited_by=invited_by,
        until=local_text(expires_at, platform().settings.timezone),
    )


def voting_link(voter: Voter, election: Election, link: str, expires_at: datetime, not_me: str) -> Letter:
    """Return the mail with a voter's own link; `link` holds the token, so it is in no other place.

    `not_me` is the link for somebody else who got the mail.
    """
    zone = platform().settings.timezone
    return render_letter(
        "voting_link",
        election_title=election.title,
        name=voter.name,
        link=link,
        opens=local_text(election.opens_at, zone) if election.opens_at > utc_now() else None,
        until=local_text(expires_at, zone),
        secret=election.is_secret,
        not_me=not_me,
    )


def signed_heads(
    election: Election,
    occasion: MailOccasion,
    audit: dict[str, Any],
    ballots: dict[str, Any] | None,
    stop_token: str | None = None,
) -> Letter:
    """Return the mail that leaves heads (`services.heads.as_document`) with somebody outside."""
    when = {
        MailOccasion.OPENING: _("The election has opened."),
        MailOccasion.RUNNING: _("The election is open."),
        MailOccasion.CLOSING: _("The election is closed, and every ballot is sealed."),
    }
    settings = platform().settings
    site = settings.public_url
    goes_on = occasion is not MailOccasion.CLOSING
    stop = f"{site}{STOP_PATH}?token={stop_token}" if site and stop_token and goes_on else None
    letter = render_letter(
        "signed_heads",
        election_title=election.title,
        occasion=when[occasion],
        audit=audit,
        ballots=ballots,
        minutes=settings.head_mail_minutes if goes_on else None,
        link=f"{site}/verify/" if site else None,
        pack=f"{site}/verify/{election.public_id}" if site and election.is_secret else None,
        stop=stop,
        authority=urlsplit(settings.timestamp_url).hostname,
    )
    return replace(letter, body=replace(letter.body, stop=stop))


def head_confirmation(election: Election, link: str, name: str, expires_at: datetime) -> Letter:
    """Return the mail that asks whether heads are wanted; `link` holds the token, so it is in no other place."""
    settings = platform().settings
    return render_letter(
        "head_confirmation",
        election_title=election.title,
        link=link,
        name=name,
        minutes=settings.head_mail_minutes,
        until=local_text(expires_at, settings.timezone),
    )


def system_alert(headline: str, text: str) -> Letter:
    """Return an alert of the system itself; `text` may have several lines."""
    return render_letter("system_alert", election_title=None, headline=headline, lines=text.strip().split("\n"))


def _times(moment: datetime) -> dict[str, str]:
    return {
        "timestamp_local": local_text(moment, platform().settings.timezone),
        "timestamp_utc": utc_text(moment),
    }
