"""The states of the pages of voters with accounts, and of the registrations at the desk; they register themselves."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from services import attendance
from services.clock import utc_now
from tests import factories
from tests.services.identification import acting
from tests.support import acted_film, meetings, pictures, voter_accounts
from tests.support.demo import Demo
from tests.support.desk_states import press, public, state
from tests.support.live_site import Site
from tests.support.web_process import session_cookie

PEOPLE = itertools.count(300)
"""Faces that nobody else of the demo has."""


def fill_in(page: Page, email: str, photo: bytes | None = None) -> None:
    """Type a whole registration."""
    typed = voter_accounts.typed(email=email)
    for label, name in (("Name", "name"), ("Date of birth", "dob"), ("E-mail", "email")):
        page.get_by_label(label, exact=True).fill(typed[name])
    page.get_by_label("Password", exact=True).fill(typed["password"])
    page.get_by_label("The same password again").fill(typed["password"])
    page.get_by_label("I have read this and agree").check()
    if photo:
        page.locator("[data-module=photo-field][data-bound]").wait_for()
        page.get_by_label("Photo", exact=True).set_input_files(
            {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": photo}
        )
        expect(page.locator("[data-preview] canvas")).to_be_visible()


def _email() -> str:
    return f"rosa{next(PEOPLE)}@example.org"


@public
def voter_register(site: Site, demo: Demo) -> Page:
    page = site.page("/voter/register")
    expect(page.get_by_role("button", name="Send my registration")).to_be_disabled()
    return page


@public
def voter_register_refused(site: Site, demo: Demo) -> Page:
    page = site.page("/voter/register")
    fill_in(page, "rosa@", pictures.face(next(PEOPLE), faces=0))
    press(page, "Send my registration")
    expect(page.get_by_role("alert")).to_contain_text("No face was found")
    return page


@public
def voter_register_with_an_easy_password(site: Site, demo: Demo) -> Page:
    page = site.page("/voter/register")
    fill_in(page, "rosa@example.org", pictures.face(next(PEOPLE)))
    for label in ("Password", "The same password again"):
        page.get_by_label(label, exact=True).fill("rosademir1984")
    press(page, "Send my registration")
    expect(page.get_by_role("alert").first).to_contain_text("easy to guess")
    return page


@public
def voter_register_code_wrong(site: Site, demo: Demo) -> Page:
    page = site.page("/voter/register")
    fill_in(page, _email(), pictures.face(next(PEOPLE)))
    press(page, "Send my registration")
    page.get_by_label("Code").fill("12")
    press(page, "Confirm my address")
    expect(page.get_by_text("This is not the code in the last mail")).to_be_visible()
    return page


@public
def voter_login_refused(site: Site, demo: Demo) -> Page:
    page = site.page("/voter/login")
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_label("Password").fill("nothing")
    press(page, "Sign in")
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    return page


@public
def voter_elections(site: Site, demo: Demo) -> Page:
    voter = voter_accounts.with_account(name="Solveig Eriksen")
    for election in (demo.secret, demo.recorded):
        factories.RollEntryFactory(election=election, voter=voter)
    return site.page("/voter/elections", session_cookie(site.app, voter_session=voter_accounts.token_of(voter)))


def _checked(site: Site, demo: Demo, enrolled: bool = True) -> Page:
    """Open the camera page of a voter whose election asks for the face."""
    election = factories.make_open_election(channels=["account", "booth"], identity_check=True)
    voter = voter_accounts.with_account(name="Solveig Eriksen")
    factories.RollEntryFactory(election=election, voter=voter)
    if enrolled:
        acting.enrol(voter, next(PEOPLE))
    cookie = session_cookie(site.app, voter_session=voter_accounts.token_of(voter))
    return site.page(f"/voter/identity/{election.public_id}", cookie)


@public
def voter_shows_the_face(site: Site, demo: Demo) -> Page:
    page = _checked(site, demo)
    expect(page.get_by_role("heading", name="Show your face")).to_be_visible()
    return page


@public
def voter_is_filmed(site: Site, demo: Demo) -> Page:
    site.webcam.show(acted_film.straight(next(PEOPLE)))
    page = _checked(site, demo)
    press(page, "Start the camera")
    expect(page.get_by_text("Keep your face in the oval.")).to_be_visible()
    return page


@public
def voter_is_helped(site: Site, demo: Demo) -> Page:
    page = _checked(site, demo, enrolled=False)
    expect(page.get_by_role("heading", name="The Election Commission helps you")).to_be_visible()
    return page


@public
def voter_account(site: Site, demo: Demo) -> Page:
    voter = voter_accounts.with_account(name="Solveig Eriksen")
    page = site.page("/voter/account", session_cookie(site.app, voter_session=voter_accounts.token_of(voter)))
    press(page, "Change the password")
    expect(page.get_by_role("alert")).to_be_visible()
    return page


@state
def registrations(site: Site, demo: Demo) -> Page:
    voter_accounts.waiting(next(PEOPLE), email=_email())
    return site.staff_page("/admin/registrations", election=demo.secret)


@state
def registration_refused_without_reason(site: Site, demo: Demo) -> Page:
    known = factories.VoterFactory(name="Rosa Demir", email=_email())
    row = voter_accounts.waiting(next(PEOPLE), email=known.email)
    page = site.staff_page(f"/admin/registrations/{row.id}", election=demo.secret)
    press(page, "Refuse the registration")
    expect(page.get_by_role("alert")).to_contain_text("Write the reason")
    return page


@public
def voter_phone_asked(site: Site, demo: Demo) -> Page:
    group = factories.GroupFactory()
    voter, phone = meetings.member(group, name="Solveig Eriksen"), meetings.Phone()
    phone.prove(meetings.meeting(("device",), group_id=group.id), voter)
    page = site.page("/voter/device", session_cookie(site.app, voter_session=voter_accounts.token_of(voter)))
    page.locator("[data-module=ask-device][data-bound]").wait_for()
    press(page, "Ask for this phone")
    expect(page.get_by_role("alert", name="Change this first")).to_be_visible()
    page.locator("[data-module=ask-device][data-bound]").wait_for()
    page.get_by_label("Reason").fill("The old one is lost.")
    press(page, "Ask for this phone")
    expect(page.get_by_text("You asked for another phone")).to_be_visible()
    return page


@public
def voter_check_in_rejected(site: Site, demo: Demo) -> Page:
    group, actor = factories.GroupFactory(), meetings.officer()
    voter = meetings.member(group, name="Solveig Eriksen")
    record = meetings.stand(meetings.meeting(("location",), group_id=group.id, actor=actor), voter, north_m=400)
    attendance.reviews.decide(record.id, "rejected", "Nobody saw you in the hall.", actor)
    meetings.db.session.commit()
    cookie = session_cookie(site.app, voter_session=voter_accounts.token_of(voter))
    page = site.page(f"/voter/meetings/{record.session_id}", cookie)
    press(page, "Send my objection")
    expect(page.get_by_role("alert")).to_contain_text("Change this first")
    return page


def _checking_in(site: Site, layer: str, **options: Any) -> Page:
    """Open the page of the layer that a meeting asks for, with the code typed."""
    group = factories.GroupFactory()
    session = meetings.meeting((layer,), group_id=group.id, title="Branch North, autumn meeting")
    member = meetings.member(group, name="Solveig Eriksen")
    acting.enrol(member, next(PEOPLE))
    page = site.page(f"/voter/meetings/{session.id}", session_cookie(
        site.app, voter_session=voter_accounts.token_of(member)), **options)  # fmt: skip
    page.get_by_label("Code").fill(meetings.code(session))
    press(page, "Check in")
    return page


@public
def voter_meetings(site: Site, demo: Demo) -> Page:
    group = factories.GroupFactory()
    member = meetings.member(group, name="Solveig Eriksen")
    meetings.meeting(group_id=group.id, title="Branch North, autumn meeting")
    meetings.meeting(group_id=group.id, title="Yearly assembly", starts_at=utc_now() + timedelta(days=30))
    meetings.check_in(meetings.meeting(group_id=group.id, title="Harbour workers, early shift"), member)
    return site.page("/voter/meetings", session_cookie(site.app, voter_session=voter_accounts.token_of(member)))


@public
def voter_types_a_wrong_code(site: Site, demo: Demo) -> Page:
    group = factories.GroupFactory()
    session = meetings.meeting(group_id=group.id, title="Branch North, autumn meeting")
    token = voter_accounts.token_of(meetings.member(group, name="Solveig Eriksen"))
    page = site.page(f"/voter/meetings/{session.id}", session_cookie(site.app, voter_session=token))
    page.get_by_label("Code").fill("AAAAAA")
    press(page, "Check in")
    expect(page.get_by_role("alert")).to_contain_text("Look at the screen")
    return page


@public
def voter_signs_with_the_phone(site: Site, demo: Demo) -> Page:
    """The page of a phone that came back after its code was taken; typed just now, it signs by itself."""
    group = factories.GroupFactory()
    session = meetings.meeting(("device",), group_id=group.id, title="Branch North, autumn meeting")
    member = meetings.member(group, name="Solveig Eriksen")
    meetings.begin(session, member)
    page = site.page(
        f"/voter/meetings/{session.id}", session_cookie(site.app, voter_session=voter_accounts.token_of(member))
    )
    page.locator("[data-module=check-in][data-bound]").wait_for()
    expect(page.get_by_role("button", name="Sign with this phone")).to_be_visible()
    return page


@public
def voter_refuses_the_position(site: Site, demo: Demo) -> Page:
    page = _checking_in(site, "location")
    page.locator("[data-module=check-in][data-bound]").wait_for()
    press(page, "Send my position")
    expect(page.get_by_role("alert")).to_contain_text("Allow it")
    return page


@public
def voter_shows_the_face_at_a_meeting(site: Site, demo: Demo) -> Page:
    page = _checking_in(site, "selfie")
    expect(page.get_by_role("heading", name="Show your face")).to_be_visible()
    return page


@public
def voter_sends_no_photo_of_the_room(site: Site, demo: Demo) -> Page:
    page = _checking_in(site, "room")
    press(page, "Send the photo")
    expect(page.get_by_role("alert")).to_contain_text("Take a photo of the room first")
    return page
