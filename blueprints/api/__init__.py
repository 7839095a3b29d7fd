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

from blueprints.api import (  # noqa: E402
    approvals,  # noqa: F401
    audit,  # noqa: F401
    auth,  # noqa: F401
    check_in,  # noqa: F401
    description,  # noqa: F401
    elections,  # noqa: F401
    evidence,  # noqa: F401
    faces,  # noqa: F401
    figures,  # noqa: F401
    imports,  # noqa: F401
    links,  # noqa: F401
    meetings,  # noqa: F401
    motions,  # noqa: F401
    parties,  # noqa: F401
    registering,  # noqa: F401
    registrations,  # noqa: F401
    results,  # noqa: F401
    voters,  # noqa: F401
    voting,  # noqa: F401
)
