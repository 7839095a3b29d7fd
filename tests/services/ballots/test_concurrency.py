"""Many casts at once, and a web server that is killed with -9 in the middle of them."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, func, select, text

from models import (
    BallotPass,
    Channel,
    EmailMessage,
    MailStatus,
    StaffUser,
    Vote,
    VotingToken,
    db,
    transaction,
)
from services import ballots, elections, kiosks, voter_accounts, voting_links
from services.actor import SYSTEM
from services.ballots import Choice
from services.ballots.rights import booth_right
from services.context import platform
from services.email_service.development import mail_folder
from services.jobs import run_worker
from services.voter_accounts import sessions
from tests import factories
from tests.factories import make_open_election
from tests.support import links
from tests.support.voting import KIOSK, make_kiosk, make_pass, new_key, voters_of
from tests.support.web_process import WebProcess, session_cookie

pytestmark = [pytest.mark.commits, pytest.mark.slow]

PARALLEL = 200
AT_ONCE = 16
CASTS = 500
KILLS = 20


def balance(election_id):
    votes, box, sealed, spoiled = db.session.execute(
        text("SELECT votes, box, ballots, spoiled FROM ballot_counts(:id)"), {"id": election_id}
    ).one()
    return votes, box + sealed + spoiled


def test_200_parallel_casts_of_one_voter_give_one_vote(committing_app):
    election = make_open_election()
    election_id, candidate, (voter,) = election.id, election.candidates[0].id, voters_of(election)
    kiosk = make_kiosk(election)
    passes = [make_pass(election, voter, kiosk).id for _ in range(PARALLEL)]
    violations: list[str] = []

    def note(context):
        violations.append(getattr(context.original_exception.diag, "constraint_name", "") or "")

    event.listen(db.engine, "handle_error", note)
    together = threading.Barrier(AT_ONCE)

    def cast(pass_id):
        if not together.broken:
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait(timeout=5)
        with committing_app.app_context(), transaction():
            from models import BallotPass

            outcome = ballots.cast_with_pass(
                db.session.get_one(BallotPass, pass_id), Choice((candidate,)), new_key(), KIOSK
            )
            return outcome.kind

    with ThreadPoolExecutor(AT_ONCE) as pool:
        kinds = Counter(pool.map(cast, passes))

    db.session.expire_all()
    assert kinds == {"cast": 1, "already_voted": PARALLEL - 1}
    assert "uq_votes_election_id_voter_id" in violations
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 1
    assert balance(election_id) == (1, 1)


def test_100_parallel_attempts_over_three_channels_give_one_vote(committing_app):
    election = links.link_election(channels=list(Channel))
    election_id, public_id, candidate, (voter,) = (
        election.id,
        election.public_id,
        election.candidates[0].id,
        voters_of(election),
    )
    links.send_links(election)
    token, passed = links.token_of(voter, election).id, make_pass(election, voter).id
    voter.password_hash = "of an account"
    session = voter_accounts.find(sessions.start(voter, links.VOTER)).id
    db.session.commit()
    channels = [list(Channel)[number % 3] for number in range(100)]
    together = threading.Barrier(AT_ONCE)

    def right(channel):
        if channel is Channel.BOOTH:
            return booth_right(db.session.get_one(BallotPass, passed))
        if channel is Channel.LINK:
            return voting_links.link_right(db.session.get_one(VotingToken, token))
        return voter_accounts.account_right(voter_accounts.paper_of(session, public_id))

    def cast(channel):
        if not together.broken:
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait(timeout=5)
        with committing_app.app_context(), transaction():
            return ballots.cast(right(channel), Choice((candidate,)), new_key(), KIOSK).kind

    with ThreadPoolExecutor(AT_ONCE) as pool:
        kinds = Counter(pool.map(cast, channels))

    db.session.expire_all()
    assert kinds == {"cast": 1, "already_voted": 99}
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 1
    assert balance(election_id) == (1, 1)


def test_two_presses_of_the_same_instant_give_one_vote_and_the_same_receipt(committing_app):
    election = links.link_election()
    (voter,) = voters_of(election)
    links.send_links(election)
    token, candidate, key = links.token_of(voter, election).id, election.candidates[0].id, new_key()
    together = threading.Barrier(2)

    def press(_number):
        together.wait(timeout=120)
        with committing_app.app_context(), transaction():
            right = voting_links.link_right(db.session.get_one(VotingToken, token))
            return ballots.cast(right, Choice((candidate,)), key, KIOSK)

    for _round in range(3):  # the second and third find the vote
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(press, range(2)))
        assert {outcome.kind for outcome in outcomes} <= {"cast", "repeated"}
        assert len({outcome.receipt for outcome in outcomes}) == 1


def test_20_kills_during_500_casts_lose_no_acknowledged_vote_and_no_mail(committing_app, tmp_path):
    election = make_open_election(voters=CASTS)
    election_id, candidate = election.id, election.candidates[0].id
    officer = db.session.scalar(select(StaffUser)) or factories.StaffUserFactory()
    kiosk, token = kiosks.open_kiosk(election, officer, SYSTEM)
    db.session.commit()
    numbers = []
    for voter in voters_of(election):
        make_pass(election, voter, kiosk, expires_at=election.closes_at)
        numbers.append(voter.voter_id)
    cookie = session_cookie(committing_app, kiosk=token)
    server, acknowledged, retries = WebProcess(tmp_path), {}, []
    server.start()

    def cast(number):
        body = {"voter_id": number, "choice": candidate, "idempotency_key": secrets.token_urlsafe(24)}
        for _ in range(4000):
            try:
                status, answer = server.request("POST", "/poll/vote", body, cookie)
            except OSError:
                retries.append(number)
                time.sleep(0.05)
                continue
            assert status == 200, answer
            acknowledged[number] = (answer["audit_ref"], answer["receipt"])
            return
        raise AssertionError("never answered")

    def votes_stored():
        with committing_app.app_context():
            return db.session.scalar(select(func.count()).select_from(Vote))

    done = threading.Event()
    kills = committed_unanswered = 0
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(cast, number) for number in numbers]
        while kills < KILLS and not all(future.done() for future in futures):
            step = CASTS * (kills + 1) // (KILLS + 1)
            while len(acknowledged) < step and not done.wait(0.002):
                pass
            server.kill()
            kills += 1
            time.sleep(0.1)
            committed_unanswered += max(0, votes_stored() - len(acknowledged))
            server.start()
        for future in futures:
            future.result()
    server.kill()

    db.session.expire_all()
    stored = Counter(db.session.scalars(select(Vote.audit_ref)))
    assert (kills, committed_unanswered > 0) == (KILLS, True)
    assert len(acknowledged) == CASTS
    assert all(stored[reference] == 1 for reference, _receipt in acknowledged.values())
    assert sum(stored.values()) == CASTS
    assert balance(election_id) == (CASTS, CASTS)
    assert len({receipt for _reference, receipt in acknowledged.values()}) == CASTS
    figures = f"{committed_unanswered} died between commit and answer, {len(retries)} retries"
    print(f"{CASTS} casts, {kills} kills, {figures}")  # noqa: T201
    close_and_check(committing_app, election_id, candidate)


def close_and_check(app, election_id, candidate):
    elections.close_election(elections.get_election(election_id), SYSTEM)
    db.session.commit()
    folder = mail_folder(platform().settings)
    run_worker(app, once=True)
    assert db.session.scalar(select(func.count()).where(EmailMessage.status != MailStatus.SENT)) == 0
    assert len(list(folder.glob("*.eml"))) == CASTS
    counts = ballots.counts(elections.get_election(election_id))
    assert (counts.sealed, counts.box, counts.spoiled) == (CASTS, 0, 0)
    assert counts.per_candidate == {candidate: CASTS}
