"""The states of the pages about meetings; they register themselves."""

from __future__ import annotations

import itertools
from datetime import timedelta

from playwright.sync_api import Page, expect

from models import AttendanceRecord, AttendanceSession, FlagKind, Layer, Voter
from services import attendance
from services.actor import Actor
from services.clock import utc_now
from tests import factories
from tests.services.identification import acting
from tests.support import meetings, pictures
from tests.support.demo import Demo
from tests.support.desk_states import press, state
from tests.support.live_site import Site
from tests.support.meetings import ALL_LAYERS, HALL, PHONE

YEARS = itertools.count(1)
"""Groups have names of their own."""


def held(layers: tuple[str, ...] = ALL_LAYERS, **changes: object) -> AttendanceSession:
    """Make a meeting of a new group."""
    return meetings.meeting(layers, **{"group_id": factories.GroupFactory().id, **changes})


def attended() -> AttendanceSession:
    """Make a meeting with somebody who is there, somebody doubtful, somebody by hand and somebody absent."""
    actor = meetings.officer()
    session = held(("location", "room"), actor=actor, title="Branch North, autumn meeting", rolling=True,
                   starts_at=utc_now() - timedelta(minutes=20))  # fmt: skip
    names = ("Amal Haddad", "Jonas Lindqvist", "Rosa Demir", "Solveig Eriksen")
    here, doubtful, by_hand, _absent = (meetings.member(session.group, name=name) for name in names)
    for voter, north_m in ((here, 20), (doubtful, 400)):
        meetings.begin(session, voter)
        position = meetings.Position(HALL.latitude + north_m / 111_195, HALL.longitude, 15)
        attendance.steps.at(session.id, voter.id, position, False, PHONE)
        attendance.steps.room(session.id, voter.id, meetings.room_photo(north_m), PHONE)
    attendance.records.enter_by_hand(session.id, by_hand.voter_id, "The battery was empty.", actor)
    meetings.db.session.commit()
    return session


@state
def meetings_empty_search(site: Site, demo: Demo) -> Page:
    attended()
    return site.staff_page("/attendance/meetings?q=nothing", election=demo.secret)


@state
def meetings_list(site: Site, demo: Demo) -> Page:
    attended()
    return site.staff_page("/attendance/meetings", election=demo.secret)


@state
def new_meeting_with_errors(site: Site, demo: Demo) -> Page:
    held()
    page = site.staff_page("/attendance/meetings/new", election=demo.secret)
    press(page, "Add the meeting")
    expect(page.get_by_role("alert")).to_contain_text("Change this first")
    return page


@state
def meeting_with_attendance(site: Site, demo: Demo) -> Page:
    page = site.staff_page(f"/attendance/meetings/{attended().id}", election=demo.secret)
    press(page, "Check in")
    expect(page.get_by_role("alert")).to_contain_text("Change this first")
    return page


def doubted() -> AttendanceRecord:
    """Let three members check in with doubts: one objects to a rejection, one waits with all evidence."""
    actor, group = meetings.officer(), factories.GroupFactory()
    session = held(("location", "selfie", "room"), actor=actor, title="Branch North, autumn meeting", group_id=group.id,
                   starts_at=utc_now() - timedelta(minutes=20))  # fmt: skip
    names = ("Amal Haddad", "Jonas Lindqvist", "Rosa Demir")
    made = [_doubted(session, meetings.member(group, name=name), (80, 400, 30)[n]) for n, name in enumerate(names)]
    attendance.reviews.decide(made[2].id, "rejected", "Nobody saw you in the hall.", actor)
    attendance.reviews.object_to(session.id, made[2].voter_id, "I sat in the last row, beside Amal.", PHONE)
    meetings.db.session.commit()
    return made[1]


def _doubted(session: AttendanceSession, voter: Voter, north_m: float) -> AttendanceRecord:
    acting.enrol(voter)
    meetings.begin(session, voter)
    position = meetings.Position(HALL.latitude + north_m / 111_195, HALL.longitude + 0.0006, 60)
    attendance.steps.at(session.id, voter.id, position, False, PHONE)
    attempt = attendance.checkin.present(session.id, voter.id)
    attendance.photos.keep_selfie(attempt, pictures.face(voter.id))
    attendance.checkin.leave_out(session.id, voter.id, Layer.SELFIE, "unavailable", PHONE)
    record = attendance.steps.room(session.id, voter.id, meetings.room_photo(7), PHONE)
    meetings.db.session.commit()
    assert record is not None
    return record


