"""The evidence pack of an election, and the program that checks it."""

from __future__ import annotations

import uuid
from io import BytesIO

from flask import Response, send_file

from blueprints import limits
from blueprints.limits import limiter
from blueprints.policy import public
from blueprints.verify import bp
from models import use_role
from services import elections
from services.evidence import ballots_as_blt, evidence_pack, verifier
from services.exports import blt_name, evidence_name


@bp.get("/verify.py")
@public
def program() -> Response:
    """Send the program that checks packs: one file, to read and to run."""
    return send_file(BytesIO(verifier()), mimetype="text/x-python", download_name="verify.py", max_age=0)


@bp.get("/<uuid:public_id>/evidence.zip")
@public
@limiter.limit(limits.EVIDENCE, key_func=limits.address_key)
def pack(public_id: uuid.UUID) -> Response:
    """Send the evidence pack; 409 before the election is closed and counted. The first request builds it."""
    election = elections.published_election(public_id)
    number, name = election.id, evidence_name(election)
    with use_role("results"):
        made = evidence_pack(number)
    return send_file(
        made.path, mimetype="application/zip", as_attachment=True, download_name=name, etag=made.sha256, max_age=0
    )


@bp.get("/<uuid:public_id>/ballots.blt")
@public
@limiter.limit(limits.EVIDENCE, key_func=limits.address_key)
def blt(public_id: uuid.UUID) -> Response:
    """Send the ballots of a counted ranked election for any other counting program; 404 for every other election."""
    number = elections.published_election(public_id).id
    with use_role("results"):
        found = elections.get_election(number)
        content, name = ballots_as_blt(found), blt_name(found)
    return send_file(
        BytesIO(content.encode()), mimetype="text/plain", as_attachment=True, download_name=name, max_age=0
    )
