"""Meetings in figures: who came, by meeting, month, group and member; what was doubtful; and the files of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import Engine, event

from models import AuditLog, FlagKind, Layer, RecordStatus, db
from services import attendance
from services.actor import Actor
from services.attendance import member_rates
from services.attendance.overview import Span, Tally, overview
from tests import factories
from tests.support import meetings
from tests.support.meetings import check_in, meeting, member, stand

ADMIN = Actor("admin", 0, "ada")
OCTOBER = datetime(2026, 10, 20, 18, 0, tzinfo=UTC)


@pytest.fixture
def clock(app):
    with time_machine.travel(OCTOBER, tick=False) as moving:
        yield moving


@pytest.fixture
def group(clock):
    return factories.GroupFactory(name="North")


def of_everybody(**span):
    return overview(Span(**span), ADMIN, "UTC")


def rates(text="", sort="name", descending=False, **span):
    found = member_rates.search(Span(**span), text, sort, descending, 1, ADMIN)
    return [(row.name, row.expected, row.attended, row.late, row.missed) for row in found.rows]


def test_the_share_is_of_the_members_of_today_who_were_not_rejected(group):
    there, rejected, gone = (member(group, name=name) for name in ("Ada", "Bo", "Cy"))
    member(group, name="Di")
    session = meeting(group_id=group.id)
    for voter in (there, rejected, gone):
        check_in(session, voter)
    attendance.checkin.record_of(session.id, rejected.id).status = RecordStatus.REJECTED
    db.session.execute(db.delete(meetings.GroupMember).where(meetings.GroupMember.voter_id == gone.id))
    db.session.commit()
    found = of_everybody()
    assert found.tally == Tally(members=3, there=1, late=0, flagged=0, rejected=1)
    assert round(found.tally.share, 1) == 33.3
    assert rates() == [("Ada", 1, 1, 0, 0), ("Bo", 1, 0, 0, 1), ("Di", 1, 0, 0, 1)]


def test_meetings_to_come_and_those_of_other_days_and_groups_do_not_count(group, clock):
    early = meeting(group_id=group.id, starts_at=OCTOBER + timedelta(minutes=20))
    check_in(early, member(group))
    assert of_everybody().held == []
    assert rates() == []
    clock.shift(timedelta(hours=1))
    assert [one.session.id for one in of_everybody().held] == [early.id]
    assert of_everybody(since=OCTOBER + timedelta(days=1)).held == []
    assert of_everybody(until=OCTOBER).held == []
    assert of_everybody(group_id=group.id + 1).held == []


def test_months_and_groups_are_sums_of_their_meetings_and_an_officer_sees_the_own_ones(group, clock):
    mine, north, south = meetings.officer(), group, factories.GroupFactory(name="South")
    voter, other = member(north), member(south)
    check_in(meeting(group_id=north.id, actor=mine), voter)
    clock.shift(timedelta(days=20))
    meeting(group_id=north.id)
    check_in(meeting(group_id=south.id), other)
    found = of_everybody()
    assert [(part.name, part.meetings, part.tally.there) for part in found.groups] == [("North", 2, 1), ("South", 1, 1)]
    assert [(part.name, part.meetings, part.tally.members) for part in found.months] == [
        ("2026-10", 1, 1), ("2026-11", 2, 2)
    ]  # fmt: skip
    assert [(one.label, one.value) for one in found.columns(False, "UTC")] == [("10", 100), ("11", 50)]
    assert [column.label for column in of_everybody(group_id=north.id).columns(True, "UTC")] == ["20.10.", "9.11."]
    assert [one.group for one in overview(Span(), mine, "UTC").held] == ["North"]
    assert member_rates.search(Span(), "", "name", False, 1, mine).rows[0].expected == 1


def test_doubts_are_counted_by_kind_and_by_layer_and_a_check_in_by_hand_was_asked_for_no_layer(group):
    session, officer = meeting(("location",), group_id=group.id), ADMIN
    stand(session, member(group), north_m=20)
    stand(session, member(group), north_m=400, accuracy=0)
    by_hand = member(group)
    hand = Actor("admin", factories.StaffUserFactory().id, "ada")
    attendance.records.enter_by_hand(session.id, by_hand.voter_id, "No phone", hand)
    found = overview(Span(), officer, "UTC")
    assert found.flags == [(FlagKind.OUTSIDE_FENCE, 1), (FlagKind.ZERO_ACCURACY, 1)]
    assert [(one.layer, one.asked, one.doubtful, one.missing, one.share) for one in found.doubts] == [
        (Layer.LOCATION, 2, 1, 0, 50.0)
    ]


def test_members_are_found_by_name_and_number_and_sorted_by_what_they_missed(group, clock):
    often, never = member(group, name="Ada Often"), member(group, name="Zoë Never")
    for _week in range(2):
        check_in(meeting(group_id=group.id, late_after_minutes=0), often)
        clock.shift(timedelta(days=7))
    assert rates(sort="missed", descending=True) == [("Zoë Never", 2, 0, 0, 2), ("Ada Often", 2, 2, 2, 0)]
    assert [row[0] for row in rates(sort="share", descending=True)] == ["Ada Often", "Zoë Never"]
    assert [row[0] for row in rates("often")] == ["Ada Often"]
    shown = f"{never.voter_id[:4]} {never.voter_id[4:]}"
    assert [row[0] for row in rates(shown)] == ["Zoë Never"]
    assert rates("%") == []


def test_the_files_run_no_formula_and_stand_in_the_audit_log(group):
    check_in(meeting(group_id=group.id, title="=cmd()"), member(group, name="Zoë"))
    of_meetings = attendance.figure_files.meetings_csv(Span(), ADMIN).splitlines()
    of_members = attendance.figure_files.members_csv(Span(), "", ADMIN).splitlines()
    assert ",'=cmd(),North,2026-10-20T17:59:00+00:00,1,1,100.0,0,0,0" in of_meetings[1]
    assert of_members[1].endswith("Zoë,1,1,0,0,100.0")
    db.session.flush()
    kinds = db.session.scalars(db.select(AuditLog.details["kind"].astext).order_by(AuditLog.id.desc()).limit(2))
    assert set(kinds) == {"meetings", "members"}


def test_the_overview_asks_the_database_as_often_for_many_meetings_as_for_one(group, clock):
    def asked():
        statements = []
        count = lambda *_: statements.append(1)  # noqa: E731
        event.listen(Engine, "before_cursor_execute", count)
        of_everybody()
        member_rates.search(Span(), "", "name", False, 1, ADMIN)
        event.remove(Engine, "before_cursor_execute", count)
        return len(statements)

    check_in(meeting(group_id=group.id), member(group))
    once = asked()
    for _number in range(4):
        other = factories.GroupFactory()
        check_in(meeting(group_id=other.id), member(other))
    assert asked() == once > 0
