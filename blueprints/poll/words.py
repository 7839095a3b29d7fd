"""What the booth says: one heading, one sentence and the ways on for every outcome (look.md, section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import format_date, format_datetime, to_user_timezone
from flask_babel import gettext as _

from blueprints.camera_words import reason
from models import AuthResult, Election, ElectionStatus
from services.clock import utc_now
from services.identification import LookupReason, Verdict, VoterLookup
from services.voters import NUMBER_DIGITS


@dataclass(frozen=True)
class Words:
    """A heading, a sentence, and the status of an HTML answer."""

    heading: str
    message: str
    status: int = 200


def of_lookup(lookup: VoterLookup) -> Words:
    """Return the words for a typed voter ID."""
    again = _("Look at your polling card and type it again.")
    whole = len(lookup.voter_number) == NUMBER_DIGITS
    slip = _("One digit is wrong") if whole else _("A voter ID has %(count)s digits", count=NUMBER_DIGITS)
    suspended = _("Your entry needs a look first. Call the officer.")
    officer = _("You can vote with an identity document. The officer helps you.")
    words = {
        LookupReason.ELIGIBLE: (_("Is this you?"), _("Check the letters of the name and the number."), 200),
        LookupReason.TYPING_SLIP: (slip, f"{slip}. {again}", 422),
        LookupReason.UNKNOWN_NUMBER: (
            _("Nobody has this voter ID"),
            _("Nobody has this voter ID. %(again)s", again=again),
            404,
        ),
        LookupReason.NOT_ON_ROLL: (
            _("You are not on this electoral roll"),
            _("This voter ID is not on the electoral roll of this election. Call the officer."),
            404,
        ),
        LookupReason.ALREADY_VOTED: (_("You have already voted"), _voted_at(lookup), 409),
        LookupReason.SUSPENDED: (_("The officer helps you"), suspended, 403),
        LookupReason.NOT_ENROLLED: (_("The officer helps you"), officer, 403),
        LookupReason.NO_CONSENT: (_("The officer helps you"), officer, 403),
        LookupReason.OFFICER_NEEDED: (_("The officer is coming. Stay here."), officer, 403),
        LookupReason.ABSENT: (
            _("You vote in the meeting"),
            _("Check in to the meeting first, then come back. The officer of the meeting helps you."),
            403,
        ),
        LookupReason.NO_QUORUM: (
            _("Too few members are present"),
            _("The ballot opens when enough members are here. Look at the screen of the meeting."),
            409,
        ),
        LookupReason.NOT_OPEN_YET: (_("The election is not open yet"), _("Come back when it opens."), 409),
        LookupReason.CLOSED: (_("The election is closed"), _("No more votes can be cast."), 409),
    }
    return Words(*words[lookup.reason])


def of_opening(election: Election) -> Words:
    """Return the words for an election that is not open yet: when it opens, or who opens it."""
    if election.status is ElectionStatus.DRAFT and election.opens_at <= utc_now():
        return Words(_("The election is not open yet"), _("The Election Commission opens it. Wait here."), 409)
    time = format_datetime(election.opens_at, "HH:mm")
    day = format_datetime(election.opens_at, "EEEE d MMMM y, z")
    return Words(_("The election opens at %(time)s", time=time), day, 409)


def of_power_cut(lookup: VoterLookup, secret: bool) -> tuple[Words, list[str]]:
    """Return the words, and what else is so, for a voter who is back so soon that the receipt may not have been seen.

    `lookup.voted_at` must be set.
    """
    moment = to_user_timezone(lookup.voted_at or utc_now())
    time = format_datetime(moment, "HH:mm", rebase=False)
    heading = _("Your vote was cast at %(time)s", time=time)
    if moment.date() != to_user_timezone(utc_now()).date():
        heading = _("Your vote was cast on %(day)s at %(time)s", day=format_date(moment, "d MMMM"), time=time)
    why = _(
        "The receipt code cannot be shown again. It was made in the browser and the server never kept it, so that"
        " nobody can link it with you."
    )
    recorded = _("Your choice is recorded with your name.")
    mail = _("Reference and time are in the mail, if one was sent to you.")
    return Words(heading, _("It counts. You can go."), 409), [why if secret else recorded, mail]


def of_abandoned(minutes: int) -> Words:
    """Return the words for a ballot that closed itself because nobody was there for so long."""
    heading = _("This ballot was closed")
    return Words(heading, _("Nobody touched the screen for %(n)s minutes. No vote was cast.", n=minutes))


def of_verdict(verdict: Verdict) -> Words:
    """Return the words for a finished check of the face: the heading is the one thing to change."""
    if verdict.result is AuthResult.SUCCESS:
        return Words(_("You are recognised"), _("Your ballot is open."))
    safe = _("No vote was cast. Nothing is lost.")
    if verdict.officer:
        return Words(_("The officer is coming. Stay here."), safe)
    if verdict.result is AuthResult.MISMATCH:
        return Words(_("This face does not match the voter ID"), safe)
    return Words(reason(verdict.reasons[0] if verdict.reasons else ""), safe)


def of_cast(kind: str) -> Words:
    """Return the words for a cast that was not accepted."""
    words = {
        "already_voted": (_("You have already voted"), _("Your first vote stands. This one was not cast."), 409),
        "pass_over": (
            _("The time for this ballot is over"),
            _("No vote was cast. Type your voter ID to start again."),
            409,
        ),
        "suspended": (
            _("This ballot cannot be cast"),
            _("Your entry was suspended while it was open. No vote was cast. Call the officer."),
            403,
        ),
        "closed": (_("The election is closed"), _("No vote was cast. No more votes can be cast."), 409),
        "other_channel": (_("This election has no booth"), _("No vote was cast. Call the officer."), 409),
        "stopped": (_("This election is stopped"), _("No vote was cast. Call the officer."), 409),
        "absent": (
            _("You vote in the meeting"),
            _("No vote was cast. Your check-in ended while the ballot was open. Check in again, then come back."),
            403,
        ),
        "no_quorum": (
            _("Too few members are present"),
            _("No vote was cast. The ballot opens again when enough members are here. Look at the screen."),
            409,
        ),
    }
    return Words(*words[kind])


def start_again(kind: str = "now") -> dict[str, Any]:
    """Return the way back to the first screen; "flat" where the voter is asked to stay."""
    return {"label": _("Back to the start"), "url": url_for("poll.index"), "method": "get", "kind": kind}


def call_officer(voter_number: str = "") -> dict[str, Any]:
    """Return the way to the officer; with the voter ID nobody has to type it again."""
    way = {"label": _("Call the officer"), "url": url_for("poll.officer"), "method": "post", "kind": "flat"}
    return way | {"fields": {"voter_id": voter_number} if voter_number else {}}


def by_document(voter_number: str = "") -> dict[str, Any]:
    """Return the officer's way to the staff form."""
    label = _("Officer: identify by document")
    way = {"label": label, "url": url_for("poll.document_form"), "method": "post", "kind": "flat", "icon": "id"}
    return way | {"fields": {"voter_id": voter_number} if voter_number else {}}


def _voted_at(lookup: VoterLookup) -> str:
    if lookup.voted_at is None:
        return _("Your vote is cast. You can go.")
    moment = format_datetime(lookup.voted_at, "EEEE d MMMM, HH:mm z")
    return _("Your vote was cast on %(moment)s. You can go.", moment=moment)
