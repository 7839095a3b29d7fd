"""Log files: a choice or a receipt in a line that names a voter."""

from __future__ import annotations

import re

from services.secrecy_audit.findings import Finding
from services.secrecy_audit.target import Target
from services.secrecy_audit.traces import Traces

KEY_OF_A_CAST = re.compile(r"idempotency_key\W{1,6}[A-Za-z0-9_-]{22,}")
"""From this key the receipt can be made (design, section 3, rule 5)."""


def log_lines(target: Target) -> Finding:
    """Search log files line by line."""
    finding = Finding("logs", not_given=not target.sources.logs)
    traces, lines = Traces(target), 0
    for path in target.sources.logs:
        votes: set[int] = set()
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                lines += 1
                if KEY_OF_A_CAST.search(line) or traces.any.search(line):
                    key = bool(KEY_OF_A_CAST.search(line))
                    votes |= {vote.vote_id for vote in target.voters_in(line) if key or traces.holds(line, vote)}
        if votes:
            finding.votes |= votes
            finding.say("lines", file=path.name, count=len(votes))
    if target.sources.logs:
        finding.say("looked_lines", count=lines, files=len(target.sources.logs))
    else:
        finding.say("no_logs")
    return finding
