"""Every event type of the code is one plain sentence."""

from __future__ import annotations

import dataclasses

import pytest

from models import AuditLog, Party
from services import audit_logger
from services.actor import SYSTEM
from services.audit_trail import SENTENCES, row_in_words, subjects
from services.audit_trail.sentences import changes
from services.audit_trail.setting_words import NAMES
from services.candidates import CandidateEntries
from services.context import platform
from services.elections.drafts import RULES
from services.voters import VoterEntries
from tests import factories


def test_every_kind_has_a_name(app):
    assert {event.split(":")[1] for event in SENTENCES} == {name for name, _words in subjects()}


@pytest.mark.parametrize("event", SENTENCES)
def test_a_sentence_needs_no_detail_to_be_said(event, app):
    words = row_in_words(AuditLog(id=1, event_type=event, actor="Ada", details={}, created_at=None)).sentence
    assert "%" not in words
    assert words.endswith((".", "–", "– –"))


def test_a_reason_of_the_booth_is_said_without_the_signs_of_a_program(app):
    details = {"kiosk": "Booth 1", "voter_number": "2048", "reason": "different_person"}
    row = AuditLog(id=1, event_type="kiosk:voter:not_identified", actor="Booth 1", details=details, created_at=None)
    assert row_in_words(row).sentence.endswith("was not recognised: different person.")


def test_a_row_names_its_election_and_what_changed(open_election):
    row = audit_logger.record(
        "staff:election:extended", SYSTEM, election_id=open_election.id, reason="Queues", before="20:00", after="21:00"
    )
    said = row_in_words(row)
    assert said.election == open_election.title
    assert said.sentence == "system extended the election. Reason: Queues"
    assert [(one.name, one.before, one.after) for one in said.changes] == [("", "20:00", "21:00")]


def test_settings_are_listed_with_before_and_after(app):
    listed = changes({"before": {"name": "A", "party_id": None}, "after": {"name": "B", "party_id": 3}})
    assert [(one.name, one.before, one.after) for one in listed] == [
        ("Name", "A", "B"),
        ("Number of the party", "nothing", "3"),
    ]


def test_figures_that_replaced_nothing_have_no_before(app):
    listed = changes({"after": {"new": 2}})
    assert [(one.name, one.before, one.after) for one in listed] == [("New voters", None, "2")]


def test_every_setting_that_a_form_may_change_has_a_name():
    forms = {one.name for entries in (VoterEntries, CandidateEntries) for one in dataclasses.fields(entries)}
    columns = {*RULES, "opens_at", "closes_at", "image_path", *Party.__table__.columns.keys()}
    assert (forms | columns) - {"elections", "election_id", "image", "id", "created_at"} <= NAMES.keys()


def test_columns_of_a_voter_and_times_are_said_in_words(app, monkeypatch):
    monkeypatch.setattr(platform(), "settings", dataclasses.replace(platform().settings, timezone="Europe/Copenhagen"))
    (columns,) = changes({"after": ["dob", "email"]})
    (names,) = changes({"after": ["email", "Ida Brand"]})
    (time,) = changes({"before": {"closes_at": "2026-10-24T20:00:00+00:00"}, "after": {"closes_at": None}})
    assert (columns.after, names.after) == ("Date of birth, E-mail", "email, Ida Brand")
    assert (time.name, time.before, time.after) == ("Closes", "Saturday 24 October 2026, 22:00 CEST", "nothing")


def test_a_changed_candidate_stands_there_with_before_and_after(app, db_session):
    from services.candidates import CandidateEntries, update_candidate

    candidate = factories.CandidateFactory(name="Ida Old")
    update_candidate(candidate.id, CandidateEntries(name="Ida New"), SYSTEM)
    row = db_session.query(AuditLog).filter_by(event_type="staff:candidate:changed").one()
    assert (row.details["before"], row.details["after"]) == ({"name": "Ida Old"}, {"name": "Ida New"})
