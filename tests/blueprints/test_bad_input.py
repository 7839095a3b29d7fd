"""What strangers send, to every route: right status, words, nothing stored, never a stack trace.

EVERY_VALUE=1 sends every value to every field; without it each field gets its share, the same in every run.
"""

from __future__ import annotations

import io
import json
import os
import zlib
from itertools import islice

import pytest
from werkzeug.datastructures import ImmutableMultiDict

from tests import factories
from tests.services.identification import acting
from tests.support import cases, routes
from tests.support.bodiless_routes import WITHOUT_BODY
from tests.support.route_tables import VALID, bodies

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
TELLING = {repr(value) for value in (None, "", "\x00", "\ud800", "x" * 100_000, 10**30, [], {})}
"""Each of another kind, at which most readers of a value break: every field gets these."""
SHARES = 1 if os.environ.get("EVERY_VALUE") else 7
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
UNASKED = ("9" * 5000, "%00", "%FF%FE", "%0D%0AX-Planted:1")
"""What a page gets that looks at nothing in its address: what breaks its reading, or a header."""
WHOLE = "(all of them)"
ALONE = ("-1", "9" * 30, "%00", "%FF%FE", "٣", "x" * 4000)
"""What a name gets that stands alone in the address: one value for each way of reading it wrongly."""
QUERIES = ("q", "page", "status", "sort", "order", "pictures", "election", "room", "next", "show", "voted", "consent",
           "after", "bom", "before", "kind", "actor", "since", "until", "kiosk", "from", "voter_id", "review", "target",
           "voter", "state", "token", "v", "result", "method", "standing", "of", "group", "meeting",
           "purpose")  # fmt: skip
NUMBERS = (0, 2**31, 2**63 - 1, 2**63, 10**30, "9" * 5000, "-1", "1.5", "abc", "%00", "%FF", "٣" * 9)

FORMS = [route for route in WRITES if bodies(route.endpoint, route.method) and not (
    route.method == "PUT" and "POST" in (route.rule.methods or ())
)]  # fmt: skip
"""The routes that a form can be sent to; PUT is a POST with `_method` in it wherever a rule takes both."""

DOCUMENT_PATHS = ("/poll/auth/document", "/poll/document")
UNREADABLE_FORMS = {
    "nul and no utf-8": (
        "application/x-www-form-urlencoded", b"name=%00&name=%FF%FE&username=%ED%A0%80&voter_id=%00&title=%C3",
    ),
    "3000 fields": ("application/x-www-form-urlencoded", b"&".join(b"name=1" for _ in range(3000))),
    "no boundary": ("multipart/form-data", b"no boundary at all"),
    "cut off": (
        "multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\ncut',
    ),
    "2000 parts": ("multipart/form-data; boundary=b", b"--b\r\n" * 2000),
    "bad file name": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="name"; filename="\xff\x00"\r\n\r\nx\r\n--b--\r\n',
    ),
    "charset": ("text/plain; charset=no-such-charset", b"name=1"),
    "utf-7": ("application/json; charset=utf-7", b"+AHs-"),
    "xml": ("application/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    "no type": ("", b"\x00"),
}  # fmt: skip
SEEN_ON_PAGES = ("nul and no utf-8", "cut off", "no type")
"""Read, read in part and not read at all: what a page says of the others it says of one of these."""
SHOWN = ("", "<script>alert(1)</script>", "x" * 100_000, "\x00")
TOO_LARGE = b'{"a": "' + b"x" * (31 * 1024 * 1024) + b'"}'


@pytest.fixture
def app(world):
    """Every test of this file begins with the rows and logins of `world`."""
    with cases.rolled_back(world.app):
        yield world.app


@pytest.fixture
def asked_for(world, monkeypatch):
    """Give the set of the names in the address that the application looks at, from now on.

    What it copies whole into a link is not looked at by name: the request with all names at once covers that.
    """
    asked = set()

    class WatchedCopy(dict):
        def get(self, key, default=None):
            asked.add(key)
            return super().get(key, default)

    class Watched(ImmutableMultiDict):
        def __getitem__(self, key):
            asked.add(key)
            return super().__getitem__(key)

        def __contains__(self, key):
            asked.add(key)
            return super().__contains__(key)

        def getlist(self, key, *arguments, **named):
            asked.add(key)
            return super().getlist(key, *arguments, **named)

        def to_dict(self, flat=True):
            asked.add(WHOLE)
            return WatchedCopy(super().to_dict(flat))

        def lists(self):
            asked.add(WHOLE)
            return super().lists()

        def items(self, multi=False):
            asked.add(WHOLE)
            return super().items(multi)

    monkeypatch.setattr(world.app.request_class, "parameter_storage_class", Watched)
    return asked


def check(answer, world):
    """A refusal is in words and stores nothing; what is accepted may store."""
    assert answer.status_code < 500, answer.text[:500]
    routes.assert_no_stack_trace(answer)
    if answer.status_code >= 400:
        routes.assert_refusal_in_words(answer)
        # Looking up a number for the officer is an attempt, and every attempt is on record.
        world.assert_nothing_stored(*(["auth_events"] if answer.request.path in DOCUMENT_PATHS else []))


def share_of(values, *field):
    """Give the telling values, and of the others one in `SHARES`: the fields share them out among themselves."""
    first = zlib.crc32(" ".join(map(str, field)).encode())
    return [value for place, value in enumerate(values, first) if repr(value) in TELLING or place % SHARES == 0]


def reads_json(route):
    return route.method != "DELETE" and route.endpoint not in WITHOUT_BODY | {"auth.logout"}


