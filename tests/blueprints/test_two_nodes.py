"""Two web nodes over one database: a voter whose every request goes to the other one notices nothing."""

from __future__ import annotations

import itertools
import secrets
from typing import Any

import pytest
import time_machine

from models import RollEntry, Vote, db, transaction
from services.clock import utc_now
from services.context import platform
from services.embedded_postgres.server import DatabaseUrls
from tests.factories import make_open_election
from tests.services.identification import acting
from tests.support import cases, database

pytestmark = pytest.mark.commits


class Alternating:
    """One browser before a balancer that sends each request to the node after the last one's."""

    def __init__(self, *nodes: Any) -> None:
        clients = [node.test_client() for node in nodes]
        for client in clients[1:]:
            client._cookies = clients[0]._cookies
        self.first, self._clients = clients[0], itertools.cycle(clients)

    def post(self, path: str, content: object) -> Any:
        return next(self._clients).post(path, json=content)

    def get(self, path: str) -> Any:
        return next(self._clients).get(path, headers={"Accept": "application/json"})


@pytest.fixture
def other_node(committing_app, tmp_path):
    """A second application over the same database, keys and pictures; nothing else is shared."""
    one = platform().settings
    urls = DatabaseUrls(one.db_owner_url, one.db_url, one.db_sealer_url, one.db_results_url, one.db_results_url)
    shared = {"KEY_FOLDER": str(one.key_folder), "UPLOAD_FOLDER": str(one.upload_folder)}
    node = database.test_app(urls, tmp_path / "other", **shared)
    node.config["WTF_CSRF_ENABLED"] = False
    yield node
    with node.app_context():
        for engine in db.engines.values():
            engine.dispose()


def test_a_voter_is_identified_and_votes_although_every_request_goes_to_the_other_node(committing_app, other_node):
    with transaction():
        election = make_open_election()
        voter = acting.only_voter(election)
        _kiosk, token = cases.kiosk_token(election)
    acting.enrol(voter)
    number = voter.voter_id
    db.session.remove()
    browser = Alternating(committing_app, other_node)
    with browser.first.session_transaction() as session:
        session["kiosk"] = token

    with time_machine.travel(utc_now(), tick=False) as clock:
        challenge = browser.post("/poll/auth/start", {"voter_id": number}).json["challenge"]

        def send(done: int, frames: list[str], seq: int) -> Any:
            chunk = {"challenge_id": challenge["id"], "step": done, "frames": frames, "seq": seq}
            return browser.post("/poll/auth/verify", chunk)

        verdict = acting.perform(send, clock.shift, challenge["steps"], 7, lambda answer: answer.status_code == 202)
        assert verdict.json["result"] == "success", verdict.json
        choice = browser.get("/poll/ballot").json["choices"][0]["id"]
        vote = {"voter_id": number, "choice": choice, "idempotency_key": secrets.token_urlsafe(24)}
        answers = [browser.post("/poll/vote", vote) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert db.session.query(Vote).count() == 1
    assert db.session.query(RollEntry).filter_by(has_voted=True).count() == 1
    assert browser.post("/poll/auth/start", {"voter_id": number}).json["has_voted"] is True
