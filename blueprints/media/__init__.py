"""Public pictures: portraits and symbols, named by their content and so cacheable for ever."""

from flask import Blueprint, Response

from blueprints.policy import public as everybody
from services.context import platform
from services.storage import PUBLIC

bp = Blueprint("media", __name__)
TYPES = {"jpg": "image/jpeg", "png": "image/png"}


@bp.get("/media/<path:path>")
@everybody
def public(path: str) -> Response:
    """Serve one public picture."""
    content = platform().storage.read(f"{PUBLIC}/{path}")
    response = Response(content, content_type=TYPES.get(path.rpartition(".")[2], "application/octet-stream"))
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
