"""The officer's screen: identification by document, confirmed by a second member of staff."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from blueprints import limits
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.limits import limiter
from blueprints.policy import requires
from blueprints.poll import bp, pages, words
from models import DocumentKind, transaction
from services import identification, voters
from services.identification import LookupReason
from services.identification.document import DocumentOutcome, StaffForm
from services.security import Permission

DOCUMENT = "10 per minute"
"""By kiosk: two people who type three passwords; slows the guessing of them on top of the accounts' own lock-out."""
OPEN_FORM = "20 per minute"
"""By kiosk: opening the form looks a voter ID up."""
IDLE_SECONDS = 180
"""An empty chair: the form clears itself."""
ASKED_AGAIN = frozenset({LookupReason.TYPING_SLIP, LookupReason.UNKNOWN_NUMBER, LookupReason.NOT_ON_ROLL})
STATUS = {"shown": 200, "ask_officer": 200, "validation_failed": 422, "same_person": 422, "form_over": 409}
TEXTS = ("document", "officer", "second")
PASSWORDS = ("password", "second_password")


@bp.route("/document", methods=["GET", "POST"])
@requires(Permission.POLL)
@limiter.limit(OPEN_FORM, key_func=limits.kiosk_key)
def document_form() -> Response:
    values = {} if request.method == "GET" else body()
    form = _read(values)
    if not form.voter_number:
        problems = {"voter_id": _("Type the voter ID first.")} if "voter_id" in values else {}
        with transaction():
            election = pages.election_view(pages.present_kiosk().election)
        return _page(election, "number", problems, 422 if problems else 200)
    with transaction():
        kiosk = pages.present_kiosk()
        election = pages.election_view(kiosk.election)
        outcome = identification.document.open_entry(kiosk, form, current_actor(), "officer" in values)
        shown = _entry_view(outcome)
    return _answer(outcome, election, form, shown)


@bp.post("/auth/document")
@requires(Permission.POLL)
@limiter.limit(DOCUMENT, key_func=limits.kiosk_key)
def document() -> Response:
    form = _read(body())
    with transaction():
        kiosk = pages.present_kiosk()
        election = pages.election_view(kiosk.election)
        outcome = identification.document.identify(kiosk, form, current_actor())
        shown = _entry_view(outcome)
    if outcome.event is None:
        return _answer(outcome, election, form, shown)
    pages.forget_voter()
    if wants_json():
        return make_response(jsonify({"result": "success", "redirect": url_for("poll.ballot")}))
    return redirect(url_for("poll.ballot"), 303)


@bp.post("/document/cancel")
@requires(Permission.POLL)
@limiter.limit(limits.BOOTH_OTHER, key_func=limits.kiosk_key)
def document_cancel() -> Response:
    with transaction():
        identification.document.cancel(pages.present_kiosk(), current_actor())
    pages.forget_voter()
    if wants_json():
        return make_response(jsonify({"left": True, "redirect": url_for("poll.index")}))
    return redirect(url_for("poll.index"), 303)


def _read(values: dict[str, Any]) -> StaffForm:
    """Return the form as sent; passwords are read like those of signing in."""
    read = {name: text_field(values, name) for name in TEXTS}
    read |= {name: text_field(values, name, limit=1000) for name in (*PASSWORDS, "reason", "seal")}
    return StaffForm(voter_number=text_field(values, "voter_id", limit=40), **read)


def _entry_view(outcome: DocumentOutcome) -> dict[str, Any]:
    """Return what the form shows of the voter: the full name only while an officer is signed in for it."""
    voter = outcome.lookup.voter
    return {
        "voter_number": voters.format_voter_number(voter.voter_id if voter else outcome.lookup.voter_number),
        "masked_name": outcome.lookup.masked_name,
        "full_name": voter.name if voter and outcome.officer else None,
        "officer": outcome.officer.username if outcome.officer else None,
    }


def _answer(outcome: DocumentOutcome, election: dict[str, Any], form: StaffForm, shown: dict[str, Any]) -> Response:
    """Stay on the form with words; who cannot vote here is told so at once."""
    lookup = outcome.lookup
    if lookup.by_document:
        status = 429 if outcome.retry_after else STATUS.get(outcome.code, 403)
        if wants_json() and status >= 400:
            return _wait(_error(outcome, status), outcome.retry_after)
        step = "confirm" if outcome.officer else "officer"
        page = _page(election, step, outcome.problems, status, form, outcome, **shown)
        return _wait(page, outcome.retry_after)
    said = words.of_lookup(lookup)
    if lookup.reason in ASKED_AGAIN and not wants_json():
        return _page(election, "number", {"voter_id": said.message}, said.status, form)
    return pages.message(said, election, code=lookup.reason.value, done=True)


def _page(
    election: dict[str, Any], step: str, problems: dict[str, str], status: int,
    form: StaffForm | None = None, outcome: DocumentOutcome | None = None, **shown: Any,
) -> Response:  # fmt: skip
    typed = form or StaffForm("")
    page = render_template(
        "poll/officer.html", election=election, stage=step, errors=problems,
        errors_by_id={f"f-{name}": words for name, words in problems.items()}, kinds=_kinds(), idle=IDLE_SECONDS,
        minutes=identification.document.SEAL_SECONDS // 60, min_reason=identification.document.MIN_REASON,
        typed={"voter_id": typed.voter_number, **{name: getattr(typed, name) for name in (*TEXTS, "reason")}},
        seal=outcome.seal if outcome else "", alone=outcome.alone if outcome else False, **shown,
    )  # fmt: skip
    return make_response(page, status)


def _kinds() -> list[tuple[str, str]]:
    """Return the kinds of document to choose from, nothing chosen first."""
    labels = {
        DocumentKind.IDENTITY_CARD: _("Identity card"),
        DocumentKind.PASSPORT: _("Passport"),
        DocumentKind.DRIVING_LICENCE: _("Driving licence"),
        DocumentKind.OTHER: _("Other, with a picture"),
    }
    return [("", _("Choose")), *((kind.value, labels[kind]) for kind in DocumentKind)]


def _error(outcome: DocumentOutcome, status: int) -> Response:
    error = {"code": outcome.code, "message": " ".join(outcome.problems.values()), "fields": outcome.problems}
    return make_response(jsonify({"error": error}), status)


def _wait(response: Response, seconds: timedelta | None) -> Response:
    if seconds is not None:
        response.headers["Retry-After"] = str(max(1, round(seconds.total_seconds())))
    return response
