"""For the operator: the development mailbox, whether the application is well, and its metrics."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template, request
from flask_babel import gettext as _

from blueprints.policy import public, requires
from models import transaction
from services import health, metrics, ops_figures
from services.context import platform
from services.email_service import mailbox as development_mailbox
from services.errors import Forbidden, NotFound
from services.security import Permission, same_token

bp = Blueprint("ops", __name__, url_prefix="/ops")
LOOPBACK = ("127.0.0.1", "::1")

# A mail is a foreign page: no scripts, no forms, nothing from elsewhere, not even this site's cookies.
MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


@bp.get("/health", endpoint="health")
@public
def health_check() -> Any:
    """Answer 200 `{"status": "ok"}`, or 503 while the database does not answer."""
    if health.database_answers():
        return jsonify(status="ok")
    return jsonify(status="database_unavailable"), 503


@bp.get("/health/live")
@public
def live() -> Any:
    """Answer 200 while this process answers at all; asks neither the database nor who it is."""
    return jsonify(status="ok")


@bp.get("/health/ready")
@public
def ready() -> Any:
    """Answer 200 when requests can be answered well, else 503; both with words for the operator."""
    found = health.readiness()
    answer = jsonify(status="ready" if found.ok else "not_ready", problems=found.problems, warnings=found.warnings)
    return answer, 200 if found.ok else 503


@bp.get("/metrics")
@public
def prometheus() -> Response:
    """Answer the metrics of all processes here, and figures of the database, as Prometheus reads them."""
    _need_reader()
    return Response(metrics.exposition(ops_figures.figures()), content_type=metrics.CONTENT_TYPE)


@bp.get("/mailbox")
@requires(Permission.READ_MAILBOX)
def mailbox() -> Any:
    """List all mails, newest first."""
    _need_mailbox()
    with transaction():
        page = development_mailbox.list_mail(request.args.get("page", 1, type=int))
    return render_template("ops/mailbox.html", page=page, per_page=development_mailbox.PER_PAGE)


@bp.get("/mailbox/<uuid:mail_id>")
@requires(Permission.READ_MAILBOX)
def message(mail_id: uuid.UUID) -> Any:
    """Show one mail: its text, its HTML in a frame of its own, its photo."""
    return render_template("ops/message.html", mail=_read(mail_id))


@bp.get("/mailbox/<uuid:mail_id>/html")
@requires(Permission.READ_MAILBOX)
def message_html(mail_id: uuid.UUID) -> Response:
    """Return the HTML part under a policy of its own, for the frame."""
    html = _read(mail_id).html
    if html is None:
        raise NotFound()
    response = make_response(html)
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


@bp.get("/mailbox/<uuid:mail_id>/pictures/<int:number>")
@requires(Permission.READ_MAILBOX)
def picture(mail_id: uuid.UUID, number: int) -> Response:
    """Return an attached picture; the first is number 0."""
    pictures = _read(mail_id).pictures
    if number >= len(pictures):
        raise NotFound()
    return Response(pictures[number].content, mimetype=pictures[number].mimetype)


def _read(mail_id: uuid.UUID) -> development_mailbox.StoredMail:
    _need_mailbox()
    with transaction():
        return development_mailbox.read_mail(mail_id)


def _need_mailbox() -> None:
    if not development_mailbox.is_open():
        raise NotFound()


def _need_reader() -> None:
    """Let in who holds METRICS_TOKEN; without one this computer only, and nobody through an undeclared proxy."""
    token = platform().settings.metrics_token
    if token:
        given = request.authorization.token if request.authorization else None
        if not same_token(given or "", token):
            raise Forbidden(_("Send the token of the metrics: Authorization: Bearer, then the token."))
        return
    through_proxy = "X-Forwarded-For" in request.headers and not platform().settings.trusted_proxies
    if request.remote_addr not in LOOPBACK or through_proxy:
        raise Forbidden(_("Only this computer may read the metrics. METRICS_TOKEN opens them to others."))


from blueprints.ops import mail_events  # noqa: E402,F401
