"""One table of attacks, and a run through it."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext as _
from sqlalchemy import select

from models import Election, SecrecyAudit, db
from services import audit_logger
from services.actor import Actor
from services.errors import Conflict
from services.secrecy_audit import batches, columns, contents, disk, dump, lengths, logs, order, server, wal, words
from services.secrecy_audit import transactions as together
from services.secrecy_audit.findings import Finding, Report, State
from services.secrecy_audit.target import Sources, Target, look_at, rows

NEEDED = ("ballot_box", "ballots", "votes", "audit_logs", "email_messages")
ATTACKS: tuple[Callable[[Target], Finding], ...] = (
    together.shared_transactions,
    columns.unplanned_columns,
    order.ballot_order,
    order.receipt_order,
    batches.small_and_unanimous_batches,
    lengths.lengths,
    contents.readable_box,
    contents.rows_with_choices,
    server.server_settings,
    disk.dead_rows,
    disk.data_directory,
    dump.dump,
    wal.write_ahead_log,
    logs.log_lines,
)


def attack(election: Election, sources: Sources, actor: Actor) -> Report:
    """Play the owner of the database against an election, in the owner's session; keep the figures.

    Raises Conflict when it is recorded or a draft, or when this login may not read what an owner may.
    """
    if not election.is_secret or election.definition is None:
        raise Conflict(_("Only a secret election that was opened keeps a secret."))
    lacking = [table for table in NEEDED if not rows("SELECT has_table_privilege(:t, 'SELECT')", t=table)[0][0]]
    if lacking:
        raise Conflict(_("This login may not read %(table)s. Set DB_OWNER_URL.", table=lacking[0]))
    target = look_at(election, sources)
    report = Report(election.id, election.title, [one(target) for one in ATTACKS], batches.is_unanimous(target))
    _keep(report, target, actor)
    return report


def _keep(report: Report, target: Target, actor: Actor) -> None:
    db.session.add(SecrecyAudit(
        election_id=report.election_id, actor=str(actor), votes=len(target.votes), ballots=len(target.receipts),
        linked=report.linked, exposed=report.exposed, unanimous=report.unanimous,
        findings=[finding.stored() for finding in report.findings],
    ))  # fmt: skip
    audit_logger.record("operator:secrecy:attacked", actor, election_id=report.election_id, count=report.linked)


def last_run(election: Election) -> SecrecyAudit | None:
    """Return the newest run against an election."""
    newest = select(SecrecyAudit).where(SecrecyAudit.election_id == election.id).order_by(SecrecyAudit.id.desc())
    return db.session.scalar(newest.limit(1))


def attacks_not_made(election: Election) -> int:
    """Return how many attacks of the newest run had no file to look at, or no right to."""
    run = last_run(election)
    made = {State.CLEAN, State.LINKED, State.EXPOSED}
    return sum(one["state"] not in made for one in (run.findings if run is not None else []))


def last_run_in_words(election: Election) -> list[tuple[str, str, int, list[str]]]:
    """Return each attack of the newest run: its name, how it ended, the ballots it linked, what it saw."""
    run = last_run(election)
    return [
        (
            str(words.ATTACKS[one["attack"]]), str(words.STATES[one["state"]]), one["linked"],
            [words.say(code, values) for code, values in one["said"]],
        )
        for one in (run.findings if run is not None else [])
    ]  # fmt: skip
