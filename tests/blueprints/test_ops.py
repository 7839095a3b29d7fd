"""Health and metrics: what tells operators, and nobody else, how the application is."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from models import InstallationKey, WorkerBeat, db, use_role
from services import metrics, ops_figures, worker_beats
from services.clock import utc_now
from services.context import platform

TOKEN = "t" * 32
NO_PROCESS = 2**22 + 1
"""A number above all that Linux gives to processes."""
LABELS = re.compile(r"\{([^}]*)\}")


@pytest.fixture
def fresh_figures(monkeypatch):
    monkeypatch.setattr(ops_figures, "KEPT_SECONDS", -1.0)


def value(text, name):
    """Return the sum of a metric's samples, 0 when there are none."""
    lines = [line for line in text.splitlines() if re.match(rf"{name}[ {{]", line)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def read(client):
    answer = client.get("/ops/metrics")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_process_that_lives_says_so_without_the_database(client, monkeypatch):
    monkeypatch.setattr(db.session, "scalar", lambda *_: 1 / 0)
    with client.session_transaction() as session:
        session["staff_session"] = "a token that would have to be looked up"
    assert client.get("/ops/health/live").json == {"status": "ok"}


def test_an_installation_is_ready_and_a_missing_worker_is_a_warning(client):
    answer = client.get("/ops/health/ready")
    assert (answer.status_code, answer.json["status"], answer.json["problems"]) == (200, "ready", [])
    assert answer.json["warnings"] == ["No worker runs: no mail is sent, no ballot sealed."]


def test_a_worker_that_fell_silent_is_a_warning(client):
    with use_role("sealer"):
        worker_beats.beat()
        db.session.commit()
    assert client.get("/ops/health/ready").json["warnings"] == []
    with use_role("sealer"):
        db.session.query(WorkerBeat).update({"seen_at": utc_now() - timedelta(minutes=5)})
        db.session.commit()
    assert client.get("/ops/health/ready").json["warnings"][0].startswith("The worker gave no sign of life for 30")


def note_worker(name, ago):
    db.session.merge(WorkerBeat(name=name, seen_at=utc_now() - ago))
    db.session.commit()


def test_a_worker_that_stands_still_is_named_although_another_on_its_computer_does_its_work(client, fresh_figures):
    computer, own = worker_beats.own_name().split(":")
    stuck = f"{computer}:{os.getppid()}"  # A process that lives, as one that was stopped does.
    with use_role("sealer"):
        worker_beats.beat()
        note_worker(stuck, timedelta(minutes=5))
        worker_beats.beat()
        db.session.commit()
    warned = client.get("/ops/health/ready").json["warnings"]
    assert [line.split(" gave no sign")[0] for line in warned] == [f"The worker {stuck}"]
    assert own not in stuck
    assert value(read(client), "smart_voting_workers_silent") == 1


def test_a_worker_that_was_killed_is_forgotten_by_the_next_one_on_its_computer_and_by_no_other(client):
    computer = worker_beats.own_name().split(":")[0]
    with use_role("sealer"):
        for name in (computer, f"{computer}:{NO_PROCESS}", f"elsewhere:{NO_PROCESS}"):
            note_worker(name, timedelta(minutes=5))
        worker_beats.beat()
        db.session.commit()
        assert {row.name for row in db.session.query(WorkerBeat)} == {
            worker_beats.own_name(),
            f"elsewhere:{NO_PROCESS}",
        }


def test_a_worker_that_is_told_to_stop_leaves_no_sign_of_life_behind(client):
    with use_role("sealer"):
        worker_beats.beat()
        worker_beats.end()
        db.session.commit()
    assert client.get("/ops/health/ready").json["warnings"] == ["No worker runs: no mail is sent, no ballot sealed."]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", "The database has the schema 0001"),
        ("DELETE FROM alembic_version", "The database has the schema None"),
    ],
)
def test_a_schema_of_another_version_is_not_ready(client, change, words):
    db.session.execute(db.text("RESET ROLE"))
    db.session.execute(db.text(change))
    answer = client.get("/ops/health/ready")
    assert (answer.status_code, answer.json["status"]) == (503, "not_ready")
    assert answer.json["problems"][0].startswith(words)


def test_nodes_of_the_version_before_stay_ready_while_an_upgrade_goes_on(client):
    db.session.execute(db.text("RESET ROLE"))
    db.session.execute(db.text("UPDATE alembic_version SET version_num = '9999'"))
    answer = client.get("/ops/health/ready")
    assert (answer.status_code, answer.json["problems"]) == (200, [])
    assert answer.json["warnings"][0] == "The database has the schema 9999, newer than this version."


def test_keys_of_another_installation_are_not_ready(client):
    db.session.merge(InstallationKey(name="cast", fingerprint="somebody else's"))
    db.session.flush()
    assert client.get("/ops/health/ready").json["problems"] == ["The cast key does not belong to this database."]


def test_metrics_tell_requests_by_view_and_failed_sign_ins(client, fresh_figures):
    before = read(client)
    client.post("/login", json={"username": "nobody", "password": "nothing at all"})
    client.get("/results/?election=77777")
    after = read(client)
    name = "smart_voting_failed_sign_ins_total"
    assert value(after, name) == value(before, name) + 1
    assert 'route="auth.login"' in after
    assert 'route="results.page"' in after


def test_metrics_count_votes_mails_batches_and_elections(client, fresh_figures, open_election):
    text = read(client)
    assert 'smart_voting_elections{status="active"} 1.0' in text
    assert 'smart_voting_outbox_mails{status="queued"}' in text
    assert {"smart_voting_votes_total", "smart_voting_sealed_batches_total"} <= set(text.split())
    assert "smart_voting_database_up 1.0" in text


def test_no_label_of_a_metric_holds_a_number_an_address_or_a_name(client, open_election, kiosk_client, fresh_figures):
    kiosk_client.post("/poll/auth/start", json={"voter_id": "20481735"})
    client.get(f"/results/?election={open_election.id}")
    names = {label.split("=")[0] for found in LABELS.findall(read(client)) for label in found.split(",")}
    assert names <= {"route", "method", "status", "le"}
    values = set(re.findall(r'(?:route|method|status)="([^"]*)"', read(client)))
    assert [one for one in values if re.search(r"\d{2}|/", one)] == []


@pytest.mark.parametrize("kind", ["counter", "histogram", "gauge_livesum"])
def test_a_process_that_was_killed_as_it_made_its_file_does_not_hide_the_figures_of_the_others(kind, client):
    left = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]) / f"{kind}_{NO_PROCESS}.db"
    left.touch()
    try:
        assert value(read(client), "smart_voting_database_up") == 1
    finally:
        left.unlink(missing_ok=True)


def test_without_a_token_only_this_computer_reads_the_metrics(client):
    for environment in ({"REMOTE_ADDR": "10.0.0.5"}, {"HTTP_X_FORWARDED_FOR": "10.0.0.5"}):
        assert client.get("/ops/metrics", environ_overrides=environment).status_code == 403


def test_with_a_token_only_who_sends_it_reads_the_metrics(client, app, monkeypatch):
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, metrics_token=TOKEN))
    elsewhere = {"REMOTE_ADDR": "10.0.0.5"}
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": f"Basic {TOKEN}"}):
        assert client.get("/ops/metrics", headers=headers, environ_overrides=elsewhere).status_code == 403
    right = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/ops/metrics", headers=right, environ_overrides=elsewhere).status_code == 200


def test_only_events_of_the_list_are_counted():
    with pytest.raises(ValueError, match="choice"):
        metrics.count("choice")
