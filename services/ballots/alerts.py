"""What the commission is told at once: a changed definition, ballots that are not ours."""

from __future__ import annotations

from models import Election
from services import audit_logger, metrics
from services.actor import Actor
from services.email_service import queue_system_alert


def definition_changed(election: Election, problem: str, actor: Actor) -> None:
    """Record and mail that an election was stopped because it is no longer what was signed."""
    metrics.count(metrics.Event.SUSPICIOUS_ACTIVITY)
    audit_logger.record("system:election:stopped", actor, election_id=election.id, reason=problem)
    queue_system_alert(
        f"ALERT: the election {election.title} was stopped",
        f"No vote can be cast in this election.\n\n{problem}\n\n"
        "Somebody changed its choices, its policies or its key in the database. Compare the database with the"
        " signed definition, put it back, and find out who had access.",
    )


def ballots_spoiled(election: Election, reasons: dict[str, int], actor: Actor) -> None:
    """Record and mail that ballots in the box were set aside."""
    count = sum(reasons.values())
    metrics.count(metrics.Event.SUSPICIOUS_ACTIVITY)
    audit_logger.record("worker:ballots:spoiled", actor, election_id=election.id, spoiled=count)
    lines = "\n".join(f"- {number}: {reason}" for reason, number in sorted(reasons.items()))
    queue_system_alert(
        f"ALERT: {count} ballots of {election.title} were set aside",
        f"These ballots were in the box and were not counted:\n\n{lines}\n\n"
        "They are kept as evidence. Somebody wrote to the ballot box without the voting system.",
    )


def chain_changed(election: Election, problem: str, actor: Actor) -> None:
    """Record and mail, once an hour, that the sealing was stopped because somebody else wrote to the ballot chain."""
    if not audit_logger.record_hourly("system:ballots:stopped", actor, election_id=election.id, reason=problem):
        return
    metrics.count(metrics.Event.SUSPICIOUS_ACTIVITY)
    queue_system_alert(
        f"ALERT: the sealing of {election.title} was stopped",
        f"The ballots that wait in the box are not counted yet, and none is lost.\n\n{problem}\n\n"
        "Somebody wrote to the ballots, or to the election, without the voting system. Run `flask audit verify`,"
        " keep a copy of the database as evidence, and find out who had access.",
    )
