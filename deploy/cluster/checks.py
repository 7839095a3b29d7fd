"""What must hold after a drill: acknowledged votes, no vote twice, sums, chains, the count, mails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

from flask import Flask
from sqlalchemy import func, select

from benchmarks.day.checks import Checks
from benchmarks.day.hall import COMMISSION
from config import PROJECT
from deploy.cluster import nodes
from deploy.cluster.clients import ACKNOWLEDGED, Cast
from deploy.cluster.mail_server import TAKEN
from deploy.cluster.roll import Roll
from deploy.cluster.whole import Cluster
from models import BallotReceipt, EmailMessage, MailStatus, StaffUser, Vote, Voter, db, transaction
from services import ballots, booth_sheet, elections, evidence
from services.actor import Actor
from services.email_service.mime import message_id

SEAL_SECONDS = 120
MAIL_SECONDS = 200
"""A mail whose worker was killed goes again when its lease of two minutes is over."""


def check_votes(checks: Checks, app: Flask, roll: Roll, casts: Sequence[Cast]) -> tuple[list[Cast], list[Cast]]:
    """Compare what voters were told with what is stored, before closing; return who lost a vote and who has two."""
    shown = [cast for cast in casts if cast.outcome == ACKNOWLEDGED]
    with app.app_context():
        rows = db.session.execute(
            select(Voter.voter_id, Vote.audit_ref)
            .join(Vote, Vote.voter_id == Voter.id)
            .where(Vote.election_id == roll.election_id)
        ).all()
        counts = ballots.counts(elections.get_election(roll.election_id))
    stored, voters = Counter(row.audit_ref for row in rows), Counter(row.voter_id for row in rows)
    lost = [cast for cast in shown if stored[cast.reference] != 1]
    checks.equal("acknowledged votes that are not there exactly once", len(lost), 0)
    checks.lines += [f"       {cast.channel} {cast.number} {cast.reference}" for cast in lost[:10]]
    double = [cast for cast in casts if voters[cast.number] > 1]
    checks.equal("voters with two votes", sum(count > 1 for count in voters.values()), 0)
    silent = sum(voters.values()) - len(shown)
    checks.holds("votes whose voter saw no receipt are known ones", silent >= 0, f"{silent} of {len(rows)}")
    checks.equal("participations = box + ballots + spoiled", counts.votes, counts.box + counts.sealed + counts.spoiled)
    return lost, double


def check_count(checks: Checks, app: Flask, roll: Roll, casts: Sequence[Cast]) -> None:
    """Close, wait for the seal, compare the count with the choices and the receipts."""
    with app.app_context():
        _close(roll)
        counts = ballots.counts(elections.get_election(roll.election_id))
        votes, begun = counts.votes, time.monotonic()
        sealed = wait(SEAL_SECONDS, lambda: ballots.counts(elections.get_election(roll.election_id)).sealed == votes)
        counts = ballots.counts(elections.get_election(roll.election_id))
        checks.holds("every ballot is sealed", sealed, f"{counts.sealed} in {time.monotonic() - begun:.1f} s")
        checks.equal("spoiled", counts.spoiled, 0)
        listed = Counter(
            db.session.scalars(select(BallotReceipt.code).where(BallotReceipt.election_id == roll.election_id))
        )
        codes = Counter({code.replace("-", "").replace(" ", ""): count for code, count in listed.items()})
        shown = [cast for cast in casts if cast.outcome == ACKNOWLEDGED]
        missing = [cast for cast in shown if codes[cast.receipt] != 1]
        checks.equal("receipts shown that are not in the list exactly once", len(missing), 0)
        found = {str(number): count for number, count in counts.per_candidate.items()} | {"NOTA": counts.nota}
        _compare(checks, found, casts)


def _compare(checks: Checks, found: dict[str, int], casts: Sequence[Cast]) -> None:
    sure = Counter(_choice(cast) for cast in casts if cast.outcome == ACKNOWLEDGED)
    rest = sum(found.values()) - sum(sure.values())
    short = {name: count for name, count in sure.items() if found.get(name, 0) < count}
    checks.holds("count = choices acknowledged, and no more than the votes without a receipt", not short, f"+{rest}")


def _choice(cast: Cast) -> str:
    return str(int(cast.choice)) if cast.choice.isdigit() else "NOTA"


def check_chains(checks: Checks, cluster: Cluster, app: Flask, roll: Roll) -> None:
    """Run `flask audit verify` as an operator does, and the evidence pack through the program that strangers use."""
    env = {**os.environ, **nodes.values(cluster.layout, cluster.pair, cluster.bouncer), "FLASK_SKIP_DOTENV": "1"}
    command = [sys.executable, "-m", "flask", "--app", "app", "audit", "verify"]
    done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)
    tail = done.stdout.strip().splitlines()[-1:] or done.stderr.strip().splitlines()[-1:]
    checks.holds("flask audit verify", done.returncode == 0, " ".join(tail))
    with app.app_context():
        with transaction():
            pack = evidence.evidence_pack(roll.election_id)
        own = app.extensions["platform"].keyring.fingerprints()["signing"]
    program = [sys.executable, "-I", "-S", str(PROJECT / "services/evidence/verify.py"), str(pack.path), own]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    checks.holds("verify.py on the evidence pack", done.returncode == 0, done.stdout.strip().splitlines()[-1])


def check_mails(checks: Checks, cluster: Cluster, app: Flask, killed: int) -> list[float]:
    """Wait for the queue to empty and compare it with what the mail server took.

    SMTP cannot promise once: who is killed between the server's answer and the note sends the same Message-ID again.
    At most one mail for each of the `killed` may have come twice. Returns when those were taken first, Unix seconds.
    """
    with app.app_context():
        waiting = select(func.count()).where(EmailMessage.status != MailStatus.SENT)
        wait(MAIL_SECONDS, lambda: not db.session.scalar(waiting))
        checks.equal("mails that wait or failed", db.session.scalar(waiting), 0)
        sender = app.extensions["platform"].settings.email_from
        known = [message_id(number, sender) for number in db.session.scalars(select(EmailMessage.id))]
    lines = [line.split() for line in (cluster.layout.folder / TAKEN).read_text().splitlines()]
    taken, first = Counter(line[0] for line in lines), {line[0]: float(line[2]) for line in reversed(lines)}
    checks.equal("mails that the server never took", sum(taken[one] == 0 for one in known), 0)
    twice = sum(count - 1 for count in taken.values())
    checks.holds("mails taken twice with one Message-ID", twice <= killed, f"{twice} of {len(known)}, {killed} killed")
    return [first[one] for one, count in taken.items() for _again in range(count - 1)]


def _close(roll: Roll) -> None:
    with transaction():
        writer = db.session.scalars(select(StaffUser)).first()
        assert writer is not None
        staff = Actor("officer", writer.id, writer.username)
        election = elections.get_election(roll.election_id)
        for sheet in booth_sheet.unexplained(election):
            words = " ".join(["The drill.", *booth_sheet.faults(sheet.total)])
            booth_sheet.add_note(election, sheet.kiosk_id, words, staff)
        elections.close_election(election, COMMISSION)


def wait(seconds: float, done: Callable[[], bool]) -> bool:
    """Ask until it is so, in fresh transactions; False when the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        db.session.rollback()
        if done():
            return True
        time.sleep(0.3)
    return False
