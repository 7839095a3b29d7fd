"""The API's dangerous acts: asked for by one person, decided by another, as on the desk."""

from __future__ import annotations

from datetime import timedelta

from models import Election, ElectionStatus, db
from services.clock import utc_now
from tests import factories
from tests.blueprints.test_api import V1, bearer
from tests.factories import PASSWORD
from tests.support.approvals import WHY, waiting_approval


def status_of(number):
    db.session.expire_all()
    return db.session.get(Election, number).status


def test_closing_early_takes_two_people(client):
    asker, other = bearer("admin"), bearer("officer")
    number = factories.make_open_election().id
    assert client.post(f"{V1}/elections/{number}/close", headers=asker).json["code"] == "two_people_needed"
    asked = client.post(f"{V1}/elections/{number}/close-early", json={"reason": WHY}, headers=asker)
    assert (asked.status_code, asked.json["state"], asked.json["reason"]) == (202, "waiting", WHY), asked.text
    one = f"{V1}/approvals/{asked.json['id']}"
    own = client.post(f"{one}/confirm", json={}, headers=asker)
    assert (own.status_code, own.json["code"], status_of(number)) == (403, "another_person", ElectionStatus.ACTIVE)
    assert [row["id"] for row in client.get(f"{V1}/approvals", headers=other).json["waiting"]] == [asked.json["id"]]
    done = client.post(f"{one}/confirm", json={}, headers=other)
    assert (done.status_code, done.json["approval"]["state"]) == (200, "done")
    assert status_of(number) is ElectionStatus.CLOSED
    again = client.post(f"{one}/confirm", json={}, headers=other)
    assert (again.status_code, again.json["code"]) == (409, "conflict")


def test_the_only_administrator_acts_alone_with_title_and_password(client):
    header = bearer("admin")
    election = factories.make_open_election()
    number, address = election.id, f"{V1}/elections/{election.id}/close-early"
    lacking = client.post(address, json={"reason": WHY}, headers=header)
    assert (lacking.status_code, set(lacking.json["fields"])) == (422, {"title", "password"})
    body = {"reason": WHY, "title": election.title, "password": "not this one"}
    wrong = client.post(address, json=body, headers=header)
    assert (wrong.status_code, set(wrong.json["fields"])) == (422, {"password"})
    assert status_of(number) is ElectionStatus.ACTIVE
    done = client.post(address, json=body | {"password": PASSWORD}, headers=header)
    assert (done.json["state"], done.json["alone"], status_of(number)) == ("done", True, ElectionStatus.CLOSED)


def test_a_request_is_rejected_with_a_note_and_an_own_one_withdrawn(client):
    asker, other = bearer("admin"), bearer("officer")
    waiting = waiting_approval(election=factories.make_open_election())
    rejected = client.post(f"{V1}/approvals/{waiting.id}/reject", json={"note": "The hall is full."}, headers=other)
    assert (rejected.json["approval"]["state"], rejected.json["approval"]["note"]) == ("rejected", "The hall is full.")
    election = factories.make_open_election()
    later = (election.closes_at + timedelta(hours=2)).isoformat()
    extend = f"{V1}/elections/{election.id}/extend"
    earlier = client.post(extend, json={"reason": WHY, "closes_at": utc_now().isoformat()}, headers=asker)
    assert (earlier.status_code, set(earlier.json["fields"])) == (422, {"closes_at"})
    asked = client.post(extend, json={"reason": WHY, "closes_at": later}, headers=asker).json
    taken = client.post(f"{V1}/approvals/{asked['id']}/withdraw", headers=asker)
    assert taken.json["approval"]["state"] == "withdrawn"


def test_the_roll_of_an_open_election_changes_by_two_people(client):
    asker, other = bearer("admin"), bearer("officer")
    election, late = factories.make_open_election(voters=1), factories.VoterFactory()
    body = {"change": "add", "voters": [late.id], "reason": "Joined in time."}
    asked = client.post(f"{V1}/elections/{election.id}/roll/changes", json=body, headers=asker)
    assert (asked.status_code, asked.json["act"]) == (202, "roll_change"), asked.text
    client.post(f"{V1}/approvals/{asked.json['id']}/confirm", json={}, headers=other)
    on = client.get(f"{V1}/elections/{election.id}/roll", headers=asker).json
    assert (on["counts"]["on_roll"], late.id in {row["id"] for row in on["voters"]}) == (2, True)
