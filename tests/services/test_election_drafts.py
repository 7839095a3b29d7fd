"""Drafts: every setting reaches the signed definition and the database's guard; copies, deletion, networks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from models import (
    AuditLog,
    CandidateOrder,
    Channel,
    Election,
    Method,
    ResultsPolicy,
    RollEntry,
    Secrecy,
    Vote,
    db,
    use_role,
)
from services import ballots, elections
from services.actor import SYSTEM
from services.ballots import Choice
from services.ballots import definition as definitions
from services.clock import moments_of, utc_now
from services.context import platform
from services.errors import Conflict, Forbidden, ValidationFailed
from tests import factories
from tests.support import voting

CHANGES = {
    "title": "Board of the union",
    "description": "Two seats",
    "seats": 2,
    "max_choices": 2,
    "method": Method.APPROVAL,
    "secrecy": Secrecy.SECRET,
    "results_policy": ResultsPolicy.LIVE,
    "live_batch": 60,
    "channels": ["booth", "link"],
    "allowed_networks": ["10.1.0.0/16", "2001:db8::/32"],
    "candidate_order": CandidateOrder.SHUFFLED,
    "confirmation_text": "The result is announced on Monday.",
    "opens_without_faces": True,
    "identity_check": True,
}


@pytest.fixture
def draft(app):
    election = factories.ElectionFactory()
    for _ in range(3):
        factories.CandidateFactory(election=election)
    for _ in range(2):
        factories.RollEntryFactory(election=election)
    db.session.refresh(election)
    return election


def audited(event_type):
    return db.session.scalars(select(AuditLog).where(AuditLog.event_type == event_type)).all()


OF_A_MEETING = {"meeting_id", "quorum_rule"}
"""Changed, signed and frozen in tests/services/presence."""


def test_every_setting_can_be_changed_and_the_audit_log_keeps_what_it_was(draft):
    assert set(CHANGES) == set(elections.RULES) - OF_A_MEETING
    before = draft.title
    elections.update_election(draft, CHANGES, SYSTEM)
    db.session.expire_all()
    assert {name: getattr(draft, name) for name in CHANGES} == CHANGES
    details = audited("staff:election:changed")[0].details
    assert (details["before"]["title"], details["after"]["title"]) == (before, CHANGES["title"])
    assert "secrecy" not in details["after"]  # it did not change


@pytest.mark.parametrize("name", sorted(set(CHANGES) - {"opens_without_faces"}))
def test_a_setting_survives_from_edit_to_the_signed_definition_and_is_frozen_there(name, draft):
    elections.update_election(draft, CHANGES, SYSTEM)
    elections.open_election(draft, SYSTEM)
    db.session.commit()
    signed = json.loads(draft.definition)
    assert signed[name] == CHANGES[name]
    assert ballots.definition_intact(draft)

    frozen = {"seats": "seats + 1", "max_choices": "max_choices + 1", "live_batch": "live_batch + 1",
              "secrecy": "'recorded'", "results_policy": "'after_close'", "channels": "'{booth}'",
              "allowed_networks": "'{}'", "candidate_order": "'fixed'",
              "identity_check": "false"}.get(name, "'other'")  # fmt: skip
    with use_role("owner"), pytest.raises(DBAPIError, match="frozen"):
        db.session.execute(text(f"UPDATE elections SET {name} = {frozen}"))


@pytest.mark.parametrize(
    ("column", "value"), [("candidate_order", "fixed"), ("allowed_networks", "{}"), ("confirmation_text", "Other")]
)
def test_a_rule_changed_behind_the_system_stops_the_election(column, value, draft):
    elections.update_election(draft, CHANGES, SYSTEM)
    elections.open_election(draft, SYSTEM)
    db.session.commit()
    number = draft.id
    voting.as_attacker(f"UPDATE elections SET {column} = :value", value=value)
    assert not ballots.definition_intact(db.session.get(Election, number))


def test_a_definition_signed_before_these_settings_existed_stays_valid(open_election):
    old = json.loads(open_election.definition)
    for name in definitions.SIGNED_LATER:
        del old[name]
    written = json.dumps(old, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = definitions.definition_hash(written)
    signature = platform().keyring.signing_key.sign(definitions.SIGNATURE_DOMAIN + digest).signature
    number = open_election.id
    voting.as_attacker(
        "UPDATE elections SET definition = :written, definition_hash = :digest, definition_signature = :signature",
        written=written, digest=digest, signature=signature,
    )  # fmt: skip
    assert ballots.verify_definition(db.session.get(Election, number)) is None


@pytest.mark.parametrize("status", ["active", "closed", "scheduled"])
def test_settings_of_an_election_that_is_no_free_draft_are_refused_in_words(status, draft):
    if status == "scheduled":
        draft.opens_at = utc_now() + timedelta(hours=1)
        elections.schedule_opening(draft, SYSTEM)
    else:
        elections.open_election(draft, SYSTEM)
    if status == "closed":
        elections.close_election(draft, SYSTEM)
    words = {"active": "signed and frozen", "closed": "is over", "scheduled": "opens by itself"}[status]
    for act in (lambda: elections.update_election(draft, {"title": "Other"}, SYSTEM),
                lambda: elections.delete_election(draft, SYSTEM)):  # fmt: skip
        with pytest.raises(Conflict, match=words):
            act()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channels": []}, "channels"),
        ({"live_batch": 49, "results_policy": ResultsPolicy.LIVE}, "live_batch"),
        ({"live_batch": 50}, "live_batch"),
        ({"allowed_networks": ["10.0.0.1/8"]}, "allowed_networks"),
        ({"allowed_networks": ["nowhere"]}, "allowed_networks"),
        ({"allowed_networks": [f"10.0.{n}.0/24" for n in range(51)]}, "allowed_networks"),
        ({"closes_at": datetime(2020, 1, 1, tzinfo=UTC)}, "closes_at"),
    ],
)
def test_a_setting_against_a_rule_is_named(changes, field, draft):
    with pytest.raises(ValidationFailed) as refusal:
        elections.update_election(draft, changes, SYSTEM)
    assert set(refusal.value.fields) == {field}


def test_a_copy_has_settings_candidates_and_on_wish_the_roll_but_never_votes(draft):
    elections.update_election(draft, CHANGES, SYSTEM)
    elections.open_election(draft, SYSTEM)
    db.session.commit()
    voter = voting.voters_of(draft)[0]
    assert voting.cast_by(voter, draft, Choice(nota=True)).kind == "cast"
    with_roll = elections.copy_election(draft, SYSTEM, with_roll=True)
    without = elections.copy_election(draft, SYSTEM, with_roll=False)
    db.session.commit()
    for copy in (with_roll, without):
        assert copy.title == "Copy of Board of the union"
        assert {n: getattr(copy, n) for n in CHANGES if n != "title"} == {
            n: CHANGES[n] for n in CHANGES if n != "title"
        }
        assert [c.name for c in copy.candidates] == [c.name for c in draft.candidates]
        assert copy.opens_at > utc_now()
        assert copy.definition is None
    assert elections.roll_counts(with_roll) == (0, 2)
    assert elections.roll_counts(without) == (0, 0)
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 1


@time_machine.travel(datetime(2026, 10, 30, 12, 0, tzinfo=UTC), tick=False)
def test_a_copy_keeps_the_wall_clock_when_the_clocks_change_in_between(app, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(platform(), "settings", replace(platform().settings, timezone="Europe/Copenhagen"))
    source = factories.ElectionFactory(
        opens_at=datetime(2026, 10, 20, 6, 0, tzinfo=UTC), closes_at=datetime(2026, 10, 20, 18, 0, tzinfo=UTC)
    )  # 08:00 to 20:00 CEST
    copy = elections.copy_election(source, SYSTEM, with_roll=False)
    assert copy.opens_at == datetime(2026, 10, 31, 7, 0, tzinfo=UTC)  # 08:00 CET
    assert copy.closes_at == datetime(2026, 10, 31, 19, 0, tzinfo=UTC)


def test_a_draft_goes_with_its_candidates_and_roll_and_stays_in_the_audit_log(draft):
    number = draft.id
    assert elections.delete_election(draft, SYSTEM)
    db.session.commit()
    assert db.session.get(Election, number) is None
    assert db.session.scalar(select(func.count()).select_from(RollEntry)) == 0
    assert audited("staff:election:deleted")[0].election_id == number


@pytest.mark.parametrize("status", ["active", "closed", "archived"])
def test_the_database_deletes_no_election_that_was_opened(status, open_election):
    if status != "active":
        elections.close_election(open_election, SYSTEM)
    if status == "archived":
        elections.archive_election(open_election, SYSTEM)
    db.session.commit()
    with use_role("owner"), pytest.raises(DBAPIError, match="only a draft"):
        db.session.execute(text("DELETE FROM elections"))


def test_the_checklist_blocks_and_warns_with_the_place_where_each_is_mended(app):
    election = factories.ElectionFactory(
        opens_without_faces=False, max_choices=5, channels=["booth", "link"], results_policy="live", live_batch=50
    )
    for _ in range(2):
        factories.CandidateFactory(election=election)
    for number in range(12):
        factories.RollEntryFactory(election=election, voter__email=None if number < 11 else f"v{number}@example.org")
    db.session.refresh(election)
    found = {finding.code: finding for finding in elections.check(election)}
    blocking = {code for code, finding in found.items() if finding.blocks}
    assert blocking == {"no_faces"}
    assert {
        "marks_all",
        "no_mail",
        "opening_past",
        "batch_too_large",
        "mail_stays",
        "one_admin",
    } <= set(found)
    assert found["no_mail"].words.startswith("11 voters have no e-mail address")
    assert found["no_faces"].mend is elections.Mend.VOTERS
    election.opens_without_faces = True
    assert elections.obstacles(election) == []


def test_an_election_by_links_alone_opens_and_one_in_accounts_alone_needs_accounts(draft):
    elections.update_election(draft, {"channels": [Channel.LINK]}, SYSTEM)
    assert elections.obstacles(draft) == []
    elections.update_election(draft, {"channels": [Channel.ACCOUNT]}, SYSTEM)
    assert [finding.code for finding in elections.check(draft) if finding.blocks] == ["no_channel"]
    entry = db.session.scalar(select(RollEntry).where(RollEntry.election_id == draft.id))
    entry.voter.password_hash = "x"
    db.session.flush()
    assert elections.obstacles(draft) == []


@pytest.mark.parametrize(("channels", "warns"), [([Channel.ACCOUNT], False), ([Channel.ACCOUNT, Channel.LINK], True)])
def test_a_face_check_that_a_link_goes_round_is_pointed_out(draft, channels, warns):
    elections.update_election(draft, {"channels": channels, "identity_check": True}, SYSTEM)
    found = {finding.code for finding in elections.check(draft) if not finding.blocks}
    assert ("link_without_face" in found) is warns


def test_mail_that_cannot_leave_blocks(draft, monkeypatch):
    from dataclasses import replace

    settings = replace(platform().settings, mail_transport="smtp", email_user="", email_app_password="x")
    monkeypatch.setattr(platform(), "settings", settings)
    assert "mail" in {finding.code for finding in elections.check(draft) if finding.blocks}


@pytest.mark.parametrize(
    ("networks", "address", "inside"),
    [
        ([], None, True),
        (["10.1.0.0/16"], "10.1.255.255", True),
        (["10.1.0.0/16"], "10.2.0.1", False),
        (["10.1.0.0/16"], "::ffff:10.1.0.7", True),
        (["10.1.0.0/16"], "2001:db8::1", False),
        (["2001:db8::/32"], "2001:db8:1::9", True),
        (["2001:db8::/32", "192.0.2.7/32"], "192.0.2.7", True),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["10.1.0.0/16"], "not an address", False),
        (["10.1.0.0/16"], None, False),
        (["0.0.0.0/0"], "2001:db8::1", False),
    ],
)
def test_a_booth_stands_inside_the_allowed_networks_or_nowhere(networks, address, inside, app):
    election = factories.ElectionFactory(allowed_networks=networks)
    assert elections.allows(election, address) is inside
    if not inside:
        with pytest.raises(Forbidden, match="Call the officer"):
            elections.check_place(election, address)


def test_the_shuffled_order_is_kept_by_a_pass_and_every_order_comes_up(app):
    election = factories.make_open_election(candidates=3, candidate_order=CandidateOrder.SHUFFLED)
    voter = voting.voters_of(election)[0]
    kiosk = voting.make_kiosk(election)
    orders = []
    for _ in range(60):
        ballot_pass = voting.make_pass(election, voter, kiosk)
        seen = [tuple(c["id"] for c in ballots.choices_shown(election, ballot_pass.id)) for _ in range(2)]
        assert seen[0] == seen[1]
        orders.append(seen[0])
    assert len(set(orders)) == 6  # the chance to miss one of 6 in 60 draws is about 1 in 10,000
    assert {frozenset(order) for order in orders} == {frozenset(c["id"] for c in ballots.choices_of(election))}


def test_a_fixed_order_is_the_order_of_the_list(open_election):
    ballot_pass = voting.make_pass(open_election, voting.voters_of(open_election)[0])
    assert ballots.choices_shown(open_election, ballot_pass.id) == ballots.choices_of(open_election)


@pytest.mark.parametrize(
    ("wall", "moments"),
    [
        (datetime(2026, 3, 29, 2, 30), []),
        (datetime(2026, 3, 29, 3, 30), [datetime(2026, 3, 29, 1, 30, tzinfo=UTC)]),
        (
            datetime(2026, 10, 25, 2, 30),
            [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)],
        ),
        (datetime(2026, 7, 1, 8, 0), [datetime(2026, 7, 1, 6, 0, tzinfo=UTC)]),
    ],
)
def test_a_wall_clock_may_show_a_time_never_once_or_twice(wall, moments):
    assert moments_of(wall, "Europe/Copenhagen") == moments
