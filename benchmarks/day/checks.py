"""What must hold when the last voter has gone: votes, box, mails, booth sheets, closing, sealing, count."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy import func, select

from benchmarks.day.hall import COMMISSION, election_of
from benchmarks.day.visit import GAVE_UP, LEFT, TOLD_VOTED, VOTED, Visited
from models import BallotReceipt, EmailMessage, MailStatus, StaffUser, Vote, db, transaction
from services import ballots, booth_sheet, elections
from services.actor import Actor

SEAL_SECONDS = MAIL_SECONDS = 120
CAST = (VOTED, TOLD_VOTED)


@dataclass
class Checks:
    """One line a check; `failed` says whether one did not hold."""

    lines: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def equal(self, what: str, found: object, wanted: object) -> None:
        self.holds(what, found == wanted, f"{found}" if found == wanted else f"{found}, expected {wanted}")

    def holds(self, what: str, good: bool, said: str = "") -> None:
        line = f"{'ok' if good else 'FAILED':6} {what}{': ' if said else ''}{said}"
        self.lines.append(line)
        if not good:
            self.failed.append(line)


def check_votes(checks: Checks, app: Flask, election_id: int, visits: Sequence[Visited]) -> None:
    """Compare what the voters were told with what is stored, before closing."""
    outcomes = Counter(visit.outcome for visit in visits)
    cast = [visit for visit in visits if visit.outcome in CAST]
    checks.equal("voters who gave up", outcomes[GAVE_UP], 0)
    with app.app_context():
        stored = Counter(db.session.scalars(select(Vote.audit_ref).where(Vote.election_id == election_id)))
        counts = ballots.counts(election_of(election_id))
        mails = db.session.scalar(select(func.count()).where(EmailMessage.kind == "vote_confirmation"))
    shown = [visit.reference for visit in cast if visit.outcome == VOTED]
    checks.equal("votes stored = voters who voted", sum(stored.values()), len(cast))
    checks.holds("every vote whose receipt was shown is stored, once", all(stored[one] == 1 for one in shown))
    checks.equal("votes = box + ballots + spoiled", counts.votes, counts.box + counts.sealed + counts.spoiled)
    checks.equal("confirmation mails queued or sent = votes", mails, len(cast))


def check_sheets(checks: Checks, app: Flask, election_id: int, visits: Sequence[Visited]) -> list[str]:
    """Compare every booth sheet with what happened there; return the sheets in words."""
    at_booth = Counter(visit.booth for visit in visits if visit.outcome in CAST)
    left = sum(visit.outcome == LEFT for visit in visits)
    with app.app_context():
        sheets = booth_sheet.sheets(election_of(election_id))
        words = [f"  {sheet.name}: {booth_sheet.equation(sheet.total)}" for sheet in sheets]
    for sheet in sheets:
        checks.holds(f"sheet of {sheet.name} balances", sheet.balanced, f"{sheet.total.checkins} check-ins")
        checks.equal(f"votes on the sheet of {sheet.name}", sheet.total.all_votes, at_booth[sheet.name])
    handed_back = sum(sheet.total.left + sheet.total.document_left for sheet in sheets)
    checks.holds(f"voters who left ({left}) stand on the sheets", handed_back >= left, str(handed_back))
    return words


def check_count(checks: Checks, app: Flask, election_id: int, visits: Sequence[Visited]) -> float:
    """Close, wait for the worker to seal and to send, and compare the count; return the seconds until it was sealed."""
    cast = [visit for visit in visits if visit.outcome in CAST]
    with app.app_context():
        _close(checks, election_id)
        begun = time.monotonic()
        sealed = _wait(SEAL_SECONDS, lambda: ballots.counts(election_of(election_id)).sealed == len(cast))
        took = time.monotonic() - begun
        counts = ballots.counts(election_of(election_id))
        receipts = {re.sub(r"\W", "", code) for code in db.session.scalars(select(BallotReceipt.code))}
        checks.holds("the worker sealed every ballot", sealed, f"{counts.sealed} in {took:.1f} s")
        checks.equal("box and spoiled ballots after sealing", (counts.box, counts.spoiled), (0, 0))
        chosen = Counter(visit.choice for visit in cast)
        found = {str(number): count for number, count in counts.per_candidate.items()} | {"NOTA": counts.nota}
        checks.equal(
            "count = choices cast", {k: v for k, v in sorted(found.items()) if v}, dict(sorted(chosen.items()))
        )
        shown = [visit.receipt for visit in cast if visit.outcome == VOTED]
        checks.holds("every receipt shown is in the list", set(shown) <= receipts, f"{len(shown)} of {len(receipts)}")
        waiting = select(func.count()).where(EmailMessage.status != MailStatus.SENT)
        sent = _wait(MAIL_SECONDS, lambda: not db.session.scalar(waiting))
        checks.holds("every mail was sent", sent, f"{db.session.scalar(waiting)} wait")
    return took


def _close(checks: Checks, election_id: int) -> None:
    """Close as the commission does; a sheet that does not balance gets the note that the day owes it."""
    with transaction():
        writer = db.session.scalars(select(StaffUser)).first()
        assert writer is not None
        staff = Actor("officer", writer.id, writer.username)
        for sheet in booth_sheet.unexplained(election_of(election_id)):
            note = " ".join(["The day as a run.", *booth_sheet.faults(sheet.total)])
            booth_sheet.add_note(election_of(election_id), sheet.kiosk_id, note, staff)
            checks.lines.append(f"noted  {sheet.name}: {note}")
        elections.close_election(election_of(election_id), COMMISSION)


def _wait(seconds: float, done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        db.session.rollback()
        if done():
            return True
        time.sleep(0.2)
    return False
