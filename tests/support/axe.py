"""The accessibility checker axe-core, run inside a page under test."""

from __future__ import annotations

from typing import Any

from config import PROJECT

AXE = PROJECT / "var" / "tools" / "axe.min.js"
AXE_PATH = "/testing/axe.js"
BLANK_PATH = "/testing/blank"


def serving_axe(application: Any) -> Any:
    """Return the WSGI application with AXE_PATH, which a page may fetch from its own server, and with BLANK_PATH."""

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] == BLANK_PATH:
            start_response("200 OK", [("Content-Type", "text/html"), ("Cross-Origin-Opener-Policy", "same-origin")])
            return [b"<!doctype html>"]
        if environ["PATH_INFO"] != AXE_PATH or not AXE.exists():
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/javascript"), ("Cache-Control", "max-age=3600")])
        return [AXE.read_bytes()]

    return serve
