"""What anybody may see of an election's result, as its policy allows."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Response, jsonify, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints import limits, streams
from blueprints.from_replica import from_replica
from blueprints.http import body, public_address, text_field, wants_json
from blueprints.limits import limiter
from blueprints.policy import public
from blueprints.result_context import result_context, result_document, result_json, tie_facts
from blueprints.results import bp
from models import Election, Method
from services import identification
from services.ballots import is_counted, listed_receipts
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, NotFound, ValidationFailed
from services.exports import (
    poster_key,
    poster_of,
    rounds_csv,
    rounds_name,
    sample_ballot_name,
    sample_ballot_pdf,
    share_picture,
)
from services.result_rules import is_over
from services.result_words import under_review_sentence, verdict_title, verdict_words
from services.results import public_election, receipts_listed, result_of
from services.shown_result import shown_result

KIND = "public"
PUBLIC_SHARE = 0.5
"""Half of the live lines stay free for the desk, however many people look at a result."""


@bp.get("/live")
@public
@from_replica
def live() -> ResponseReturnValue:
    """Answer the figures of `?election=<id>`, or of the present booth election, for polling every 2 to 5 s.

    On `Accept: text/event-stream` they are pushed. The policy of the election is asked at each count.
    """
    election = _election()
    if streams.is_wanted():
        return streams.answer((KIND, election.id), lambda: True, PUBLIC_SHARE)
    return jsonify(result_json(shown_result(election, utc_now())))


@bp.get("/")
@public
@from_replica
def page() -> ResponseReturnValue:
    """Show the result of `?election=<id>`, or of the present booth election."""
    return _page(_election())


@bp.post("/receipt")
@public
@limiter.limit(limits.RECEIPTS, key_func=limits.address_key)
def receipt() -> ResponseReturnValue:
    """Say whether the ballot of a typed receipt was counted. A POST, so that no code comes into an address."""
    election = _election()
    if not receipts_listed(election):
        raise Conflict(_("The receipts are listed once the election is closed and counted."))
    typed = text_field(body(), "receipt", limit=100)
    try:
        counted, problem = is_counted(election, typed), None
    except ValidationFailed as error:
        if wants_json():
            raise
        counted, problem = None, error.message
    if wants_json():
        return jsonify({"counted": counted})
    page = _page(election, receipt={"typed": typed, "counted": counted, "problem": problem})
    return page, 422 if problem else 200


@bp.get("/receipts.txt")
@public
@from_replica
def receipts() -> ResponseReturnValue:
    """List the receipts of all counted ballots, one a line, in the order of the codes."""
    election = _election()
    if not receipts_listed(election):
        raise NotFound()
    return Response("".join(f"{code}\n" for code in listed_receipts(election)), content_type="text/plain")


@from_replica
def snapshot(election_id: int) -> dict[str, Any]:
    """Return what anybody may see of the election now, for the hub, which bounds by itself how often it counts."""
    found = public_election(election_id)
    if found is None:
        raise NotFound()
    return result_json(result_of(found, utc_now()))


@bp.get("/result.json")
@public
@from_replica
def document() -> ResponseReturnValue:
    """Answer the final result as one JSON document (docs/result-json.md); 409 before it is final."""
    election = _election()
    result = result_of(election, utc_now())
    if not result.final:
        raise Conflict(_("The result is not final. Come back when the election is closed and counted."))
    return jsonify(result_document(election, result))


@bp.get("/rounds.csv")
@public
@from_replica
def rounds_table() -> ResponseReturnValue:
    """Send the votes of every round of a ranked count; 404 for other methods, 409 before it is final."""
    election = _election()
    if election.method is not Method.RANKED:
        raise NotFound()
    result = result_of(election, utc_now())
    if result.rounds is None:
        raise Conflict(_("The result is not final. Come back when the election is closed and counted."))
    content = BytesIO(rounds_csv(result.rounds))
    return send_file(content, mimetype="text/csv", as_attachment=True, download_name=rounds_name(election), max_age=0)


@bp.get("/share.png")
@public
@from_replica
def share() -> ResponseReturnValue:
    """Send the picture of the result; kept for good under the address that names its content (`v`).

    Once counts may be seen by anybody, pages of other sites may show it.
    """
    result = shown_result(_election(), utc_now())
    poster = poster_of(result)
    key = poster_key(poster)
    response = Response(share_picture(poster), content_type="image/png")
    response.set_etag(key)
    if result.counted:
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    lasting = request.args.get("v") == key
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
    return response.make_conditional(request)


@bp.get("/sample-ballot.pdf")
@public
@from_replica
def sample_ballot() -> ResponseReturnValue:
    """Send the ballot of an election that was opened, to print and look at."""
    election = _election()
    content = sample_ballot_pdf(election, utc_now(), platform().settings.timezone)
    name = sample_ballot_name(election)
    return send_file(BytesIO(content), mimetype="application/pdf", download_name=name, max_age=0)


def _page(election: Election, receipt: dict[str, object] | None = None) -> str:
    result = shown_result(election, utc_now())
    poster = poster_of(result)
    return render_template(
        "results/public.html",
        result=result_context(result),
        headline=verdict_title(result),
        words=verdict_words(result),
        tie_facts=tie_facts(result),
        share_url=public_address("results.share", election=election.id, v=poster_key(poster)),
        share_words=f"{poster.headline}. {poster.turnout}.",
        under_review=under_review_sentence(identification.under_review(election)) if is_over(election) else "",
        receipts_listed=receipts_listed(election),
        receipt=receipt,
        verify_url=url_for("verify.election", public_id=election.public_id),
        blt_url=url_for("verify.blt", public_id=election.public_id) if result.rounds and result.secret else None,
    )


def _election() -> Election:
    chosen = request.args.get("election")
    if chosen is not None and not (chosen.isascii() and chosen.isdigit() and len(chosen) < 10):
        raise NotFound()
    found = public_election(int(chosen) if chosen else None)
    if found is None:
        raise NotFound()
    return found
