"""The self-attack (design, section 3, rule 9): what could the owner of the database find out?

`findings` what an attack reports, `target` what its attacker knows, `running` the table of attacks; each other file
is one way in. The attacks read; the run is kept in `secrecy_audits`.
"""

from services.secrecy_audit.findings import Finding, Report, State
from services.secrecy_audit.running import attack, attacks_not_made, last_run, last_run_in_words
from services.secrecy_audit.target import Sources
from services.secrecy_audit.words import ATTACKS, STATES, say

__all__ = [
    "ATTACKS",
    "STATES",
    "Finding",
    "Report",
    "Sources",
    "State",
    "attack",
    "attacks_not_made",
    "last_run",
    "last_run_in_words",
    "say",
]
