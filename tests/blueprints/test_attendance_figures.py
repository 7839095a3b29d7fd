"""The pages of meetings in figures, and their files."""

from __future__ import annotations

import pytest

from models import FlagKind
from tests import factories
from tests.support import meetings


@pytest.fixture
def group(app):
    found = factories.GroupFactory(name="North")
    member = meetings.member(found, name="Ada")
    meetings.member(found, name="Bo")
    meetings.check_in(meetings.meeting(group_id=found.id), member)
    return found


def test_the_overview_says_who_came_and_who_asks_for_another_phone(admin_client, group):
    page = admin_client.get("/attendance/figures").text
    assert "1 of 2 expected check-ins." in page
    assert "Nobody asks for another phone." in page
    found = admin_client.get("/attendance/figures", headers={"Accept": "application/json"}).json
    assert (found["meetings"], found["share"], found["groups"][0]["name"]) == (1, 50.0, "North")
    assert found["devices_waiting"] == 0


def test_doubts_stand_in_the_overview_by_their_kind(admin_client, group):
    meetings.held_before(group, 3, [meetings.member(group)], [FlagKind.IMPOSSIBLE_JUMP])
    assert "Nobody travels this fast" in admin_client.get("/attendance/figures").text


def test_a_group_is_shown_meeting_by_meeting(admin_client, group):
    page = admin_client.get(f"/attendance/figures?group={group.id}").text
    assert "to the newest meetings of the group" in page
    other = admin_client.get(f"/attendance/figures?group={group.id + 1}").text
    assert "No meeting was held in this time" in other


def test_a_day_that_is_none_is_said_and_limits_nothing(admin_client, group):
    page = admin_client.get("/attendance/figures?since=yesterday").text
    assert "Enter a day as year-month-day." in page
    assert "1 of 2 expected check-ins." in page
    assert "1 of 2" not in admin_client.get("/attendance/figures?until=2026-01-01").text


def test_members_are_listed_and_downloaded_as_the_filters_say(admin_client, group):
    page = admin_client.get("/attendance/figures/members?q=bo&sort=share&order=desc").text
    assert "Bo" in page
    assert "0.0 %" in page
    rows = admin_client.get("/attendance/figures/members", headers={"Accept": "application/json"}).json["members"]
    assert [(row["name"], row["attended"], row["missed"]) for row in rows] == [("Ada", 1, 0), ("Bo", 0, 1)]
    file = admin_client.get("/attendance/figures/members.csv?q=bo")
    assert file.headers["Content-Disposition"] == 'attachment; filename="members.csv"'
    assert [line.split(",")[1:4] for line in file.text.splitlines()[1:]] == [["Bo", "1", "0"]]
    assert ",North," in admin_client.get("/attendance/figures/meetings.csv").text
