"""My elections: where to vote, what was done, where the results are."""

from __future__ import annotations

from flask import g, jsonify, render_template
from flask.typing import ResponseReturnValue

from blueprints.http import wants_json
from blueprints.policy import requires
from blueprints.voter import bp
from services import voter_accounts, voters
from services.security import Permission


@bp.get("/elections")
@requires(Permission.OWN_VOTES)
def elections() -> ResponseReturnValue:
    """List the elections on whose roll the voter stands."""
    voter, found = voters.get_voter(g.principal.id), voter_accounts.own_elections(g.principal.id)
    if wants_json():
        return jsonify(
            elections=[
                {
                    "id": one.election.id, "title": one.election.title, "stage": one.stage.value,
                    "opens_at": one.election.opens_at.isoformat(), "closes_at": one.election.closes_at.isoformat(),
                    "channels": list(one.ways), "voted_at": one.voted_at.isoformat() if one.voted_at else None,
                }
                for one in found
            ]
        )  # fmt: skip
    return render_template(
        "voter/elections.html", voter=voter, number=voters.format_voter_number(voter.voter_id), found=found
    )
