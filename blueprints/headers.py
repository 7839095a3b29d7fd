"""Security headers of every answer."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, current_app, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

from services.context import platform
from services.security import TimedSigner

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
        "base-uri 'none'",
    )
)
CAMERA_PAGES = frozenset(
    {"poll.camera", "admin.enrol_page", "landing.index", "voter.register", "voter.identity", "voter.check_in"}
)
"""The booth, the enrolment at the desk, the door, where staff choose the booth's camera, and the voter's own pages."""
POSITION_PAGES = frozenset({"attendance.new_meeting", "attendance.meetings", "voter.check_in", "voter.check_in_code"})
"""Where an officer gives the place of a meeting, and where a member shows to be there."""
CACHEABLE = frozenset({"static", "media.public", "media.ballot", "results.share"})
BUCKET_PAGES = frozenset({"admin", "results"})
"""Rooms whose portraits may come from a bucket; a page on which somebody votes asks no other host for anything."""


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions, but for what a shared cache may keep: there a cookie would reach whoever asks next.

    They are dated by the application's clock, so that a node with a wrong one ends no session.
    """

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = TimedSigner
        return serializer

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint not in CACHEABLE:
            super().save_session(app, session, response)


def init_app(app: Flask) -> None:
    app.session_interface = Sessions()
    app.after_request(add_headers)


def content_security_policy() -> str:
    """Return the policy of this page: pictures from the bucket's host where there is one, on pages that need it."""
    host = platform().storage.origin if request.blueprint in BUCKET_PAGES else None
    sources = f"img-src 'self' {host}" if host else "img-src 'self'"
    return CONTENT_SECURITY_POLICY.replace("img-src 'self'", sources)


def add_headers(response: Response) -> Response:
    """Add the headers; a view may have set a stricter policy of its own."""
    works = request.endpoint in CAMERA_PAGES and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    camera = "(self)" if works else "()"
    located = request.endpoint in POSITION_PAGES and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    position = "(self)" if located else "()"
    defaults = {
        "Content-Security-Policy": content_security_policy(),
        "Permissions-Policy": f"camera={camera}, microphone=(), geolocation={position}, payment=(), usb=()",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Permitted-Cross-Domain-Policies": "none",
        "X-DNS-Prefetch-Control": "off",
    }
    if request.endpoint not in CACHEABLE or response.status_code >= HTTPStatus.BAD_REQUEST:
        response.headers["Cache-Control"] = "no-store"  # also over what `send_file` says
    if current_app.config["ENV_NAME"] == "production":  # not with a self-signed certificate of a trial
        defaults["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    for name, value in defaults.items():
        response.headers.setdefault(name, value)
    if response.location and response.location.startswith(request.host_url):
        # Werkzeug adds a missing slash with the Host of the request, which anybody may claim.
        response.location = f"/{response.location.removeprefix(request.host_url)}"
    return response
