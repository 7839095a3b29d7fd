"""The description of the API, for programs."""

from __future__ import annotations

from flask import current_app, jsonify
from flask.typing import ResponseReturnValue

from blueprints.api import bp, openapi
from blueprints.policy import public


@bp.get("/openapi.json")
@public
def openapi_document() -> ResponseReturnValue:
    """Answer the OpenAPI document."""
    return jsonify(openapi.document(current_app))
