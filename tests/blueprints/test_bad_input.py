"""What strangers send, to every route: right status, words, nothing stored, never a stack trace."""

from __future__ import annotations

import json

import pytest

from tests import factories
from tests.services.identification import acting
from tests.support import routes

ALL = routes.all_routes()
WRITES = [route for route in ALL if route.method in routes.WRITING]
READS = [route for route in ALL if route.method == "GET"]
JSON = {"Accept": "application/json"}
HTML = {"Accept": "text/html"}
DEEP = 100_000

RAW_BODIES = {
    "empty": b"", "cut off": b'{"name": "A', "array": b'[{"name": "A"}]', "text": b'"name"', "null": b"null",
    "number": b"7", "no utf-8": b'{"name": "\xff\xfe\xc3"}', "deep array": b"[" * DEEP, "deep object": b'{"a":' * DEEP,
    "closed deep array": b'{"name": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "long number": b'{"name": ' + b"9" * 9999 + b"}",
    "nul": b"\x00\x00", "two objects": b"{}{}",
}  # fmt: skip
BAD_VALUES = [
    None, True, False, 0, -1, 1.5, 2**31, 2**63, 10**30, 1e308, "", " ", "\x00", "a\x00b", "\ud800", "a\udfffb",
    "x" * 100_000, "9" * 5000, "٣", "-1", "1e9", "' OR 1=1 --", "<script>alert(1)</script>", "../../etc/passwd",
    "a\r\nSet-Cookie: planted=1", "\u202e\u200b", "=cmd()", [], [[]], ["\x00"], ["\ud800"], [None], {}, {"$ne": 1},
    [10**30], ["a"] * 5000,
]  # fmt: skip
QUERY_VALUES = (
    "-1",
    "0",
    "9" * 30,
    "9" * 5000,
    "1.5",
    "%00",
    "%FF%FE",
    "٣",
    "%27%20OR%201=1",
    "x" * 4000,
    "%0D%0AX-Planted:1",
)
QUERIES = ("q", "page", "status", "sort", "order", "pictures", "election", "room", "next", "show", "voted")
NUMBERS = (0, 2**31, 2**63 - 1, 2**63, 10**30, "9" * 5000, "-1", "1.5", "abc", "%00", "%FF", "٣")

DATES = {"opens_at": "2030-10-18T08:00", "closes_at": "2030-10-18T20:00"}
DOCUMENT_PATHS = ("/poll/auth/document", "/poll/document")
DOCUMENT = {
    "voter_id": "20481730", "document": "passport", "officer": "nobody", "password": "wrong password",
    "second": "somebody", "second_password": "wrong password", "reason": "The camera is broken.",
}  # fmt: skip
VALID = {
    "auth.login": {"room": "polling", "username": "nobody", "password": "wrong password", "election_id": "1"},
    "auth.logout": {"username": "nobody", "password": "wrong password"},
    "results.receipt": {"receipt": "ABCD"},
    "admin.elections": {
        "title": "Town Council", "description": "One seat", "secrecy": "secret", "results_policy": "live",
        "max_choices": 1, "live_batch": 50, **DATES,
    },
    "admin.change_election": {
        "title": "Town Council", "opens_at": DATES["opens_at"], "channels": ["booth"], "candidate_order": "shuffled",
        "allowed_networks": ["192.0.2.0/24"], "confirmation_text": "Thank you.", "opens_without_faces": True,
    },
    "admin.copy_election": {"roll": True},
    "admin.close_election": {"reason": "Fire alarm", "confirm": "no"},
    "admin.extend_election": {
        "closes_at": "2030-10-18T22:00", "reason": "Queues", "title": "Not the title", "password": "wrong password",
    },
    "admin.confirm_approval": {"title": "Not the title", "password": "wrong password"},
    "admin.reject_approval": {"note": "Not yet"},
    "admin.judge_same_face": {"decision": "different", "note": "Twins", "seen": "x"},
    "admin.face_erasures": {"reason": "The club asked", "password": "wrong password"},
    "admin.review_attempt": {"decision": "rejected", "note": "Not the voter", "seen": "x"},
    "admin.stop_booth": {"reason": "It does not answer."},
    "admin.note_booth": {"note": "The network was away."},
    "admin.recovery_copy": {"passphrase": "a long passphrase", "passphrase_again": "a long passphrase"},
    "admin.reset_election": {"election_id": 1, "confirm_token": "x.y.z", "title": "Town Council"},
    "admin.voters": {
        "name": "Vera Voter", "voter_id": "", "dob": "1980-05-17", "gender": "female", "email": "vera@example.org",
        "phone": "+44 20 7946 0018", "status": "verified", "elections": [],
    },
    "admin.add_to_roll": {"voters": [1]},
    "admin.add_groups_to_roll": {"groups": [1]},
    "admin.remove_from_roll": {"voters": [1], "reason": "Moved away."},
    "admin.groups": {"name": "Planted Group"},
    "admin.join_group": {"voters": [1]},
    "admin.leave_group": {"voters": [1]},
    "admin.parties": {"name": "Planted Party", "symbol": None},
    "admin.candidates": {
        "election_id": 1, "party_id": 0, "name": "Carla Candidate", "description": "Words", "display_order": 1,
        "image": None,
    },
    "admin.enroll_face": {"images": ["data:image/jpeg;base64,AAAA"] * 3, "consent": True},
    "admin.check_picture": {"frame": "data:image/jpeg;base64,AAAA"},
    "poll.start": {"voter_id": "20481730"},
    "poll.verify": {"challenge_id": "x", "step": 0, "frames": ["data:image/jpeg;base64,AAAA"], "seq": 0},
    "poll.document": DOCUMENT,
    "poll.document_form": {name: DOCUMENT[name] for name in ("voter_id", "officer", "password")},
    "poll.vote": {"voter_id": "20481730", "choice": "nota", "idempotency_key": "AbCdEfGhIjKlMnOpQrStUvWx"},
}  # fmt: skip
for one, collection in (("voter", "voters"), ("party", "parties"), ("candidate", "candidates"), ("group", "groups")):
    VALID[f"admin.{one}"] = VALID[f"admin.{collection}"]
FIELDS = [(route, name) for route in WRITES for name in VALID.get(route.endpoint, {}) if route.method != "DELETE"]


@pytest.fixture
def rows(app):
    return routes.existing_rows()


@pytest.fixture
def caller_of(client, admin_client, kiosk_client):
    """Give the client that the route lets in, so that the input reaches it."""

    def choose(route):
        if route.endpoint.startswith("poll."):
            return kiosk_client
        return client if route.endpoint == "auth.login" else admin_client

    return choose


def assert_nothing_stored(answer, before):
    """Only what is meant: looking up a number for the officer is an attempt, and every attempt is on record."""
    meant = dict.fromkeys({"auth_events"} if answer.request.path in DOCUMENT_PATHS else ())
    assert routes.row_counts() | meant == before | meant


def check(answer, before):
    """A refusal is in words and stores nothing; what is accepted may store."""
    assert answer.status_code < 500, answer.text[:500]
    routes.assert_no_stack_trace(answer)
    if answer.status_code >= 400:
        routes.assert_refusal_in_words(answer)
        assert_nothing_stored(answer, before)


def test_there_is_a_valid_body_for_every_route_that_reads_one():
    without_body = {
        "admin.open_election", "admin.select_election", "admin.schedule_election", "admin.unschedule_election",
        "admin.archive_election", "poll.more_time", "poll.leave", "poll.officer",
        "poll.heartbeat", "poll.document_cancel", "poll.abandon",
    }  # fmt: skip
    assert {route.endpoint for route in WRITES} == VALID.keys() | without_body


@pytest.mark.parametrize("route", WRITES, ids=str)
def test_a_body_that_is_no_json_object_breaks_nothing(route, rows, caller_of):
    caller, address, before = caller_of(route), route.address(rows), routes.row_counts()
    for name, raw in RAW_BODIES.items():
        answer = caller.open(address, method=route.method, data=raw, content_type="application/json")
        assert answer.status_code < 500, (name, answer.text[:300])
        reads_json = route.endpoint in VALID and route.method != "DELETE" and route.endpoint != "auth.logout"
        if reads_json:
            assert 400 <= answer.status_code < 500, (name, answer.status_code)
            routes.assert_refusal_in_words(answer)
            assert routes.row_counts() == before, name


@pytest.mark.parametrize("route", WRITES, ids=str)
@pytest.mark.parametrize(
    ("content_type", "raw"),
    [
        ("application/x-www-form-urlencoded", b"name=%00&name=%FF%FE&username=%ED%A0%80&voter_id=%00&title=%C3"),
        ("application/x-www-form-urlencoded", b"&".join(b"name=1" for _ in range(3000))),
        ("multipart/form-data", b"no boundary at all"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\ncut"),
        ("multipart/form-data; boundary=b", b"--b\r\n" * 2000),
        ("multipart/form-data; boundary=b",
         b'--b\r\nContent-Disposition: form-data; name="name"; filename="\xff\x00"\r\n\r\nx\r\n--b--\r\n'),
        ("text/plain; charset=no-such-charset", b"name=1"),
        ("application/json; charset=utf-7", b"+AHs-"),
        ("application/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
        ("", b"\x00"),
    ],
    ids=["nul and no utf-8", "3000 fields", "no boundary", "cut off", "2000 parts", "bad file name", "charset",
         "utf-7", "xml", "no type"],
)  # fmt: skip
def test_a_form_that_cannot_be_read_breaks_nothing(route, content_type, raw, rows, caller_of):
    for accept in (JSON, HTML):
        before = routes.row_counts()
        answer = caller_of(route).open(
            route.address(rows), method=route.method, data=raw, content_type=content_type, headers=accept
        )
        check(answer, before)


@pytest.mark.parametrize(("route", "name"), FIELDS, ids=lambda value: str(value))
def test_every_field_takes_every_bad_value_in_json_without_breaking(route, name, rows, caller_of):
    caller, address = caller_of(route), route.address(rows)
    before = routes.row_counts()
    for value in BAD_VALUES:
        body = json.dumps({**VALID[route.endpoint], name: value}).encode()
        answer = caller.open(address, method=route.method, data=body, content_type="application/json")
        assert answer.status_code < 500, (str(value)[:40], answer.text[:300])
        if answer.status_code >= 400:
            routes.assert_refusal_in_words(answer)
            assert_nothing_stored(answer, before)
        else:
            before = routes.row_counts()


@pytest.mark.parametrize(("route", "name"), FIELDS, ids=lambda value: str(value))
def test_every_field_takes_every_bad_text_in_a_form_without_breaking(route, name, rows, caller_of):
    caller, address = caller_of(route), route.address(rows)
    texts = [value for value in BAD_VALUES if isinstance(value, str) and (value.isprintable() or value == "\x00")]
    for text in texts:
        before = routes.row_counts()
        body = {**VALID[route.endpoint], name: text}
        plain = {key: value for key, value in body.items() if isinstance(value, str)}
        plain |= {"_method": "PUT"} if "PUT" in (route.rule.methods or ()) else {}
        method = "POST" if "POST" in (route.rule.methods or ()) else route.method
        check(caller.open(address, method=method, data=plain, headers=HTML), before)


@pytest.mark.parametrize("route", READS, ids=str)
def test_every_question_in_the_address_may_be_nonsense(route, rows, caller_of):
    caller, address, before = caller_of(route), route.address(rows), routes.row_counts()
    for name in QUERIES:
        for value in QUERY_VALUES:
            answer = caller.get(f"{address}?{name}={value}")
            assert answer.status_code < 500, (name, value[:40], answer.text[:300])
            routes.assert_no_stack_trace(answer)
            assert "X-Planted" not in answer.headers
    assert routes.row_counts() == before


@pytest.mark.parametrize("route", [route for route in ALL if route.rule.arguments], ids=str)
def test_a_number_in_the_path_that_nothing_has_is_not_found(route, rows, caller_of):
    caller, before = caller_of(route), routes.row_counts()
    for argument in route.rule.arguments:
        for number in NUMBERS:
            address = route.address({**rows, argument: number})
            answer = caller.open(address, method=route.method, json=VALID.get(route.endpoint, {}), headers=JSON)
            assert answer.status_code in (404, 405, 422), (str(number)[:40], answer.status_code, answer.text[:300])
            routes.assert_refusal_in_words(answer)
    assert routes.row_counts() == before


@pytest.mark.parametrize("route", WRITES, ids=str)
def test_a_body_above_the_limit_is_too_large(route, rows, caller_of):
    before = routes.row_counts()
    answer = caller_of(route).open(
        route.address(rows), method=route.method, data=b'{"a": "' + b"x" * (31 * 1024 * 1024) + b'"}',
        content_type="application/json",
    )  # fmt: skip
    assert answer.status_code < 500
    if route.endpoint in VALID and route.method != "DELETE" and route.endpoint != "auth.logout":
        # Receipts are asked for after closing only, which is said before the body is read.
        assert answer.status_code in ((413,) if route.endpoint != "results.receipt" else (404, 409, 413))
        check(answer, before)


@pytest.mark.parametrize("method", ["TRACE", "PATCH", "PROPFIND", "PUT", "DELETE", "LOCK"])
@pytest.mark.parametrize("address", ["/", "/login", "/poll/vote", "/admin/", "/results/live"])
def test_a_method_that_a_route_does_not_know_is_refused(method, address, admin_client):
    answer = admin_client.open(address, method=method, headers=JSON)
    assert answer.status_code == 405
    assert answer.headers["Allow"]
    routes.assert_refusal_in_words(answer)


@pytest.mark.parametrize(
    "path",
    ["/media/../../config.py", "/media/%2e%2e/%2e%2e/etc/passwd", "/media/ab/%00", "/media//etc/passwd",
     "/media/faces/ab/" + 32 * "a" + ".enc", "/static/../app.py", "/static/..%2f..%2fconfig.py", "/admin/../.env",
     "/.env", "/.git/config", "/nothing\r\nhere", "/%FF%FE", "/" + "a" * 8000],
)  # fmt: skip
def test_no_path_leads_to_a_file_of_the_installation(path, client):
    answer = client.get(path)
    assert answer.status_code in (302, 308, 404)
    routes.assert_no_stack_trace(answer)
    assert "SECRET_KEY" not in answer.text


def test_an_expired_challenge_is_over(kiosk_client, open_election, db_session):
    from datetime import timedelta

    from models import Challenge

    voter = acting.only_voter(open_election)
    acting.enrol(voter)
    begun = kiosk_client.post("/poll/auth/start", json={"voter_id": voter.voter_id}).json["challenge"]
    row = db_session.get(Challenge, begun["id"].split(".")[0])
    row.expires_at -= timedelta(hours=1)
    db_session.commit()
    before = routes.row_counts()
    body = {"challenge_id": begun["id"], "step": 0, "frames": acting.straight(count=1)}
    answer = kiosk_client.post("/poll/auth/verify", json=body)

    assert (answer.status_code, answer.json["error"]["code"]) == (409, "challenge_over")
    assert routes.row_counts() == before


def test_a_mistake_of_our_own_is_answered_without_a_word_of_it(app, monkeypatch, client):
    from services import elections

    def broken():
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(elections, "current_booth_elections", broken)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.config, "TESTING", False)
    page, answer = client.get("/"), client.get("/", headers=JSON)

    assert (page.status_code, answer.status_code) == (500, 500)
    assert answer.json["error"]["code"] == "server_error"
    for text in (page.text, answer.text):
        assert "secret inside" not in text
        assert "Traceback" not in text


def test_markup_in_names_is_shown_and_never_run(admin_client, client, make_kiosk_client, app):
    planted = "<img src=x onerror=alert(1)>\"'"
    party = factories.PartyFactory(name=planted)
    election = factories.ElectionFactory(title=planted, description=planted)
    for index in range(2):
        factories.CandidateFactory(election=election, party=party, name=f"{planted}{index}", description=planted)
    voter = factories.RollEntryFactory(election=election, voter=factories.VoterFactory(name=planted)).voter
    from services import elections
    from services.actor import SYSTEM

    app.extensions["sqlalchemy"].session.refresh(election)
    elections.open_election(election, SYSTEM)
    kiosk = make_kiosk_client(election)
    admin = ["/admin/", "/admin/elections", f"/admin/elections/{election.id}", "/admin/voters", "/admin/parties",
             f"/admin/voters/{voter.id}", f"/admin/voters/{voter.id}/enrol", f"/admin/parties/{party.id}",
             "/admin/results",
             f"/admin/candidates?election={election.id}", "/admin/candidates/new",
             "/admin/voters?q=<img+src=x>"]  # fmt: skip
    pages = [admin_client.get(path) for path in admin]
    pages += [client.get("/"), client.get(f"/results/?election={election.id}"), kiosk.get("/poll/")]
    assert [page.status_code for page in pages] == [200] * len(pages)
    assert [page.request.path for page in pages if "<img src=x" in page.text] == []
    assert sum("&lt;img src=x onerror" in page.text for page in pages) > 8


@pytest.mark.parametrize("title", ["a\r\nb", " a \t b ", "a\u2028b"])
def test_the_title_of_an_election_is_one_line(title, admin_client):
    answer = admin_client.post("/admin/elections", json={**VALID["admin.elections"], "title": title})
    assert (answer.status_code, answer.json["election"]["title"]) == (201, "a b")


@pytest.mark.parametrize("title", ["a\u202eb", "\u200b", "a\x1b[31m", "a\x7f"])
def test_a_title_with_characters_that_nobody_sees_is_refused(title, admin_client):
    answer = admin_client.post("/admin/elections", json={**VALID["admin.elections"], "title": title})
    assert (answer.status_code, list(answer.json["error"]["fields"])) == (422, ["title"])
