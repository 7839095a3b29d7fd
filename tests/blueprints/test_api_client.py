"""The command-line client of docs/client, made from the OpenAPI document alone: a vote by link, a check-in."""

from __future__ import annotations

import importlib.util
import json
import threading
from pathlib import Path

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from models import Layer, db
from services import api_tokens, elections
from services.actor import SYSTEM
from tests import factories
from tests.blueprints.test_api import bearer
from tests.blueprints.test_api_motions import of_officer, voter_header
from tests.support import meetings
from tests.support.links import link_election, send_links
from tests.support.meetings import HALL, Phone
from tests.support.voter_accounts import token_of
from tests.support.voting import seal_all, voters_of

PROGRAM = Path(__file__).resolve().parents[2] / "docs" / "client" / "smart_voting.py"
SERVER = "http://localhost"


@pytest.fixture(scope="module")
def program():
    spec = importlib.util.spec_from_file_location("smart_voting_client", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def server():
    """A server on this machine: (address, requests that came, answers by path as status, media type and body)."""
    came, answers = [], {}

    def wsgi(environ, start):
        request = Request(environ)
        files = {name: (one.filename, one.mimetype, one.read()) for name, one in request.files.items()}
        told = request.get_json() if request.is_json else request.form.to_dict() | files
        came.append((request.method, request.full_path.rstrip("?"), request.headers, told))
        status, kind, body = answers[request.path]
        return Response(body, status, content_type=kind)(environ, start)

    listening = make_server("127.0.0.1", 0, wsgi)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}", came, answers
    listening.shutdown()
    thread.join()
    listening.server_close()


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
    closed = ("--public_id", str(election.public_id))
    elections.close_election(election, SYSTEM)
    db.session.commit()
    seal_all()
    assert run("check_receipt", *closed, "--receipt", cast["receipt"])["counted"] is True
    assert run("check_receipt", *closed, "--receipt", "AAAA BBBB CCCC DDDD EEEE FFFF GG")["counted"] is False
    signed = run("check_receipt", *closed, "--receipt", cast["signed_receipt"])
    assert (signed["genuine"], signed["ours"], signed["counted"]) == (True, True, True)


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


def test_an_officer_reviews_check_ins_and_an_admin_lets_a_member_use_another_device(run, monkeypatch):
    group, actor = factories.GroupFactory(), meetings.officer()
    session = meetings.meeting(("location",), actor=actor, group_id=group.id)
    member, other = (meetings.member(group) for _number in range(2))
    one, two = (meetings.stand(session, voter, north_m=400) for voter in (member, other))

    def sign_in(header):
        monkeypatch.setenv("SMART_VOTING_TOKEN", header["Authorization"].removeprefix("Bearer "))

    sign_in(of_officer(actor))
    assert run("list_doubted", "--kind", "outside_fence")["total"] == 2
    judged = ("--decision", "rejected", "--note", "Nobody saw you in the hall.")
    assert run("review_check_in", "--record_id", str(one.id), *judged)["status"] == "rejected"
    assert run("review_many", "--records", f"[{one.id}, {two.id}]", "--decision", "confirmed")["done"] == 1
    sign_in(voter_header(member))
    here = ("--meeting_id", str(session.id))
    assert run("object_to_check_in", *here, "--objection", "I sat in the last row.")["status"] == "flagged"
    Phone().prove(meetings.meeting(("device",), group_id=group.id), member)
    wish = ("--platform_id", "ios-7f31c2aa-4411", "--reason", "The old phone is lost.")
    assert run("ask_for_platform_device", *wish)["waiting"]["decision"] is None
    sign_in(bearer("admin"))
    number = run("list_device_requests")["requests"][0]["id"]
    assert run("approve_device", "--request_id", str(number))["decision"] == "approved"


def test_a_server_that_is_not_there_is_said_in_a_sentence(program, capsys):
    assert program.main(["http://127.0.0.1:9", "own_meetings"]) == 1
    assert "Look at the address of the server" in capsys.readouterr().err
    assert program.main(["localhost:8000"]) == 1
    assert "begins with http" in capsys.readouterr().err


def test_json_a_form_with_a_file_and_a_refusal_go_over_a_real_line(
    client, program, server, capsysbinary, tmp_path, monkeypatch
):
    address, came, answers = server
    problem = {"title": "Conflict", "detail": "This check-in changed.", "fields": None}
    api = "/api/v1/"
    answers |= {
        f"{api}openapi.json": (200, "application/json", client.get(f"{api}openapi.json").data),
        f"{api}check-ins": (200, "application/json", b'{"total": 0}'),
        f"{api}check-ins/7/review": (409, "application/problem+json", json.dumps(problem).encode()),
        f"{api}check-ins/7/pictures/room": (200, "image/jpeg", b"\xff\xd8"),
        f"{api}me/meetings/4/room": (200, "application/json", b"{}"),
        f"{api}me/device": (502, "text/html", b"<h1>Bad gateway</h1>"),
    }  # fmt: skip
    monkeypatch.setenv("SMART_VOTING_TOKEN", "secret-token")

    def typed(*arguments):
        code, said = program.main([address, *arguments]), capsysbinary.readouterr()
        return code, (said.out or said.err).decode("latin-1")

    assert typed("list_doubted", "--q", "Ömer & Söhne") == (0, '{"total": 0}\n')
    assert came[-1][1] == f"{api}check-ins?q=%C3%96mer+%26+S%C3%B6hne"
    assert came[-1][2]["Authorization"] == "Bearer secret-token"
    assert typed("review_check_in", "--record_id", "7", "--decision", "confirmed", "--note", "123") == (
        1, "Conflict: This check-in changed.\n",
    )  # fmt: skip
    assert came[-1][3] == {"decision": "confirmed", "note": "123"}
    photo = tmp_path / "the room.jpg"
    photo.write_bytes(b"\xff\xd8\r\n--")
    assert typed("send_room_photo", "--meeting_id", "4", "--photo", str(photo))[0] == 0
    assert came[-1][3] == {"photo": ("the%20room.jpg", "image/jpeg", b"\xff\xd8\r\n--")}
    assert typed("check_in_picture", "--record_id", "7", "--picture", "room") == (0, "\xff\xd8")
    assert typed("own_device") == (1, "502: The answer is none of the API.\n")


def test_a_refusal_is_said_in_the_words_of_the_server_and_operations_are_listed(run):
    assert "Sign in" in run("own_meetings")
    assert run("no_such_operation") == ""
