"""The API's voters: the register, an election's roll, and files of voters."""

from __future__ import annotations

import io

from sqlalchemy import select

from models import AuditLog, ImportProblem, db
from tests import factories
from tests.blueprints.test_api import V1, bearer
from tests.support import voter_files


def test_a_voter_is_added_found_changed_suspended_and_deleted(client):
    header = bearer("admin")
    made = client.post(f"{V1}/voters", json={"name": "Rosa Demir", "email": "rosa@union.example"}, headers=header)
    assert made.status_code == 201, made.text
    one = f"{V1}/voters/{made.json['id']}"
    found = client.get(f"{V1}/voters?q=ros", headers=header).json
    assert [(row["voter_id"], row["pictures"]) for row in found["voters"]] == [(made.json["voter_id"], 0)]
    changed = client.patch(one, json={"phone": "+44 20 7946 0018", "email": None}, headers=header).json
    assert (changed["name"], changed["phone"], changed["email"]) == ("Rosa Demir", "+44 20 7946 0018", None)
    act = {"change": "suspend", "reason": "Moved away"}
    assert client.post(f"{one}/suspension", json=act, headers=header).json["status"] == "suspended"
    assert client.post(f"{one}/suspension", json=act, headers=header).status_code == 409
    assert client.delete(one, headers=header).json == {"done": True}
    assert client.get(one, headers=header).status_code == 404


def test_a_wrong_entry_is_named_and_a_taken_one_is_a_conflict(client):
    header, taken = bearer("admin"), factories.VoterFactory(email="rosa@union.example")
    wrong = client.post(f"{V1}/voters", json={"name": "R", "voter_id": "12345678", "email": "no"}, headers=header)
    assert (wrong.status_code, set(wrong.json["fields"])) == (422, {"voter_id", "email"})
    again = client.post(f"{V1}/voters", json={"name": "Rosa", "email": taken.email}, headers=header)
    assert (again.status_code, again.json["code"], set(again.json["fields"])) == (409, "conflict", {"email"})


def test_the_roll_of_a_draft_is_filled_listed_and_cleared_with_a_reason(client):
    header = bearer("admin")
    election, voters = factories.ElectionFactory(), [factories.VoterFactory() for _count in range(3)]
    roll = f"{V1}/elections/{election.id}/roll"
    chosen = [voter.id for voter in voters[:2]]
    assert client.post(roll, json={}, headers=header).status_code == 422
    assert client.post(roll, json={"voters": chosen}, headers=header).json == {"changed": 2, "kept": 0, "on_roll": 2}
    on = client.get(roll, headers=header).json
    assert ({row["id"] for row in on["voters"]}, on["counts"]["on_roll"]) == (set(chosen), 2)
    off = client.get(f"{roll}?show=off", headers=header).json
    assert [row["id"] for row in off["voters"]] == [voters[2].id]
    gone = client.post(f"{roll}/removal", json={"voters": chosen[:1], "reason": "Left the branch"}, headers=header)
    assert gone.json == {"changed": 1, "kept": 0, "on_roll": 1}
    rows = db.session.scalars(select(AuditLog.event_type).where(AuditLog.election_id == election.id)).all()
    assert {"staff:roll:added", "staff:roll:removed"} <= set(rows)


def test_the_roll_of_an_open_election_waits_for_a_second_person(client):
    header, election = bearer("admin"), factories.make_open_election(voters=1)
    late = factories.VoterFactory()
    refused = client.post(f"{V1}/elections/{election.id}/roll", json={"voters": [late.id]}, headers=header)
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    stranger = bearer("admin", on_lists=False)
    assert client.get(f"{V1}/elections/{election.id}/roll", headers=stranger).status_code == 404


def test_a_file_is_sent_and_waits_for_the_worker(client):
    header, election = bearer("admin"), factories.ElectionFactory()
    form = {"file": (io.BytesIO(voter_files.GOOD.encode()), "members.csv"), "election_id": str(election.id)}
    sent = client.post(f"{V1}/voters/imports", data=form, headers=header)
    assert (sent.status_code, sent.json["status"], sent.json["file_name"]) == (202, "checking", "members.csv")
    one = f"{V1}/voters/imports/{sent.json['id']}"
    early = client.post(f"{one}/start", json={}, headers=header)
    assert (early.status_code, early.json["code"]) == (409, "conflict")
    assert client.post(f"{one}/cancel", headers=header).json["status"] == "cancelled"
    assert client.get(f"{V1}/voters/imports", headers=header).json["imports"][0]["status"] == "cancelled"


def test_the_bad_rows_of_a_checked_file_are_listed_and_skipped_on_demand(client):
    header, counts = bearer("admin"), {"rows": 3, "new": 1, "same": 0, "changed": 0, "bad": 2, "new_groups": []}
    job = factories.RollImportFactory(counts=counts)
    for line in (3, 4):
        db.session.add(ImportProblem(import_id=job.id, line=line, kind="No address.", why="No address.", row="a,b"))
    db.session.commit()
    one = f"{V1}/voters/imports/{job.id}"
    assert client.get(one, headers=header).json["problems"] == [{"reason": "No address.", "rows": 2}]
    rows = client.get(f"{one}/bad-rows?after=3", headers=header).json
    assert rows == {"rows": [{"line": 4, "why": "No address.", "row": "a,b"}], "next_after": None}
    whole = client.post(f"{one}/start", json={"bad_rows": "refuse"}, headers=header)
    assert (whole.status_code, set(whole.json["fields"])) == (422, {"bad_rows"})
    assert client.post(f"{one}/start", json={"bad_rows": "skip"}, headers=header).json["status"] == "importing"


def test_a_file_needs_a_form_and_some_content(client):
    header = bearer("admin")
    assert client.post(f"{V1}/voters/imports", json={"file": "a"}, headers=header).status_code == 415
    empty = client.post(f"{V1}/voters/imports", data={"file": (io.BytesIO(b""), "a.csv")}, headers=header)
    assert (empty.status_code, set(empty.json["fields"])) == (422, {"file"})