def fields_of(route):
    """Give each field of each body that the route takes: its name for a report, its name, the body."""
    for key, body in bodies(route.endpoint, route.method).items():
        for name in body:
            yield f"{key}: {name}", name, body


def test_the_fields_get_all_values_among_themselves_and_each_the_telling_ones():
    shares = [{repr(value) for value in share_of(BAD_VALUES, "a field", number)} for number in range(40)]
    assert set.union(*shares) == {repr(value) for value in BAD_VALUES}
    assert all(share >= TELLING for share in shares)


def test_there_is_a_valid_body_for_every_route_that_reads_one():
    assert {route.endpoint for route in WRITES} == {key.split(" ")[0] for key in VALID} | WITHOUT_BODY


@pytest.mark.parametrize("route", WRITES, ids=str)
def test_a_body_that_is_no_json_object_breaks_nothing(route, world, case):
    for name, raw in RAW_BODIES.items():
        with case(name):
            answer = world.send(route, data=raw, content_type="application/json")
            assert answer.status_code < 500, answer.text[:300]
            if reads_json(route):
                assert 400 <= answer.status_code < 500, answer.status_code
                routes.assert_refusal_in_words(answer)
                world.assert_nothing_stored()


@pytest.mark.parametrize("route", WRITES, ids=str)
def test_a_form_that_cannot_be_read_breaks_nothing(route, world, case):
    for name, (content_type, raw) in UNREADABLE_FORMS.items():
        for accept in (JSON, HTML) if name in SEEN_ON_PAGES else (JSON,):
            with case(f"{name}, {accept['Accept']}"):
                check(world.send(route, data=raw, content_type=content_type, headers=accept), world)


@pytest.mark.parametrize("route", [route for route in WRITES if bodies(route.endpoint, route.method)], ids=str)
def test_every_field_takes_every_bad_value_in_json_without_breaking(route, world, case):
    # Where a rule takes PUT, a POST that is no form is refused before its body is read: one field tells.
    read = None if route.method == "PUT" or "PUT" not in (route.rule.methods or ()) else 1
    for label, name, body in islice(fields_of(route), read):
        for value in share_of(BAD_VALUES, route, label):
            with case(f"{label} = {value!r:.40}"):
                raw = json.dumps({**body, name: value}).encode()
                answer = world.send(route, data=raw, content_type="application/json")
                check(answer, world)


@pytest.mark.parametrize("route", FORMS, ids=str)
def test_every_field_takes_every_bad_text_in_a_form_without_breaking(route, world, case):
    """The answer is a page for the texts that a page shows in another way, for the others JSON: a third of the work."""
    texts = [value for value in BAD_VALUES if isinstance(value, str) and (value.isprintable() or value == "\x00")]
    method = "POST" if "POST" in (route.rule.methods or ()) else route.method
    for label, name, body in fields_of(route):
        for text in share_of(texts, route, label):
            with case(f"{label} = {text!r:.40}"):
                plain = {key: value for key, value in {**body, name: text}.items() if isinstance(value, str)}
                plain |= {"_method": "PUT"} if "PUT" in (route.rule.methods or ()) else {}
                accept = HTML if text in SHOWN else JSON
                check(world.send(route, method=method, data=plain, headers=accept), world)


@pytest.mark.parametrize("route", READS, ids=str)
def test_every_question_in_the_address_may_be_nonsense(route, world, case, asked_for):
    """All names at once, then each one by itself that the page was seen to look at: another one changes nothing."""

    def ask(query):
        with case(query[:60]):
            answer = world.caller(route).get(f"{route.address(world.rows)}?{query}")
            assert answer.status_code < 500, answer.text[:300]
            routes.assert_no_stack_trace(answer)
            assert "X-Planted" not in answer.headers
            world.assert_nothing_stored()

    ask("")
    for value in UNASKED:
        ask("&".join(f"{name}={value}" for name in QUERIES))
    for value in set(QUERY_VALUES) - set(UNASKED) if asked_for else ():
        ask("&".join(f"{name}={value}" for name in QUERIES))
    done = {WHOLE}
    while name := next(iter(sorted(asked_for - done)), None):
        done.add(name)
        for value in share_of(ALONE, route, name):
            ask(f"{name}={value}")
    assert done <= {*QUERIES, WHOLE}, "List the new names in QUERIES."


@pytest.mark.parametrize("route", [route for route in ALL if route.rule.arguments], ids=str)
def test_a_number_in_the_path_that_nothing_has_is_not_found(route, world, case):
    body = next(iter(bodies(route.endpoint, route.method).values()), {})
    for argument in route.rule.arguments:
        for number in NUMBERS:
            with case(f"{argument} = {number!s:.40}"):
                address = route.address({**world.rows, argument: number})
                answer = world.caller(route).open(address, method=route.method, json=body, headers=JSON)
                assert answer.status_code in (404, 405, 422), (answer.status_code, answer.text[:300])
                routes.assert_refusal_in_words(answer)
                world.assert_nothing_stored()


@pytest.mark.parametrize("route", WRITES, ids=str)
def test_a_body_above_the_limit_is_too_large(route, world, case):
    with case("31 MiB"):
        answer = world.send(
            route, input_stream=io.BytesIO(TOO_LARGE), content_length=len(TOO_LARGE), content_type="application/json"
        )
        assert answer.status_code < 500
        if reads_json(route):
            # Receipts are asked for after closing only, which is said before the body is read.
            assert answer.status_code in ((413,) if route.endpoint != "results.receipt" else (404, 409, 413))
            check(answer, world)


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
