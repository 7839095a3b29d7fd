"""The newest signed heads of the installation, for everybody to keep and to compare."""

from __future__ import annotations

from typing import Any

from flask import jsonify, render_template
from flask.typing import ResponseReturnValue

from blueprints.http import wants_json
from blueprints.policy import public
from blueprints.verify import bp
from models import SignedHead, use_role
from services import heads
from services.context import platform


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """Show the newest head of each chain, and the last ones that were signed."""
    with use_role("results"):
        newest = [_checked(head) for head in heads.newest_heads()]
        recent = [_checked(head) for head in heads.recent_heads()]
        mail = heads.newest_mail()
        mailed_at = mail.made_at if mail else None
    fingerprint = platform().keyring.fingerprints()["signing"]
    if wants_json():
        return jsonify({
            "key_fingerprint": fingerprint, "newest": _plain(newest), "recent": _plain(recent),
            "mailed_at": mailed_at.isoformat() if mailed_at else None,
        })  # fmt: skip
    return render_template(
        "verify/index.html", fingerprint=fingerprint, newest=newest, recent=recent, mailed_at=mailed_at,
        minutes=platform().settings.head_every_minutes,
    )  # fmt: skip


def _checked(head: SignedHead) -> dict[str, Any]:
    """Return a head with what our own check says against it: nothing, or a sentence."""
    title = head.election.title if head.election else ""
    return {**heads.as_document(head), "moment": head.made_at, "title": title, "problem": heads.check_head(head)}


def _plain(checked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in head.items() if name != "moment"} for head in checked]
