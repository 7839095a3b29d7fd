"""Security headers of every answer."""

from __future__ import annotations

from flask import Flask, Response, current_app, request

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
CAMERA_PAGES = frozenset({"poll.camera", "admin.enrol_page"})
CACHEABLE = frozenset({"static", "media.public"})


def init_app(app: Flask) -> None:
    app.after_request(add_headers)


def add_headers(response: Response) -> Response:
    """Add the headers; a view may have set a stricter policy of its own."""
    camera = "(self)" if request.endpoint in CAMERA_PAGES else "()"
    defaults = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Permissions-Policy": f"camera={camera}, microphone=(), geolocation=(), payment=(), usb=()",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if request.endpoint not in CACHEABLE:
        defaults["Cache-Control"] = "no-store"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        defaults["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    for name, value in defaults.items():
        response.headers.setdefault(name, value)
    return response
