"""Public pictures: portraits and symbols, named by their content and so cacheable for ever.

Pages of the desk and of results may get theirs from the bucket itself, by a signed address. A ballot never does: who
opens one tells nobody but us, and what stands on it is checked against its hash.
"""

from flask import Blueprint, Response, redirect

from blueprints.policy import public as everybody
from services.context import platform
from services.storage import PUBLIC

bp = Blueprint("media", __name__)
TYPES = {"jpg": "image/jpeg", "png": "image/png"}


@bp.get("/media/<path:path>")
@everybody
def public(path: str) -> Response:
    """Serve one public picture, or send the browser to the bucket that holds it."""
    there = platform().storage.public_link(f"{PUBLIC}/{path}")
    if there is None:
        return _picture(path)
    response = redirect(there)
    # As long as half of the signature's life: whoever keeps the answer gets the picture at its end, too.
    seconds = platform().settings.s3_link_seconds // 2
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    return response


@bp.get("/media/ballot/<path:path>")
@everybody
def ballot(path: str) -> Response:
    """Serve one picture of a ballot, from here wherever it lies."""
    return _picture(path)


def _picture(path: str) -> Response:
    content = platform().storage.read(f"{PUBLIC}/{path}")
    response = Response(content, content_type=TYPES.get(path.rpartition(".")[2], "application/octet-stream"))
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
