"""Pages of an installation whose pictures lie in a bucket, and what they say while the line to it is cut."""

from __future__ import annotations

import io
import re
import urllib.request

import pytest
import time_machine
from sqlalchemy import func, select

from models import AuthEvent, Channel, EmailMessage, Party, RollImport, db
from services import disk, elections, health, metrics, pictures
from services.actor import SYSTEM
from services.clock import utc_now
from services.context import platform
from services.storage import PUBLIC, Storage
from tests import factories
from tests.services.identification import acting
from tests.support.links import send_links
from tests.support.pictures import data_url, plain_picture
from tests.support.voting import make_pass, voters_of

ALWAYS = 99
AWAY = "Pictures and files cannot be stored or read at the moment. Nothing was changed."
PICTURE = plain_picture()


@pytest.fixture
def bucket(app, monkeypatch, bucket_service, wire, at_once):
    """A bucket in place of the folder, over a wire that can be cut."""
    monkeypatch.setattr(platform(), "storage", Storage(bucket_service.bucket(wire.port), platform().cipher))
    return platform().storage


@pytest.fixture
def counted(monkeypatch):
    """What was counted for the metrics."""
    found = []
    monkeypatch.setattr(metrics, "count", found.append)
    return found


@pytest.fixture
def election(bucket):
    """An open election whose candidates have portraits in the bucket."""
    portrait = pictures.store_public(PICTURE, "symbol", "image")
    election = factories.ElectionFactory(channels=[Channel.BOOTH, Channel.LINK])
    for _ in range(2):
        factories.CandidateFactory(election=election, image_path=portrait)
    factories.RollEntryFactory(election=election)
    db.session.refresh(election)
    elections.open_election(election, SYSTEM)
    db.session.commit()
    return election


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def sources(answer):
    return re.search(r"img-src ([^;]+)", answer.headers["Content-Security-Policy"])[1].split()


def alerts():
    return [mail.subject for mail in db.session.scalars(select(EmailMessage).filter_by(kind="system_alert"))]


def test_the_desk_gets_a_portrait_from_the_bucket_and_its_policy_allows_that_host(bucket, admin_client):
    made = admin_client.post("/admin/parties", json={"name": "Kites", "symbol": data_url(PICTURE, "png")})
    sent = admin_client.get(made.json["party"]["symbol_url"])
    assert sent.status_code == 302
    assert sent.location.startswith(f"{bucket.origin}/")
    assert sent.headers["Cache-Control"] == "public, max-age=150"
    assert "Set-Cookie" not in sent.headers
    with urllib.request.urlopen(sent.location) as answer:  # noqa: S310 (the bucket of this test)
        assert answer.read().startswith(b"\x89PNG")
    page = admin_client.get("/admin/parties")
    assert sources(page) == ["'self'", bucket.origin, "data:", "blob:"]
    assert bucket.origin not in page.text, "an address that runs out is in no page"


def test_a_page_on_which_somebody_votes_asks_no_other_host_for_anything(bucket, client, election, make_kiosk_client):
    booth = make_kiosk_client(election)
    make_pass(election, voters_of(election)[0], booth.kiosk)
    token = next(iter(send_links(election).values()))
    client.get(f"/vote?token={token}")
    for voter, address in ((booth, "/poll/ballot"), (client, "/vote")):
        page = voter.get(address)
        shown = set(re.findall(r'src="(/media/[^"]+)"', page.text))
        assert len(shown) == 1, "both candidates have the same portrait"
        assert sources(page) == ["'self'", "data:", "blob:"]
        picture = voter.get(shown.pop())
        assert (picture.status_code, picture.mimetype) == (200, "image/png")
        assert picture.headers["Cache-Control"].endswith("immutable")


def test_a_portrait_that_was_changed_in_the_bucket_is_on_no_ballot(bucket, client, election):
    path = election.candidates[0].image_path
    bucket.store.put(path, io.BytesIO(b"another face"), over=True)
    assert client.get("/media/ballot/" + path.removeprefix(f"{PUBLIC}/")).status_code == 410


def test_an_upload_over_a_cut_line_is_refused_in_words_stores_nothing_and_works_later(
    bucket, wire, admin_client, counted
):
    body = {"name": "Kites", "symbol": data_url(PICTURE, "png")}
    wire.cut(ALWAYS, up=100)
    answer = admin_client.post("/admin/parties", json=body)
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "storage_away")
    assert answer.json["error"]["message"].startswith(AWAY)
    assert int(answer.headers["Retry-After"]) > 0
    page = admin_client.post("/admin/parties", data={"name": "Kites", "symbol": (io.BytesIO(PICTURE), "symbol.png")})
    assert page.status_code == 503
    assert AWAY in page.text
    assert count(Party) == 0
    assert counted.count(metrics.Event.STORAGE_FAILURE) == 2
    assert len(alerts()) == 1, "once an hour"
    assert disk.AWAY in alerts()[0]
    wire.mend()
    assert list(bucket.files()) == []
    assert admin_client.post("/admin/parties", json=body).status_code == 201


def test_a_file_of_voters_over_a_cut_line_leaves_no_import(bucket, wire, admin_client):
    wire.cut(ALWAYS, up=100)
    answer = admin_client.post("/admin/imports", data={"file": (io.BytesIO(b"email,name\na@b.example,Ana\n"), "a.csv")})
    assert answer.status_code == 503
    assert AWAY in answer.text
    assert count(RollImport) == 0


def test_a_check_at_the_booth_over_a_cut_line_waits_and_succeeds_when_it_is_mended(
    bucket, wire, kiosk_client, open_election
):
    voter = acting.only_voter(open_election)
    acting.enrol(voter)
    with time_machine.travel(utc_now(), tick=False) as clock:
        sent = []

        def send(done, frames, seq):
            sent.append((done, frames, seq))
            body = {"challenge_id": challenge["id"], "step": done, "frames": frames, "seq": seq}
            return kiosk_client.post("/poll/auth/verify", json=body)

        challenge = kiosk_client.post("/poll/auth/start", json={"voter_id": voter.voter_id}).json["challenge"]
        wire.cut(ALWAYS, up=100)
        refused = acting.perform(send, clock.shift, challenge["steps"], 7, lambda answer: answer.status_code == 202)
        assert (refused.status_code, refused.json["error"]["code"]) == (503, "storage_away")
        assert count(AuthEvent) == 0
        wire.mend()
        last = send(*sent[-1])
    assert (last.status_code, last.json["result"]) == (200, "success")
    assert bucket.find(db.session.scalars(select(AuthEvent)).one().snapshot_path) is not None


def test_health_shows_the_bucket_and_readiness_only_warns(bucket, wire, client):
    assert health.check_installation().problems == []
    wire.cut(ALWAYS, up=0)
    answer = client.get("/ops/health/ready")
    assert answer.status_code == 200
    assert any("The bucket of the pictures does not answer" in warning for warning in answer.json["warnings"])
    assert any("The bucket of the pictures" in problem for problem in health.check_installation().problems)