@state
def doubted_list(site: Site, demo: Demo) -> Page:
    doubted()
    page = site.staff_page("/attendance/reviews", election=demo.secret)
    page.locator("[data-module=tick-all][data-bound]").wait_for()
    page.get_by_label("Tick all on this page").check()
    press(page, "Reject the ticked")
    expect(page.get_by_role("alert")).to_contain_text("Change this first")
    return page


@state
def doubted_nothing(site: Site, demo: Demo) -> Page:
    return site.staff_page("/attendance/reviews?q=nobody", election=demo.secret)


@state
def doubted_record(site: Site, demo: Demo) -> Page:
    page = site.staff_page(f"/attendance/records/{doubted().id}", election=demo.secret)
    press(page, "Store the decision")
    expect(page.get_by_role("alert")).to_contain_text("Change this first")
    return page


@state
def objection_record(site: Site, demo: Demo) -> Page:
    session = doubted().session
    found = attendance.review_list.Query(state="objected", session_id=session.id)
    record = attendance.review_list.search(found, Actor("admin")).rows[0]
    return site.staff_page(f"/attendance/records/{record.id}", election=demo.secret)


def asked_for_phones() -> None:
    """Let two members ask for another phone, one of them for that of a third."""
    group, theirs = factories.GroupFactory(), meetings.Phone()
    names = ("Amal Haddad", "Jonas Lindqvist", "Rosa Demir")
    first, second, third = (meetings.member(group, name=name) for name in names)
    for voter, phone in ((first, meetings.Phone()), (second, meetings.Phone()), (third, theirs)):
        phone.prove(meetings.meeting(("device",), group_id=group.id), voter)
    new = Actor("voter", user_agent="Mozilla/5.0 (Linux; Android 16; Pixel 9) Gecko/142.0 Firefox/142.0")
    for voter, phone, why in ((first, meetings.Phone(), "The old phone fell into the harbour."),
                              (second, theirs, "Rosa and I share a phone now.")):  # fmt: skip
        attendance.devices.ask_for_change(voter.id, phone.public_key, why, new)
    meetings.db.session.commit()


@state
def phones_waiting(site: Site, demo: Demo) -> Page:
    asked_for_phones()
    page = site.staff_page("/attendance/devices", election=demo.secret)
    page.get_by_role("button", name="Refuse").first.click()
    expect(page.get_by_role("alert")).to_contain_text("Change this first")
    return page


@state
def phones_decided(site: Site, demo: Demo) -> Page:
    asked_for_phones()
    asked = attendance.device_changes.search("waiting", "", 1).lines
    for line, approve in zip(asked, (True, False), strict=False):
        attendance.devices.decide(
            line.request.id, approve, "" if approve else "One phone a member.", meetings.officer()
        )
    meetings.db.session.commit()
    return site.staff_page("/attendance/devices?state=decided", election=demo.secret)


@state
def big_screen(site: Site, demo: Demo) -> Page:
    page = site.staff_page(f"/attendance/meetings/{attended().id}/screen", election=demo.secret)
    expect(page.locator("[data-module=big-code][data-bound]")).to_be_visible()
    return page


def a_year_of_meetings() -> None:
    """Write a dozen meetings of two groups, to which fewer and fewer come."""
    names = ("Amal Haddad", "Jonas Lindqvist", "Rosa Demir", "Solveig Eriksen", "Ines Okafor", "Kwame Ellery")
    for label, step in (("Branch North", 1), ("Harbour workers, early shift", 2)):
        group = factories.GroupFactory(name=f"{label} {next(YEARS)}")
        members = [meetings.member(group, name=name) for name in names]
        for number in range(0, 12, step):
            doubts = (FlagKind.OUTSIDE_FENCE, FlagKind.POOR_ACCURACY) if number % 4 == 0 else ()
            meetings.held_before(group, 30 * number + 1, members[: 1 + (number * step) % len(members)], doubts)


@state
def meetings_in_figures(site: Site, demo: Demo) -> Page:
    a_year_of_meetings()
    page = site.staff_page("/attendance/figures", election=demo.secret)
    page.get_by_text("Show as a table").first.click()
    return page


@state
def meetings_in_figures_of_no_day(site: Site, demo: Demo) -> Page:
    return site.staff_page("/attendance/figures?since=2030-01-01&until=soon", election=demo.secret)


@state
def members_in_figures(site: Site, demo: Demo) -> Page:
    a_year_of_meetings()
    return site.staff_page("/attendance/figures/members?sort=share&order=desc", election=demo.secret)
