"""Errors become an answer here and nowhere else: HTML for people, JSON for programs."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from blueprints.http import current_actor, wants_json
from blueprints.logs import loggable
from models import transaction
from services import pictures
from services.errors import DomainError, FileDamaged, ValidationFailed

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, domain_error)
    app.register_error_handler(FileDamaged, file_damaged)
    app.register_error_handler(CSRFError, csrf_error)
    app.register_error_handler(SecurityError, foreign_host)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unexpected_error)


def domain_error(error: DomainError) -> Response:
    fields = error.fields if isinstance(error, ValidationFailed) else None
    return _answer(error.status, error.code, error.message, fields)


def file_damaged(error: FileDamaged) -> Response:
    """Answer 410, and report the file in a transaction of its own: the request's was rolled back."""
    try:
        with transaction():
            pictures.report_damaged(error.path, current_actor())
    except Exception:
        log.exception("The report about the damaged file could not be written")
    return domain_error(error)


def csrf_error(error: CSRFError) -> Response:
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
    if wants_json():
        return _json(500, "server_error", _("Something went wrong here. Nothing was changed. Try again."))
    with current_app.open_resource("templates/errors/500.html", "rt", encoding="utf-8") as file:
        page = file.read()
    return make_response(page.replace("REQUEST_ID", g.get("request_id", "-")), 500)


def _answer(status: int, code: str, message: str, fields: dict[str, str] | None = None) -> Response:
    if wants_json():
        return _json(status, code, message, fields)
    page = render_template(
        "errors/error.html", code=status, heading=_heading(status), message=message, request_id=g.get("request_id")
    )
    return make_response(page, status)


def _json(status: int, code: str, message: str, fields: dict[str, str] | None = None) -> Response:
    error: dict[str, object] = {"code": code, "message": message}
    if fields:
        error["fields"] = fields
    return make_response(jsonify({"error": error}), status)


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
