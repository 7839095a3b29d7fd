"""Streams over HTTP: who gets one, what it carries, when it ends, and what the page without one gets."""

from __future__ import annotations

import json
import threading

import pytest

from blueprints import streams
from blueprints.work_gate import WorkGate
from models import StaffRole, db
from services import membership
from services.ballots import Choice
from services.live import hub as hub_module
from tests.factories import make_open_election, make_recorded_election
from tests.support.voting import cast_by, voters_of

STREAM = {"Accept": "text/event-stream"}


class Feed:
    """A hub's stream that gives what a test puts into it, then nothing."""

    def __init__(self, *bodies):
        self.bodies = list(bodies)

    def next(self, seconds):
        return self.bodies.pop(0) if self.bodies else None


class Process:
    """A hub of a server that runs."""

    is_over = False


@pytest.fixture
def hub(app, monkeypatch):
    """The application's hub with two places, one of them for everybody, and no thread of its own."""
    hub = app.extensions["live"]
    hub.allow(2)
    monkeypatch.setattr(hub, "_topics", {})
    monkeypatch.setattr(hub_module, "TICK_SECONDS", 0.0)
    yield hub
    hub.allow(0)


@pytest.fixture
def quick(monkeypatch):
    for name in ("BEAT_SECONDS", "RECHECK_SECONDS"):
        monkeypatch.setattr(streams, name, 0.0)


def first_event(answer):
    """Return the data of the first snapshot and hang up."""
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    lines = iter(answer.response)
    try:
        for chunk in lines:
            text = chunk if isinstance(chunk, str) else chunk.decode()
            if text.startswith("data: "):
                return json.loads(text.removeprefix("data: "))
    finally:
        answer.close()
    raise AssertionError("no event came")


def test_staff_of_the_election_get_its_sheets_and_others_are_told_there_is_none(hub, admin_client, sign_in):
    election = make_open_election(voters=4)
    cast_by(voters_of(election)[0], election, Choice(nota=True))
    address = f"/admin/live/{election.id}"
    data = first_event(admin_client.get(address, headers=STREAM))
    assert data["status"] == "active"
    assert 'data-live="percent">25.0<' in data["html"]
    assert admin_client.get(address).json["html"].count("data-part") == data["html"].count("data-part")
    stranger = sign_in(StaffRole.OBSERVER)
    db.session.query(membership.ElectionStaff).filter_by(staff_user_id=stranger.user.id).delete()
    db.session.commit()
    assert stranger.get(address, headers=STREAM).status_code == 404


def test_everybody_gets_what_the_policy_of_the_election_allows(hub, client):
    secret, recorded = make_open_election(), make_recorded_election()
    hidden = first_event(client.get(f"/results/live?election={secret.id}", headers=STREAM))
    assert {row["count"] for row in hidden["rows"]} == {None}
    counted = first_event(client.get(f"/results/live?election={recorded.id}", headers=STREAM))
    assert {row["count"] for row in counted["rows"]} == {0}


def test_who_comes_when_all_places_are_taken_is_told_to_poll(hub, client, admin_client):
    election = make_recorded_election()
    public = f"/results/live?election={election.id}"
    open_one = client.get(public, headers=STREAM)
    refused = client.get(public, headers=STREAM)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    staff = admin_client.get(f"/admin/live/{election.id}", headers=STREAM)
    assert staff.status_code == 200
    assert hub.readers == 2
    for answer in (open_one, staff):
        answer.close()
    assert hub.readers == 0
    assert client.get(public).status_code == 200


def test_a_stream_that_cannot_be_counted_keeps_no_place(hub, client, app, monkeypatch):
    election = make_recorded_election()
    monkeypatch.setattr(hub, "_make", lambda key: 1 / 0)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    assert client.get(f"/results/live?election={election.id}", headers=STREAM).status_code == 500
    assert hub.readers == 0


def test_an_open_stream_ends_when_the_session_does(hub, admin_client, quick):
    election = make_open_election()
    answer = admin_client.get(f"/admin/live/{election.id}", headers=STREAM)
    chunks = iter(answer.response)
    assert b"retry: 2000" in next(chunks)
    db.session.execute(db.text("UPDATE staff_sessions SET ended_at = now()"))
    db.session.commit()
    assert b"event: over" in b"".join(chunks)
    answer.close()


def test_snapshots_and_signs_of_life_follow_until_the_peer_is_gone(quick):
    left = [False] * 4 + [True]
    text = list(streams.events(Process(), Feed("{}", "{}"), lambda: True, lambda: left.pop(0)))
    assert text == ["retry: 2000\n\n", "data: {}\n\n", "data: {}\n\n", ": still here\n\n", ": still here\n\n"]


def test_a_stream_ends_after_its_time_and_with_the_server(monkeypatch):
    monkeypatch.setattr(streams, "LIFE_SECONDS", 0.0)
    assert len(list(streams.events(Process(), Feed("{}"), lambda: True, lambda: False))) == 1
    stopping = Process()
    stopping.is_over = True
    assert len(list(streams.events(stopping, Feed("{}"), lambda: True, lambda: False))) == 1


def test_no_more_requests_work_at_a_time_than_there_are_places():
    inside, most, lock, go = [0], [0], threading.Lock(), threading.Event()

    def application(wsgi, start_response):
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        go.wait(5)
        with lock:
            inside[0] -= 1
        return []

    gate = WorkGate(application, places=2)
    threads = [threading.Thread(target=gate, args=({}, None)) for _ in range(6)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert most[0] <= 2
