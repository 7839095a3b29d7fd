"""`python -m benchmarks.security headers`: all routes, and what nginx does by itself."""

from __future__ import annotations

from benchmarks.security.findings import Outcome
from benchmarks.security.proxy import edges, slow
from benchmarks.security.proxy.site import production_site
from benchmarks.security.proxy.walk import TOOL, Walk, routes


def headers() -> Outcome:
    """Return every answer through nginx that lacks something or says too much."""
    with production_site() as site:
        walk = Walk(site)
        routes(walk)
        edges.edges(walk)
        slow.streams(walk)
        slow.slow_clients(walk)
        edges.away(walk)
        rules = len(list(site.app.url_map.iter_rules()))
    asked = ", ".join(f"{count:,} {kind}" for kind, count in walk.asked.items())
    statuses = ", ".join(f"{count:,} times {status}" for status, count in sorted(walk.statuses.items()))
    return Outcome(TOOL, sorted(walk.found), f"{rules} routes; {asked}; {statuses}")
