"""Errors become an answer here and nowhere else: HTML for people, JSON for programs."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from blueprints.http import current_actor, is_api, mark_refused, wants_json
from blueprints.logs import loggable
from models import transaction
from services import database_errors, disk, metrics, pictures
from services.elections import OutsideNetwork
from services.errors import DomainError, FileDamaged, StorageAway, TooMany, ValidationFailed

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
OPERATOR_FROM = 500
"""From this status on the operator has to look, and needs the number of the request."""
READING = ("GET", "HEAD", "OPTIONS")
BALLOT_ENDPOINTS = frozenset({"poll.ballot", "poll.vote", "poll.more_time", "poll.leave", "poll.abandon"})
OVER = frozenset({"no_ballot_open", "already_voted"})
"""Who comes from the ballot goes back to it, unless one of these says that it is closed."""


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, domain_error)
    app.register_error_handler(FileDamaged, file_damaged)
    app.register_error_handler(StorageAway, storage_away)
    app.register_error_handler(CSRFError, csrf_error)
    app.register_error_handler(SecurityError, foreign_host)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(database_errors.DatabaseError, database_error)
    app.register_error_handler(Exception, unexpected_error)


def domain_error(error: DomainError) -> Response:
    fields = error.fields if isinstance(error, ValidationFailed) else None
    if not isinstance(error, TooMany):
        return _answer(error.status, error.code, error.message, fields)
    response = _answer(error.status, error.code, error.message, wait=error.seconds)
    response.headers["Retry-After"] = str(error.seconds)
    return response


def file_damaged(error: FileDamaged) -> Response:
    """Answer 410, and report the file in a transaction of its own: the request's was rolled back."""
    try:
        with transaction():
            pictures.report_damaged(error.path, current_actor())
    except Exception:
        log.exception("The report about the damaged file could not be written")
    return domain_error(error)


def storage_away(error: StorageAway) -> Response:
    """Answer 503 while the bucket is away, and tell the commissioner in a transaction of its own."""
    metrics.count(metrics.Event.STORAGE_FAILURE)
    try:
        with transaction():
            disk.alert_away()
    except Exception:
        log.exception("The alert about the bucket could not be queued")
    response = domain_error(error)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def csrf_error(error: CSRFError) -> Response:
    mark_refused("csrf")
    return _answer(400, "csrf", _("This page is too old. Open it again, then repeat what you did."))


def foreign_host(error: SecurityError) -> Response:
    """Answer 400 in plain text: for a host that is not ours no address can be made, so no page either."""
    words = _("This system does not answer at this address. Check the address.")
    return _json(400, "foreign_host", words) if wants_json() else Response(words, 400, content_type="text/plain")


def http_error(error: HTTPException) -> Response:
    words = {
        400: _("The request could not be read."),
        403: _("You are not allowed to do this."),
        404: _("There is nothing at this address."),
        405: _("This address does not take that kind of request."),
        413: _("That is too large. Send less at once."),
        415: _("Send JSON or a form."),
        429: _("Too many tries. Wait a minute, then try again."),
    }
    status = error.code or 500
    response = _answer(status, _code(status), words.get(status, error.name))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "WWW-Authenticate"):
            response.headers[name] = value
    return response


def unexpected_error(error: Exception) -> Response:
    """Answer without a word of the exception and without the database, which may be what failed."""
    log.error("unexpected error in %s %s", request.method, loggable(request.path), exc_info=error)
    metrics.count(metrics.Event.SERVER_ERROR)
    if wants_json():
        return _json(500, "server_error", _("Something went wrong here. Nothing was changed. Try again."))
    return _bare_page(500)


def database_error(error: database_errors.DatabaseError) -> Response:
    """Answer 503 while the database is away, without a word of the exception and without asking it anything."""
    if not database_errors.is_away(error):
        return unexpected_error(error)
    words = (request.method, loggable(request.path), database_errors.cause(error))
    log.error("the database did not answer in %s %s: %s", *words)
    metrics.count(metrics.Event.DATABASE_FAILURE)
    answer = _outcome_unknown() if _may_have_saved(error) else _not_ready()
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _may_have_saved(error: database_errors.DatabaseError) -> bool:
    return database_errors.outcome_is_unknown(error) and request.method not in READING


