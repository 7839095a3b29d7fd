"""10,000 voting links through a real SMTP server while the worker is killed with -9 twice: lost, doubled, how fast.

    .venv/bin/python -m benchmarks.mail_queue [--voters 10000] [--kills 2]

An election is opened for as many voters, *Send voting links* is pressed, and a worker process of its own makes the
links and sends their mails, as `make run` starts it, by STARTTLS and AUTH to a server on this computer. It is killed
when an equal part of the mails has arrived, each time in the middle of its work, and another one goes on. The mail that
it had in hand goes again when its lease of two minutes is over, with the same Message-ID. Exit 1 when a voter got no
link, when a link works for nobody, or when more mails came twice than workers were killed.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, insert, literal, select

from benchmarks.day.installation import Installation
from models import (
    Channel,
    Election,
    EmailMessage,
    LinkSending,
    MailStatus,
    RollEntry,
    Voter,
    VotingToken,
    db,
    transaction,
)
from services import elections, voting_links
from services.actor import SYSTEM
from tests import factories
from tests.support.smtp import SmtpServer, smtp_server

WAIT_SECONDS = 3600
LOOK_EVERY_SECONDS = 0.2


@dataclass
class Times:
    """Seconds since the press of the button."""

    made: float = 0.0
    sent: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voters", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sv-mail-") as folder, smtp_server(Path(folder)) as server:
        installation = Installation(Path(folder), "fake", **server.settings(MAIL_PER_MINUTE="0"))
        try:
            with installation.prepare().app_context():
                return run(installation, server, asked.voters, asked.kills)
        finally:
            installation.stop()


def run(installation: Installation, server: SmtpServer, voters: int, kills: int) -> int:
    election_id = open_election(voters)
    began = time.monotonic()
    with transaction():
        election = db.session.get_one(Election, election_id)
        voting_links.start_sending(election, "https://vote.example.org/vote", SYSTEM)
    times = send(installation, server, voters, kills, began)
    return say(server, voters, kills, times)


def open_election(voters: int) -> int:
    """Open an election by link for so many voters and return its number."""
    election = factories.ElectionFactory(channels=[Channel.LINK, Channel.BOOTH])
    for _ in range(2):
        factories.CandidateFactory(election=election)
    rows = [
        {"voter_id": factories.with_check_digit(4_000_000 + n), "name": f"Voter {n}", "email": f"v{n}@example.org"}
        for n in range(voters)
    ]
    with transaction():
        db.session.execute(insert(Voter), rows)
        everybody = select(literal(election.id), Voter.id)
        db.session.execute(insert(RollEntry).from_select(["election_id", "voter_id"], everybody))
    with transaction():
        elections.open_election(db.session.get_one(Election, election.id), SYSTEM)
        return int(election.id)


def send(installation: Installation, server: SmtpServer, voters: int, kills: int, began: float) -> Times:
    """Let workers send until no mail waits, and kill them on the way."""
    times, worker, killed = Times(), installation.start_worker(), 0
    while time.monotonic() - began < WAIT_SECONDS:
        time.sleep(LOOK_EVERY_SECONDS)
        if killed < kills and len(server.received) >= voters * (killed + 1) // (kills + 1):
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            killed += 1
            print(f"Killed worker {killed} after {len(server.received):,} mails, {time.monotonic() - began:.0f} s")
            worker = installation.start_worker()
        if not times.made and finished():
            times.made = time.monotonic() - began
        if not times.sent and len({mail.recipients[0] for mail in server.received}) == voters:
            times.sent = time.monotonic() - began
        if times.made and not waiting():
            return times
    return times


def finished() -> bool:
    """Tell whether every link is made."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(LinkSending.finished_at.is_(None))) == 0


def waiting() -> int:
    """Return how many mails have not left."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(EmailMessage.status != MailStatus.SENT)) or 0


def say(server: SmtpServer, voters: int, kills: int, times: Times) -> int:
    """Print the figures; return 1 when the promise was not kept."""
    mails = Counter(str(mail.message["Message-ID"]) for mail in server.received)
    people = {mail.recipients[0] for mail in server.received}
    doubles = sum(count - 1 for count in mails.values())
    links = {str(mail.text.split("?token=")[1].split()[0]) for mail in server.received}
    tokens = db.session.scalar(select(func.count()).select_from(VotingToken)) or 0
    print(f"Links made and queued: {voters:,} in {times.made:.0f} s")
    if times.sent:
        print(f"Everybody had a mail after {times.sent:.0f} s: {voters / times.sent:.0f} mails a second, beside making")
    print(f"Arrived: {len(server.received):,} mails for {len(people):,} voters, {doubles} twice (at most {kills})")
    print(f"Not sent: {waiting():,}; different links in the mails: {len(links):,}; in the table: {tokens:,}")
    kept = len(people) == voters == len(mails) == len(links) == tokens and doubles <= kills and not waiting()
    print("The guarantee holds." if kept else "THE GUARANTEE DOES NOT HOLD.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
