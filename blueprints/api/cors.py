"""Pages of other sites that may call the API: none, unless CORS_ORIGINS names their origins. Never with cookies."""

from __future__ import annotations

from flask import Response, request

from services.context import platform

HEADERS = "Authorization, Content-Type, Idempotency-Key"
PREFLIGHT_SECONDS = 600


def add_headers(response: Response) -> Response:
    """Let a browser hand the answer to a page of a named origin; a preflight is told what it may send."""
    origins = platform().settings.cors_origins
    if not origins:
        return response
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin not in origins:
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
        response.headers["Access-Control-Allow-Headers"] = HEADERS
        response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return response
