"""The API, version 1: what the pages do, for programs. JSON, bearer tokens, closed schemas, problem details.

A view says by `@documented` what it takes and answers; `openapi` makes the document out of that, so the two agree.
"""

from flask import Blueprint

from blueprints import limits

bp = Blueprint("api", __name__, url_prefix="/api/v1")
limits.limiter.limit(limits.API, key_func=limits.api_address_key)(bp)
limits.limiter.limit(limits.API, key_func=limits.api_account_key, exempt_when=limits.is_anonymous)(bp)

from blueprints.api import cors  # noqa: E402

bp.after_request(cors.add_headers)

from blueprints.api import (  # noqa: E402,F401
    approvals,
    audit,
    auth,
    check_in,
    description,
    devices,
    elections,
    evidence,
    faces,
    figures,
    imports,
    links,
    meetings,
    motions,
    own_record,
    parties,
    registering,
    registrations,
    results,
    reviews,
    voters,
    voting,
)
