"""What the server itself writes down: its log, its statistics, its clock of commits."""

from __future__ import annotations

from collections.abc import Callable

from services.secrecy_audit.findings import Finding
from services.secrecy_audit.target import Target, rows
from services.secrecy_audit.traces import Traces

OFF = ("-1", "0", "off", "none", "", "panic", "fatal")
UNSAFE: dict[str, Callable[[str], bool]] = {
    "log_statement": lambda value: value != "none",
    "log_min_duration_statement": lambda value: value != "-1",
    "log_min_duration_sample": lambda value: value != "-1",
    "log_transaction_sample_rate": lambda value: float(value) > 0,
    "log_parameter_max_length_on_error": lambda value: value != "0",
    "debug_print_parse": lambda value: value == "on",
    "debug_print_rewritten": lambda value: value == "on",
    "debug_print_plan": lambda value: value == "on",
    "auto_explain.log_min_duration": lambda value: value != "-1",
    "pgaudit.log": lambda value: value not in ("none", ""),
}
"""Settings and when they let the text of any statement, or a value in it, into a log."""
FAILED = "log_min_error_statement"
"""Statements that fail: PostgreSQL logs them unless told otherwise. No door: of a cast there are the voter and a
ciphertext, of a sealing the shuffled choices and the sorted receipts. Even with every statement logged no choice stands
with a voter (tests/services/security/test_choice_leaves_no_trace.py). Said all the same: names of voters are there."""


def server_settings(target: Target) -> Finding:
    """Read the settings in force, those of every role and of this database too, and pg_stat_statements where it is."""
    finding = Finding("server")
    in_force = dict(
        rows(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(:names)",
            names=[*UNSAFE, FAILED, "track_commit_timestamp"],
        )
    )
    if in_force.get("track_commit_timestamp") == "on":
        finding.say("commit_times")
    stored = rows(
        "SELECT unnest(setconfig) FROM pg_db_role_setting"
        " WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    values = [*in_force.items(), *(tuple(one.split("=", 1)) for (one,) in stored)]
    for name, value in values:
        if name == FAILED and value not in ("panic", "fatal", "log"):
            finding.say("logs_failed", value=value)
        if name in UNSAFE and UNSAFE[name](value):
            finding.exposed = True
            finding.say("logs_statements", setting=name, value=value)
    if rows("SELECT to_regclass('pg_stat_statements')")[0][0]:
        _statistics(target, finding)
    finding.say("looked_settings", count=len(values))
    return finding


def _statistics(target: Target, finding: Finding) -> None:
    found = rows("SELECT query FROM pg_stat_statements WHERE query ~* :traces", traces=Traces(target).sql)
    votes = {vote.vote_id for (words,) in found for vote in target.voters_in(words)}
    if votes:
        finding.votes |= votes
        finding.say("rows_with_choices", table="pg_stat_statements", count=len(votes))
