"""Making over the API with an Idempotency-Key: once, however often the answer gets lost."""

from __future__ import annotations

import io
from datetime import timedelta

import time_machine
from sqlalchemy import func, select

from models import Election, RollImport, Voter, db
from services.actor import Actor
from services.api_requests import KEPT, Repeatable, once
from services.clock import utc_now
from tests import factories
from tests.blueprints.test_api import V1, bearer
from tests.support import voter_files
from tests.support.voting import new_key


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def test_a_request_that_comes_twice_with_one_key_makes_one_thing_and_gets_the_same_answer(client):
    header = bearer("admin") | {"Idempotency-Key": new_key()}
    draft = {"title": "Choir", "opens_at": "2030-10-18T08:00:00Z", "closes_at": "2030-10-18T20:00:00Z"}
    first, second = (client.post(f"{V1}/elections", json=draft, headers=header) for _time in range(2))
    assert (first.status_code, first.json) == (second.status_code, second.json)
    assert count(Election) == 1
    candidates = f"{V1}/elections/{first.json['id']}/candidates"
    assert len({client.post(candidates, json={"name": "Rosa"}, headers=header).json["id"] for _time in range(2)}) == 1
    for _time in range(2):
        form = {"file": (io.BytesIO(voter_files.GOOD.encode()), "members.csv")}
        assert client.post(f"{V1}/voters/imports", data=form, headers=header).status_code == 202
    assert count(RollImport) == 1


def test_a_key_belongs_to_one_request_of_one_person_and_without_it_each_request_counts(client):
    admin, other, key = bearer("admin"), bearer("admin"), {"Idempotency-Key": new_key()}
    voters = f"{V1}/voters"
    client.post(voters, json={"name": "Rosa Demir"}, headers=admin | key)
    reused = client.post(voters, json={"name": "Ben Osei"}, headers=admin | key)
    assert (reused.status_code, reused.json["code"]) == (409, "key_reused")
    assert client.post(voters, json={"name": "Rosa Demir"}, headers=other | key).status_code == 201
    assert client.post(voters, json={"name": "Rosa Demir"}, headers=admin).status_code == 201
    assert client.post(voters, json={"name": "R"}, headers=admin | {"Idempotency-Key": "short"}).status_code == 422
    assert count(Voter) == 3


def test_a_key_is_forgotten_after_a_day(app):
    user = factories.StaffUserFactory()
    actor, asked = Actor("admin", user.id, user.username), Repeatable("api.create_voter", new_key(), (b"Rosa Demir",))
    assert [once(asked, actor, lambda made=made: made) for made in (1, 2)] == ["1", "1"]
    with time_machine.travel(utc_now() + KEPT + timedelta(minutes=1), tick=False):
        assert once(asked, actor, lambda: 3) == "3"
