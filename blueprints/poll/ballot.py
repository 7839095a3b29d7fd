"""The ballot: shown after a successful check, cast once, or handed back."""

from __future__ import annotations

import secrets
from typing import Any

from flask import jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_
from werkzeug.wrappers import Response

from blueprints import limits
from blueprints.http import body, current_actor, public_address, text_field, wants_json
from blueprints.limits import limiter
from blueprints.policy import requires
from blueprints.poll import bp, pages, words
from models import BallotPass, Kiosk, transaction
from services import ballots, identification
from services.ballots import CastOutcome
from services.errors import Conflict, ValidationFailed
from services.identification import NoPass
from services.security import Permission

ACCEPTED = frozenset({"cast", "repeated"})
ABANDONED_SECONDS = 120
"""Without a touch, a key or a scroll the ballot closes itself (issue 3: abandoned for 2 minutes)."""
ASK_SECONDS = 20
"""So long before that the page asks whether somebody is there: WCAG 2.2.1 wants 20 seconds or more."""
CAST_PATIENCE_SECONDS = 60
"""So long a cast is sent again by itself with the same key; a server that restarts takes less."""


class NoMoreTime(Conflict):
    code = "no_more_time"
    message = N_("No more time can be given here. Call the officer.")


class AlreadyVoted(Conflict):
    code = "already_voted"
    message = N_("You have already voted. Your first vote stands.")


@bp.get("/ballot")
@requires(Permission.POLL)
def ballot() -> Response:
    with transaction():
        kiosk = pages.present_kiosk()
        try:
            ballot_pass = identification.present_pass(kiosk)
        except NoPass:
            if wants_json():
                raise
            if not identification.has_run_out(kiosk):
                return redirect(url_for("poll.index"), 303)
            over = words.of_cast("pass_over")
            return pages.message(over, pages.election_view(kiosk.election), code="pass_over", done=True)
        election = pages.election_view(kiosk.election)
        shown = pages.ballot_view(ballot_pass, kiosk.election)
    if wants_json():
        return make_response(jsonify(shown | {"election": election["title"], "nota": True}))
    page = render_template(
        "poll/ballot.html", election=election, step=3, idempotency_key=secrets.token_urlsafe(24),
        abandoned_seconds=ABANDONED_SECONDS, ask_seconds=ASK_SECONDS, cast_patience=CAST_PATIENCE_SECONDS, **shown,
    )  # fmt: skip
    return make_response(page)


@bp.post("/vote")
@requires(Permission.POLL)
@limiter.limit(limits.BOOTH_VOTE, key_func=limits.booth_key)
def vote() -> Response:
    values = body()
    number, key = text_field(values, "voter_id", limit=40), text_field(values, "idempotency_key")
    with transaction():
        kiosk = pages.present_kiosk()
        election, secret = pages.election_view(kiosk.election), kiosk.election.is_secret
        words_after = kiosk.election.confirmation_text
        ballot_pass = _pass_to_cast(kiosk, number)
        choice = ballots.parse_choice(kiosk.election, _picked(values))
        outcome = ballots.cast_with_pass(ballot_pass, choice, key, current_actor())
    pages.forget_voter()
    if outcome.kind not in ACCEPTED:
        text = words.of_cast(outcome.kind)
        ways = [words.start_again(), words.call_officer()]
        return pages.message(text, election, code=outcome.kind, ways=ways, done=True)
    return _receipt(outcome, election, secret, words_after)


@bp.post("/more-time")
@requires(Permission.POLL)
@limiter.limit(limits.BOOTH_OTHER, key_func=limits.kiosk_key)
def more_time() -> Response:
    with transaction():
        ballot_pass = identification.more_time(pages.present_kiosk(), current_actor())
        if ballot_pass is None:
            raise NoMoreTime(_("No more time can be given here. Call the officer."))
        answer = {
            "expires_at": ballot_pass.expires_at.isoformat(),
            "seconds_left": identification.seconds_left(ballot_pass),
            "more_time_left": identification.MAX_EXTENSIONS - ballot_pass.extensions,
        }
    return make_response(jsonify(answer)) if wants_json() else redirect(url_for("poll.ballot"), 303)


@bp.post("/leave")
@requires(Permission.POLL)
@limiter.limit(limits.BOOTH_OTHER, key_func=limits.kiosk_key)
def leave() -> Response:
    with transaction():
        identification.leave(pages.present_kiosk(), current_actor())
    pages.forget_voter()
    if wants_json():
        return make_response(jsonify({"left": True, "redirect": url_for("poll.index")}))
    return redirect(url_for("poll.index"), 303)


@bp.post("/abandon")
@requires(Permission.POLL)
@limiter.limit(limits.BOOTH_OTHER, key_func=limits.kiosk_key)
def abandon() -> Response:
    """Close the ballot that nobody touched any more; the page asks for it."""
    with transaction():
        kiosk = pages.present_kiosk()
        election, closed = pages.election_view(kiosk.election), identification.abandon(kiosk, current_actor())
    pages.forget_voter()
    if wants_json():
        return make_response(jsonify({"abandoned": closed, "redirect": url_for("poll.index")}))
    if not closed:
        return redirect(url_for("poll.index"), 303)
    again = _("You can come again until the election closes.")
    return pages.message(
        words.of_abandoned(ABANDONED_SECONDS // 60), election, code="abandoned", facts=[again], done=True
    )


def _pass_to_cast(kiosk: Kiosk, number: str) -> BallotPass:
    """Find the pass; who has none here and has voted is told so, whatever kiosk or channel it was."""
    if not number:
        if request.is_json:
            raise ValidationFailed(fields={"voter_id": _("Send the voter ID.")})
        return identification.pass_to_cast(kiosk)
    try:
        return identification.pass_to_cast(kiosk, number)
    except NoPass:
        if identification.has_voted(kiosk, number):
            raise AlreadyVoted(_("You have already voted. Your first vote stands.")) from None
        raise


def _picked(values: dict[str, Any]) -> object:
    """Return the choice as sent: JSON as it is, a form's one or several marked rows, or the places of its names."""
    picked: Any = values.get("choice")
    if not request.is_json:
        if places := ballots.places_sent(request.form):
            return places
        marked = request.form.getlist("choice")
        picked = marked[0] if len(marked) == 1 else marked
    return picked.lower() if isinstance(picked, str) else picked


def _receipt(outcome: CastOutcome, election: dict[str, Any], secret: bool, words_after: str) -> Response:
    if wants_json():
        cast_at = outcome.cast_at.isoformat() if outcome.cast_at else None
        answer = {"audit_ref": outcome.audit_ref, "receipt": outcome.receipt, "cast_at": cast_at}
        more = {"confirmation_text": words_after, "signed_receipt": outcome.signed_receipt}
        return make_response(jsonify(answer | {name: value for name, value in more.items() if value}))
    signed = outcome.signed_receipt
    page = render_template(
        "poll/success.html", election=election, step=5, audit_ref=outcome.audit_ref, receipt=outcome.receipt,
        cast_at=outcome.cast_at, secret=secret, words_after=words_after,
        signed_receipt=signed, qr=ballots.receipt_qr(signed) if signed else None,
        verify_url=public_address("verify.election", public_id=election["public_id"]),
    )  # fmt: skip
    return make_response(page)
