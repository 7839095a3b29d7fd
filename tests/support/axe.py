"""The accessibility checker axe-core, run inside a page under test."""

from __future__ import annotations

from typing import Any

from config import PROJECT

AXE = PROJECT / "var" / "tools" / "axe.min.js"
AXE_PATH = "/testing/axe.js"


def serving_axe(application: Any) -> Any:
    """Return the WSGI application with one more address, AXE_PATH: a page may fetch what comes from its own server."""

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] != AXE_PATH or not AXE.exists():
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/javascript"), ("Cache-Control", "max-age=3600")])
        return [AXE.read_bytes()]

    return serve