def _not_ready() -> Response:
    words = _("The system is not ready. Nothing was changed. Try again in a moment.")
    return _json(503, "not_ready", words) if wants_json() else _bare_page(503)


def _outcome_unknown() -> Response:
    """Say that nobody knows: to claim that nothing was changed would send a voter away whose vote is counted."""
    words = _(
        "The answer got lost: this may be saved, or not. Send a vote once more with the same key, it counts once."
        " Of anything else look whether it is there first."
    )
    return _json(503, "outcome_unknown", words) if wants_json() else _bare_page(503, "outcome_unknown")


def _bare_page(status: int, name: str = "") -> Response:
    """Answer a page that no template engine and no database has a part in."""
    # By the address: who asks is only known while the database answers.
    page = "booth_500" if request.path.startswith("/poll/") else name or str(status)
    with current_app.open_resource(f"templates/errors/{page}.html", "rt", encoding="utf-8") as file:
        page = file.read()
    return make_response(page.replace("REQUEST_ID", g.get("request_id", "-")), status)


def _answer(
    status: int, code: str, message: str, fields: dict[str, str] | None = None, wait: int | None = None
) -> Response:
    if wants_json():
        return _json(status, code, message, fields)
    principal = g.get("principal")
    if principal is not None and principal.role == "kiosk":
        return _booth_page(status, code, message, wait)
    page = render_template(
        "errors/error.html", code=status, heading=_heading(status), message=message, request_id=g.get("request_id")
    )
    return make_response(page, status)


def _booth_page(status: int, code: str, message: str, wait: int | None) -> Response:
    """Answer a voter: what is so, that nothing is lost, and the way on. It asks the database nothing."""
    to_ballot = request.endpoint in BALLOT_ENDPOINTS and code not in OVER
    page = render_template(
        "errors/booth.html", heading=_booth_heading(status, code), wait=wait, to_ballot=to_ballot,
        message=message if wait is None else _("Too many tries at this screen."),
        back=url_for("poll.ballot" if to_ballot else "poll.index"), code=status,
        request_id=g.get("request_id") if status >= OPERATOR_FROM else None,
    )  # fmt: skip
    return make_response(page, status)


def _booth_heading(status: int, code: str) -> str:
    """Return the instruction for a voter: staff words such as "Sign in first" are none."""
    if code == OutsideNetwork.code:
        return _("This booth is outside the network")
    headings = {
        403: _("This is not for a voter"),
        404: _("There is no page here"),
        405: _("There is no page here"),
        409: _("This is not possible now"),
        413: _("That was too much at once"),
        422: _("Something is missing"),
        429: _("Wait a moment"),
        503: _("Wait a moment"),
    }
    return headings.get(status, _("That did not work"))


def _json(status: int, code: str, message: str, fields: dict[str, str] | None = None) -> Response:
    if is_api():
        return problem(status, code, message, fields)
    error: dict[str, object] = {"code": code, "message": message}
    if fields:
        error["fields"] = fields
    return make_response(jsonify({"error": error}), status)


def problem(status: int, code: str, message: str, fields: dict[str, str] | None = None) -> Response:
    """Answer with problem details (RFC 9457); `code` is stable, the words may change."""
    title = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    told: dict[str, object] = {"type": f"urn:smart-voting:problem:{code}", "title": title, "status": status}
    told |= {"code": code, "detail": message, "request_id": g.get("request_id", "-")}
    response = make_response(jsonify(told | ({"fields": fields} if fields else {})), status)
    response.content_type = "application/problem+json"
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return response


def _heading(status: int) -> str:
    headings = {
        401: _("Sign in first"),
        403: _("This is not yours to do"),
        404: _("Nothing is here"),
        409: _("This is not possible now"),
        410: _("This is damaged"),
        413: _("That is too large"),
        429: _("Too many tries"),
        503: _("Not ready"),
    }
    return headings.get(status, _("This could not be done"))


def _code(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "_") if status in HTTPStatus._value2member_map_ else "error"
