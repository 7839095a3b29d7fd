"""What is told to open pages, and when: after the commit, coalesced, and no more than an election and a word."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time

import psycopg2
import pytest

from models import db, transaction
from services import audit_logger, live
from services.actor import SYSTEM
from services.live import Hub, TooManyStreams
from services.live import hub as hub_module
from services.live.line import CHANNEL, MESSAGE, Line
from tests.factories import make_open_election
from tests.support.voting import KIOSK, make_pass, new_key, voters_of

KEY = ("desk", 7)
SOON = 120.0


class SilentLine:
    """A line that carries what a test puts on it."""

    def __init__(self):
        self.sent, self.heard, self.closed = [], set(), False

    def exchange(self, changes, seconds):
        self.sent += sorted(changes)
        heard, self.heard = self.heard, set()
        time.sleep(0.01)
        return heard

    def close(self):
        self.closed = True


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(hub_module, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(hub_module, "REFRESH_SECONDS", 60.0)


@pytest.fixture
def made():
    return []


@pytest.fixture
def hub(quick, made, shared_app):
    def make(key):
        made.append(key)
        return f"snapshot {len(made)}"

    hub = Hub(SilentLine(), make)
    hub.allow(3)
    yield hub
    hub.stop()


@pytest.fixture
def told(app, monkeypatch):
    """What the hub of the application was told."""
    found = []
    monkeypatch.setattr(app.extensions["live"], "touched", lambda *change: found.append(change))
    return found


def wait_for(condition):
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_change_reaches_every_stream_and_is_counted_once(hub, made):
    streams = [hub.enter(KEY) for _ in range(3)]
    assert [stream.next(SOON) for stream in streams] == ["snapshot 1"] * 3
    hub.touched(7, "vote")
    assert [stream.next(SOON) for stream in streams] == ["snapshot 2"] * 3
    assert made == [KEY, KEY]


def test_a_message_of_another_process_reaches_the_streams(hub):
    stream = hub.enter(KEY)
    stream.next(SOON)
    hub._line.heard = {7}
    assert stream.next(SOON) == "snapshot 2"


def test_a_lost_message_is_made_up_for_by_the_clock(hub, monkeypatch):
    stream = hub.enter(KEY)
    stream.next(SOON)
    monkeypatch.setattr(hub_module, "REFRESH_SECONDS", 0.05)
    assert stream.next(SOON) == "snapshot 2"


def test_another_election_wakes_nobody_and_an_unwatched_one_is_not_counted(hub, made):
    stream = hub.enter(KEY)
    stream.next(SOON)
    hub.touched(8, "vote")
    assert stream.next(0.2) is None
    assert made == [KEY]


def test_many_changes_are_sent_as_one(hub):
    for _ in range(50):
        hub.touched(7, "vote")
    wait_for(lambda: hub._line.sent)
    time.sleep(0.1)
    assert len(hub._line.sent) < 25
    assert set(hub._line.sent) == {(7, "vote")}


def test_a_count_that_fails_ends_no_stream(hub, made, monkeypatch):
    stream = hub.enter(KEY)
    stream.next(SOON)
    working = hub._make
    monkeypatch.setattr(hub, "_make", lambda key: 1 / 0)
    hub.touched(7, "vote")
    assert stream.next(0.2) is None
    monkeypatch.setattr(hub, "_make", working)
    hub.touched(7, "vote")
    assert stream.next(SOON) == "snapshot 2"


def test_no_more_streams_than_allowed_and_a_closed_one_frees_its_place(hub):
    streams = [hub.enter(KEY) for _ in range(3)]
    with pytest.raises(TooManyStreams):
        hub.enter(KEY)
    streams[0].close()
    streams[0].close()
    hub.enter(KEY)
    assert hub.readers == 3


def test_a_server_that_was_not_told_its_threads_allows_no_stream(quick, shared_app):
    with pytest.raises(TooManyStreams):
        Hub(SilentLine(), str).enter(KEY)


def test_pages_that_poll_share_one_count_a_second(hub, made, monkeypatch):
    monkeypatch.setattr(hub_module, "TICK_SECONDS", 60.0)
    threads = [threading.Thread(target=hub.current, args=(KEY,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [KEY]


def test_streams_wake_when_the_server_stops(hub):
    stream = hub.enter(KEY)
    stream.next(SOON)
    threading.Timer(0.05, hub.stop).start()
    began = time.monotonic()
    while not hub.is_over:
        stream.next(1.0)
    assert time.monotonic() - began < SOON


def test_a_change_is_told_after_the_commit_and_a_rolled_back_one_is_not(told, db_session):
    election = make_open_election()
    told.clear()
    with transaction():
        audit_logger.record("kiosk:vote:cast", SYSTEM, election_id=election.id)
        assert told == []
    assert told == [(election.id, "vote")]
    told.clear()
    with contextlib.suppress(ZeroDivisionError), transaction():
        audit_logger.record("kiosk:vote:cast", SYSTEM, election_id=election.id)
        raise ZeroDivisionError
    with transaction():
        db.session.execute(db.text("SELECT 1"))
    assert told == []


def test_who_looks_at_a_result_pushes_nothing(told):
    election = make_open_election()
    told.clear()
    with transaction():
        audit_logger.record_hourly("staff:result:viewed", SYSTEM, election_id=election.id)
    assert told == []


def test_what_a_cast_tells_is_the_same_for_every_choice_and_voter(told):
    from services import ballots
    from services.ballots import Choice

    election = make_open_election(voters=2)
    passes = [make_pass(election, voter) for voter in voters_of(election)]
    heard = []
    for ballot_pass, choice in zip(passes, (Choice(nota=True), Choice((election.candidates[0].id,))), strict=True):
        told.clear()
        with transaction():
            assert ballots.cast_with_pass(ballot_pass, choice, new_key(), KIOSK).kind == "cast"
        heard.append(list(told))
    assert heard == [[(election.id, "vote")]] * 2


def test_topics_are_words_that_the_line_carries():
    assert MESSAGE.fullmatch("12 vote")
    for forged in ("vote", "12 vote 3", "12 2048 1735", "-1 vote", "12 Vote", "1" * 30 + " vote", ""):
        assert not MESSAGE.fullmatch(forged)


def test_lines_of_two_processes_hear_each_other_and_come_back_after_a_cut(committing_app):
    dsn = committing_app.extensions["platform"].settings.listener_dsn
    now = [0.0]
    here, there = Line(dsn, clock=lambda: now[0]), Line(dsn, clock=lambda: now[0])
    try:
        here.exchange(set(), 0.01)
        there.exchange({(7, "vote")}, 0.01)
        assert here.exchange(set(), SOON) == {7}
        with psycopg2.connect(dsn) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, 'rubbish; 1')", (CHANNEL,))
        other.close()
        assert here.exchange(set(), 1.0) == set()
        cut(dsn, here)
        for _ in range(50):
            here.exchange(set(), 0.1)
            if not here.is_up:
                break
        assert not here.is_up
        there.exchange({(8, "vote")}, 0.01)
        here.exchange(set(), 0.01)
        there.exchange({(9, "vote")}, 0.01)
        assert here.exchange(set(), SOON) == {9}
    finally:
        here.close()
        there.close()


def test_a_line_that_cannot_be_opened_is_tried_again_with_longer_pauses(monkeypatch):
    now, tries = [0.0], []

    def refuse(*_some, **_more):
        tries.append(now[0])
        raise psycopg2.OperationalError("refused")

    monkeypatch.setattr(psycopg2, "connect", refuse)
    line = Line("", clock=lambda: now[0])
    for _ in range(100):
        line.exchange(set(), 0.0)
        now[0] += 1.0
    assert tries[:4] == [0.0, 1.0, 3.0, 7.0]
    assert max(b - a for a, b in itertools.pairwise(tries)) <= 30.0


def cut(dsn, line):
    """End the server's side of a line."""
    pid = line._connection.info.backend_pid
    with psycopg2.connect(dsn) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", (pid,))
    other.close()


def test_touching_needs_a_word_and_an_election(told):
    with transaction():
        live.touch(5, "kiosk")
        live.touch(5, "kiosk")
    assert told == [(5, "kiosk")]
