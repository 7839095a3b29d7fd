"""The command-line client of docs/client, made from the OpenAPI document alone: a vote by link, a check-in."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from models import Layer, db
from services import api_tokens
from tests import factories
from tests.support import meetings
from tests.support.links import link_election, send_links
from tests.support.meetings import HALL
from tests.support.voter_accounts import token_of
from tests.support.voting import voters_of

PROGRAM = Path(__file__).resolve().parents[2] / "docs" / "client" / "smart_voting.py"
SERVER = "http://localhost"


@pytest.fixture(scope="module")
def program():
    spec = importlib.util.spec_from_file_location("smart_voting_client", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(client, program, capsys):
    """Type a command; returns the answer, or the words of the refusal."""

    def line(method, address, headers, body):
        answer = client.open(address.removeprefix(SERVER), method=method, headers=headers, data=body)
        return answer.status_code, answer.mimetype, answer.data

    def typed(*arguments):
        code = program.main([SERVER, *arguments], line)
        said = capsys.readouterr()
        return json.loads(said.out) if code == 0 else said.err

    return typed


def test_a_whole_vote_by_link(run, tmp_path):
    election = link_election(voters=1)
    secret = tmp_path / "token"
    secret.write_text(send_links(election)[voters_of(election)[0].id])
    assert run("validate_link_token", "--token", f"@{secret}")["valid"] is True
    choice = run("link_ballot", "--token", f"@{secret}")["choices"][0]["candidate_id"]
    cast = run("link_cast", "--token", f"@{secret}", "--choice", str(choice))
    assert cast["receipt"]
    again = run("link_cast", "--token", f"@{secret}", "--choice", str(choice))
    assert "already" in again


def test_a_whole_check_in_with_a_photo_of_the_room(run, tmp_path, monkeypatch):
    group = factories.GroupFactory()
    member = meetings.member(group)
    session = meetings.meeting((Layer.DEVICE, Layer.LOCATION, Layer.ROOM), group_id=group.id)
    pair = api_tokens.begin_voter(token_of(member))
    db.session.commit()
    monkeypatch.setenv("SMART_VOTING_TOKEN", pair.access)
    photo = tmp_path / "room.jpg"
    photo.write_bytes(meetings.room_photo())
    own = ("--meeting_id", str(session.id))
    assert run("own_meetings")["meetings"][0]["id"] == session.id
    assert run("begin_check_in", *own, "--code", meetings.code(session))["next"] == "device"
    assert run("prove_device_by_platform_id", *own, "--platform_id", "A-phone-of-the-member-0001")["next"] == "location"
    place = ("--latitude", str(HALL.latitude), "--longitude", str(HALL.longitude), "--accuracy_m", "12")
    assert run("give_location", *own, *place)["next"] == "room"
    assert run("send_room_photo", *own, "--photo", str(photo))["next"] == "done"


def test_a_server_that_is_not_there_is_said_in_a_sentence(program, capsys):
    assert program.main(["http://127.0.0.1:9", "own_meetings"]) == 1
    assert "Look at the address of the server" in capsys.readouterr().err
    assert program.main(["localhost:8000"]) == 1
    assert "begins with http" in capsys.readouterr().err


def test_a_refusal_is_said_in_the_words_of_the_server_and_operations_are_listed(run):
    assert "Sign in" in run("own_meetings")
    assert run("no_such_operation") == ""
