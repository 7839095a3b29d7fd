"""The newest signed heads of the installation, for everybody to keep and to compare."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Response, jsonify, render_template, send_file
from flask.typing import ResponseReturnValue

from blueprints.http import public_address, wants_json
from blueprints.policy import public
from blueprints.verify import bp
from models import SignedHead, use_role
from services import heads
from services.context import platform

STAMP_NAME = "head-{}.tsr"
CHECK = "openssl ts -verify -digest {hash} -in {file} -CAfile AUTHORITY.pem"
INSIDE = ("moment", "stamped_at")
"""What the page needs as times; JSON has them as text."""


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """Show the newest head of each chain, and the last ones that were signed."""
    with use_role("results"):
        newest = [_checked(head) for head in heads.newest_heads()]
        recent = [_checked(head) for head in heads.recent_heads()]
        mail = heads.newest_mail()
        mailed_at = mail.made_at if mail else None
    keyring = platform().keyring
    fingerprint, handovers = keyring.fingerprints()["signing"], keyring.signing_keys.handovers
    if wants_json():
        return jsonify({
            "key_fingerprint": fingerprint, "handovers": [one.line for one in handovers],
            "newest": _plain(newest), "recent": _plain(recent),
            "mailed_at": mailed_at.isoformat() if mailed_at else None,
        })  # fmt: skip
    return render_template(
        "verify/index.html", fingerprint=fingerprint, handovers=handovers, newest=newest, recent=recent,
        mailed_at=mailed_at, minutes=platform().settings.head_every_minutes, stamps_wait=heads.waiting_words(),
    )  # fmt: skip


@bp.get("/head-<int:number>.tsr")
@public
def stamp(number: int) -> Response:
    """Send the time stamp of a head as the authority gave it (RFC 3161, DER); 404 when it has none."""
    token = heads.stamped_head(number).timestamp_token or b""
    return send_file(
        BytesIO(token), mimetype="application/timestamp-reply", as_attachment=True,
        download_name=STAMP_NAME.format(number), max_age=0,
    )  # fmt: skip


def as_public(head: SignedHead, check: bool = True) -> dict[str, Any]:
    """Return a head in JSON types with its time stamp, if it has one: what it says, where it is, and whether it fits.

    To check a stamp takes a millisecond.
    """
    told = heads.stamp_document(head)
    if told is not None:
        told["address"] = public_address("verify.stamp", number=head.id)
        told["command"] = CHECK.format(hash=told["hash"], file=STAMP_NAME.format(head.id))
        told |= {"problem": heads.stamp_problem(head)} if check else {}
    return {**heads.as_document(head), "time_stamp": told}


def _checked(head: SignedHead) -> dict[str, Any]:
    """Return a head with what our own check says against it: nothing, or a sentence."""
    title = head.election.title if head.election else ""
    return {
        **as_public(head), "moment": head.made_at, "stamped_at": head.stamped_at, "title": title,
        "problem": heads.check_head(head),
    }  # fmt: skip


def _plain(checked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in head.items() if name not in INSIDE} for head in checked]
