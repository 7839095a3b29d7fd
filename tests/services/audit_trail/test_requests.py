"""Refused requests: counted by minute, without what was asked; bursts alert; addresses go; rows stay bounded."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from blueprints import request_audit
from models import AuditLog, EmailMessage, Refusal, RequestAudit, StaffRole, db, use_role
from services import audit_trail
from services.actor import SYSTEM
from services.audit_trail import BURST_THRESHOLD, Refused
from services.audit_trail import requests as service
from services.audit_trail.requests import minute_of
from services.clock import utc_now
from services.jobs import sweeping

JSON = {"Accept": "application/json"}
SECRET = "/admin/voters/31337?token=swordfish"


@pytest.fixture
def written(app):
    gatherer = app.extensions["request_audit"]
    gatherer._counts.clear()

    def write():
        gatherer.write()
        return {(row.kind.value, row.endpoint, row.role): row.count for row in db.session.query(RequestAudit)}

    return write


def refuse(address="192.0.2.7", times=1, kind=Refusal.SIGN_IN, moment=None):
    key = Refused(minute_of(moment or utc_now()), kind, "auth.login", "anonymous", address)
    audit_trail.write_refusals({key: times})


def test_each_kind_of_refusal_is_counted_under_its_route_and_role(written, client, admin_client, officer_client):
    client.get("/admin/voters", headers=JSON)
    client.get("/admin/voters")
    officer_client.get(SECRET, headers=JSON)
    admin_client.get("/admin/voters/31337")
    client.get("/wp-login.php?x=1")
    client.get("/media/ab/" + 64 * "0" + ".png")
    for _ in range(2):
        client.post("/login", data={"room": "commission", "username": "nobody", "password": "swordfish"})
    assert written() == {
        ("not_signed_in", "admin.voters", "anonymous"): 2,
        ("forbidden", "admin.voter", "officer"): 1,
        ("not_found", "admin.voter", "admin"): 1,
        ("not_found", "", "anonymous"): 1,
        ("sign_in", "auth.login", "anonymous"): 2,
    }


def test_a_missing_csrf_token_counts(written, admin_client, csrf_enforced):
    admin_client.post("/admin/voters", data={})
    assert written() == {("csrf", "admin.voters", "admin"): 1}


def test_what_was_asked_for_is_not_stored(written, client):
    client.get(SECRET)
    client.post("/login", data={"room": "commission", "username": "swordfish", "password": "31337"})
    written()
    stored = " ".join(str(tuple(row)) for row in db.session.execute(db.text("SELECT * FROM request_audit")))
    assert "swordfish" not in stored
    assert "31337" not in stored


def test_the_same_minute_is_one_row(app):
    with time_machine.travel(utc_now(), tick=False):
        refuse(times=3)
        refuse(times=4)
    assert [row.count for row in db.session.query(RequestAudit)] == [7]


def test_a_flood_from_many_addresses_stays_within_a_few_rows(written, app, monkeypatch):
    monkeypatch.setattr(request_audit, "MOST_KEYS", 10)
    gatherer = app.extensions["request_audit"]
    moment = minute_of(utc_now())
    for number in range(500):
        gatherer.note(Refused(moment, Refusal.NOT_FOUND, "", "anonymous", f"198.51.100.{number % 250}"))
    written()
    assert db.session.query(RequestAudit).count() == 11
    assert sum(row.count for row in db.session.query(RequestAudit)) == 500


def test_a_burst_is_recorded_without_its_address_and_mailed_once_an_hour_a_source(app):
    refuse(times=BURST_THRESHOLD)
    refuse("192.0.2.8", times=BURST_THRESHOLD - 1)
    assert audit_trail.watch_for_bursts(SYSTEM) == 1
    refuse("192.0.2.8")
    refuse("192.0.2.7", times=100)
    assert audit_trail.watch_for_bursts(SYSTEM) == 1
    assert audit_trail.watch_for_bursts(SYSTEM) == 0
    rows = db.session.query(AuditLog).filter_by(event_type="system:requests:burst").all()
    assert "192.0.2" not in str([row.details for row in rows])
    assert db.session.query(EmailMessage).count() == 2


def test_refusals_spread_over_an_hour_are_no_burst(app):
    for minutes in range(60):
        refuse(times=5, moment=utc_now() - timedelta(minutes=minutes))
    assert audit_trail.watch_for_bursts(SYSTEM) == 0


def test_the_worker_erases_addresses_and_keeps_the_rows_bounded(app, monkeypatch):
    refuse(moment=utc_now() - audit_trail.ADDRESS_KEPT - timedelta(minutes=1))
    refuse(moment=utc_now() - service.ROWS_KEPT - timedelta(minutes=1))
    refuse("192.0.2.9")
    db.session.commit()
    with use_role("sealer"):
        sweeping.tidy_request_audit()
        db.session.commit()
    assert sorted(str(row.ip_address) for row in db.session.query(RequestAudit)) == ["192.0.2.9", "None"]
    monkeypatch.setattr(service, "MOST_ROWS", 1)
    with use_role("sealer"):
        audit_trail.tidy()
        db.session.commit()
    assert db.session.query(RequestAudit).count() == 1


def test_observers_read_the_log_but_no_address(observer_client, admin_client, sign_in):
    refuse()
    db.session.commit()
    for client, shown in ((observer_client, False), (admin_client, True)):
        assert ("192.0.2.7" in client.get("/admin/audit/requests").text) is shown
        assert ("192.0.2.7" in client.get("/admin/audit/requests", headers=JSON).text) is shown
        assert client.get("/admin/audit").status_code == 200
    assert sign_in(StaffRole.OFFICER).get("/admin/audit", headers=JSON).status_code == 403
