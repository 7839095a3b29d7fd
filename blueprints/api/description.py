"""The description of the API: the OpenAPI document for programs, and two pages that draw it for people."""

from __future__ import annotations

from flask import current_app, jsonify, make_response, render_template
from flask.typing import ResponseReturnValue

from blueprints import headers
from blueprints.api import bp, openapi
from blueprints.policy import public
from services import api_pages


@bp.get("/openapi.json")
@public
def openapi_document() -> ResponseReturnValue:
    """Answer the OpenAPI document."""
    return jsonify(openapi.document(current_app))


@bp.get("/docs")
@public
def swagger() -> ResponseReturnValue:
    """Show the operations with Swagger UI, which can call them."""
    return _page("swagger")


@bp.get("/redoc")
@public
def redoc() -> ResponseReturnValue:
    """Show the operations with ReDoc, to read."""
    page = make_response(_page("redoc"))
    styles = " ".join(("style-src 'self'", *api_pages.REDOC_STYLES))
    page.headers["Content-Security-Policy"] = headers.content_security_policy().replace("style-src 'self'", styles)
    return page


def _page(program: str) -> str:
    return render_template("api/docs.html", program=program, here=api_pages.are_here())
