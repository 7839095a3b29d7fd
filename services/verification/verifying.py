"""The whole verification: every election, the audit log, the signed heads, and the heads kept outside the database."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from models import AuditLog, Election, SignedHead, db
from services import ballots, heads
from services.verification import books
from services.verification.ballot_chain import chain_problems
from services.verification.findings import Report
from services.verification.roll import roll_problems

AUDIT_LOG = "Audit log"
FETCHED_AT_ONCE = 500


def verify_all() -> Report:
    """Verify all elections, the audit log and the signed heads; run as the database role sealer or owner."""
    report = Report()
    for election in db.session.scalars(select(Election).where(Election.definition.is_not(None)).order_by(Election.id)):
        verify_election(election, report)
    report.count("audit rows", db.session.scalar(select(func.count()).select_from(AuditLog)) or 0)
    report.add(AUDIT_LOG, *heads.audit_chain_problems())
    _verify_heads(report)
    return report


def verify_election(election: Election, report: Report) -> None:
    """Verify one election that was opened: definition, ballots, sealings, receipts, counts, roll, audit rows."""
    report.count("elections", 1)
    where = f"Election {election.id} ({election.title})"
    if (problem := ballots.verify_definition(election)) is not None:
        report.add(where, problem)
    read, problems = chain_problems(election)
    report.count("ballots", read)
    report.count("votes", books.votes_of(election))
    report.add(where, *problems, *books.book_problems(election), *roll_problems(election))


def _verify_heads(report: Report) -> None:
    whole = select(SignedHead).order_by(SignedHead.id).options(undefer(SignedHead.timestamp_token))
    for head in db.session.scalars(whole.execution_options(yield_per=FETCHED_AT_ONCE)):
        report.count("signed heads", 1)
        report.count("time stamps", head.stamped_at is not None)
        for problem in (heads.check_head(head), heads.stamp_problem(head)):
            if problem is not None:
                report.add(f"Signed head {head.id}", problem)
    kept, problems = heads.compare_kept_heads()
    report.count("heads kept outside the database", kept)
    report.add("Heads kept outside the database", *problems)
