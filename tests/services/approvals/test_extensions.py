"""Extending an open election: signed, only later, across midnight and clock changes, and nothing by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import AuditLog, ElectionExtension, db, use_role
from services import approvals, ballots, elections
from services.actor import SYSTEM
from services.approvals import EXTEND
from services.attendance import sessions
from services.ballots import Choice
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, ValidationFailed
from tests import factories
from tests.support import voting
from tests.support.approvals import WHY, actor_of
from tests.support.checkins import tamper
from tests.support.motions import gathering, opened

HOUR = timedelta(hours=1)


def extend(election, closes_at):
    """Ask and confirm as two people."""
    admin, other = (actor_of(factories.StaffUserFactory()) for _ in range(2))
    asked = approvals.request(EXTEND, election, {"closes_at": closes_at.isoformat()}, WHY, admin)
    words = approvals.act_named(EXTEND).describe(election, asked.payload).words
    outcome = approvals.confirm(asked.id, other)
    db.session.commit()
    assert outcome.kind == "done", outcome.message
    return words


def test_an_extension_is_signed_and_leaves_the_definition_intact(open_election):
    before = open_election.closes_at
    extend(open_election, before + HOUR)
    extend(open_election, before + 2 * HOUR)
    assert open_election.closes_at == before + 2 * HOUR
    assert ballots.verify_definition(open_election) is None
    assert [one.place for one in ballots.extensions_of(open_election)] == [1, 2]
    row = db.session.query(AuditLog).filter_by(event_type="staff:election:extended").first()
    assert row.details == {"reason": WHY, "before": before.isoformat(), "after": (before + HOUR).isoformat()}


def test_votes_are_taken_until_the_new_time(app):
    """The database's own clock decides: the announced time is past, the extended one is not."""
    with time_machine.travel(utc_now() - 2 * HOUR, tick=False):
        election = factories.make_open_election(voters=2, closes_at=utc_now() + HOUR)
    first, second = voting.voters_of(election)
    assert voting.cast_by(first, election, Choice(nota=True)).kind == "closed"
    extend(election, utc_now() + HOUR)
    assert voting.cast_by(second, election, Choice(nota=True)).kind == "cast"


@pytest.mark.parametrize("offset", [-HOUR, timedelta(0)])
def test_an_election_is_never_made_shorter(open_election, offset):
    admin = actor_of(factories.StaffUserFactory())
    payload = {"closes_at": (open_election.closes_at + offset).isoformat()}
    with pytest.raises(ValidationFailed, match="Choose a later time"):
        approvals.request(EXTEND, open_election, payload, WHY, admin)


def test_a_time_that_is_past_and_a_closed_election_are_refused(open_election):
    admin = actor_of(factories.StaffUserFactory())
    with pytest.raises(ValidationFailed, match="past"):
        approvals.request(EXTEND, open_election, {"closes_at": (utc_now() - HOUR).isoformat()}, WHY, admin)
    elections.close_election(open_election, SYSTEM)
    with pytest.raises(Conflict):
        approvals.request(EXTEND, open_election, {"closes_at": (utc_now() + 20 * HOUR).isoformat()}, WHY, admin)


def test_a_vote_is_not_extended_beyond_the_meeting_in_which_it_is_held(app):
    session, _people, officer = gathering()
    motion = opened(session, officer)
    too_late = session.ends_at + timedelta(minutes=1)
    with pytest.raises(ValidationFailed) as refused:
        extend(motion, too_late)
    assert "Let the meeting end later first" in refused.value.fields["closes_at"]
    sessions.extend(session.id, 30, officer)
    extend(motion, too_late)
    assert motion.closes_at == too_late


def test_across_midnight_and_the_end_of_summer_time_both_times_are_said_with_their_zone(app, monkeypatch):
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, timezone="Europe/Copenhagen"))
    with time_machine.travel(datetime(2026, 10, 24, 12, 0, tzinfo=UTC), tick=False):
        election = factories.make_open_election(closes_at=datetime(2026, 10, 24, 20, 0, tzinfo=UTC))
        words = extend(election, datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
        assert words[0] == "It closes at Saturday 24 October 2026, 22:00 CEST (2026-10-24 20:00 UTC) now."
        assert words[1] == "It would close at Sunday 25 October 2026, 02:30 CET (2026-10-25 01:30 UTC)."
        assert ballots.definition_intact(election)


@pytest.mark.parametrize("column", ["closes_at", "opens_at"])
def test_not_even_the_owner_moves_the_window_of_an_open_election(open_election, column):
    db.session.commit()
    with use_role("owner"), pytest.raises(DBAPIError, match="signed extension only"), db.session.begin_nested():
        db.session.execute(text(f"UPDATE elections SET {column} = {column} + interval '1 second'"))


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("by", ["1 hour", "-1 hour"])
def test_a_window_moved_past_the_guard_stops_the_election(open_election, before, by):
    if before:
        extend(open_election, open_election.closes_at + HOUR)
    (voter,) = voting.voters_of(open_election)
    tamper(f"UPDATE elections SET closes_at = closes_at + interval '{by}'")
    db.session.expire_all()
    assert "signed" in (ballots.verify_definition(open_election) or "")
    assert voting.cast_by(voter, open_election, Choice(nota=True)).kind == "stopped"


def test_an_extension_that_was_not_signed_here_stops_the_election(open_election):
    later = open_election.closes_at + HOUR
    forged = ElectionExtension(
        election_id=open_election.id, place=1, previous_closes_at=open_election.closes_at, closes_at=later,
        reason="None", signature=bytes(64),
    )  # fmt: skip
    db.session.add(forged)
    db.session.flush()
    open_election.closes_at = later
    db.session.commit()
    assert ballots.verify_definition(open_election) == (
        "An extension of the election was not signed with this installation's key."
    )


def test_an_extension_is_append_only(open_election):
    extend(open_election, open_election.closes_at + HOUR)
    with use_role("owner"), pytest.raises(DBAPIError, match="append-only"), db.session.begin_nested():
        db.session.execute(text("DELETE FROM election_extensions"))


def test_an_election_opened_before_times_were_signed_stays_intact(open_election, monkeypatch):
    """Its definition names fewer fields; what it names is compared."""
    import json

    from services.ballots import definition

    content = json.loads(definition.build_definition(open_election))
    del content["opens_at"], content["closes_at"]
    older = definition._canonical(content)
    digest = definition.definition_hash(older)
    signature = platform().keyring.signing_key.sign(definition.SIGNATURE_DOMAIN + digest).signature
    db.session.commit()
    tamper(
        "UPDATE elections SET definition = :older, definition_hash = :digest, definition_signature = :signature",
        older=older, digest=digest, signature=signature,
    )  # fmt: skip
    db.session.expire_all()
    assert ballots.verify_definition(open_election) is None
