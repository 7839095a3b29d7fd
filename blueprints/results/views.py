"""What anybody may see of an election's result, as its policy allows."""

from __future__ import annotations

from flask import jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue

from blueprints.policy import public
from blueprints.result_context import result_context, result_json
from blueprints.results import bp
from models import Election
from services.clock import utc_now
from services.errors import NotFound
from services.results import public_election, result_of


@bp.get("/live")
@public
def live() -> ResponseReturnValue:
    """Answer the figures of `?election=<id>`, or of the present booth election, for polling every 2 to 5 s."""
    response = make_response(jsonify(result_json(result_of(_election(), utc_now()))))
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/")
@public
def page() -> ResponseReturnValue:
    """Show the result of `?election=<id>`, or of the present booth election."""
    result = result_of(_election(), utc_now())
    return render_template("results/public.html", result=result_context(result))


def _election() -> Election:
    chosen = request.args.get("election")
    if chosen is not None and not (chosen.isascii() and chosen.isdigit() and len(chosen) < 10):
        raise NotFound()
    found = public_election(int(chosen) if chosen else None)
    if found is None:
        raise NotFound()
    return found
