"""The officer's screen in Chromium: a voter without a picture votes; every state of it passes axe at every size."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from models import AuthEvent, AuthMethod, AuthResult, StaffRole, StaffUser, db
from tests import factories
from tests.factories import PASSWORD
from tests.support import demo, kiosk_states, visits
from tests.support.demo import Demo
from tests.support.live_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]


def sign_in(site: Site, page: Page, number: str, password: str = PASSWORD) -> None:
    """Come from an empty staff form to the entry on the roll."""
    officer = db.session.get_one(StaffUser, site.kiosk.opened_by)
    page.get_by_label("Voter ID").fill(number)
    page.get_by_role("button", name="Look up").click()
    page.get_by_label("Officer: user name").fill(officer.username)
    page.get_by_label("Officer: password").fill(password)
    page.get_by_role("button", name="Show the entry").click()


def test_an_officer_and_a_second_person_open_the_ballot_with_the_keyboard(site: Site, filled: Demo) -> None:
    voter, second = demo.new_voter(filled.secret), factories.StaffUserFactory(role=StaffRole.ADMIN)
    page = site.kiosk_page(filled.secret)
    page.get_by_role("button", name="Call the officer").click()
    page.get_by_role("button", name="Officer: identify by document").press("Enter")
    page.wait_for_url("**/poll/document")  # The page left has a field of the same name.
    sign_in(site, page, voter.voter_id)
    expect(page.get_by_role("mark").or_(page.locator("mark")).first).to_have_text(voter.name)
    page.get_by_label("Document").select_option("passport")
    page.get_by_label("Why not by face?").fill("No picture is enrolled")
    page.get_by_label("Second person: user name").fill(second.username)
    page.get_by_label("Second person: password").fill(PASSWORD)
    page.keyboard.press("Enter")

    page.locator("[data-module=ballot][data-bound]").wait_for()
    (event,) = db.session.scalars(select(AuthEvent).where(AuthEvent.method == AuthMethod.DOCUMENT))
    assert (event.voter_id, event.result, event.second_officer_id) == (voter.id, AuthResult.SUCCESS, second.id)


def test_cancelling_after_failures_leads_back_to_the_start(site: Site, filled: Demo) -> None:
    page = kiosk_states.STATES["officer_at_start"](site, filled)
    page.get_by_role("button", name="Officer: identify by document").locator("visible=true").click()
    page.get_by_label("Officer: user name").wait_for()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Type your voter ID")


def number(site: Site, page: Page, filled: Demo) -> None:
    page.get_by_label("Voter ID").wait_for()


def number_wrong(site: Site, page: Page, filled: Demo) -> None:
    page.get_by_label("Voter ID").fill("20481736")
    page.get_by_role("button", name="Look up").click()
    expect(page.get_by_role("alert")).to_contain_text("One digit is wrong")


def sign_in_wrong(site: Site, page: Page, filled: Demo) -> None:
    sign_in(site, page, demo.new_voter(filled.secret).voter_id, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    expect(page.get_by_label("Officer: password")).to_have_value("")


def confirm(site: Site, page: Page, filled: Demo) -> None:
    factories.StaffUserFactory(role=StaffRole.ADMIN)
    sign_in(site, page, demo.new_voter(filled.secret).voter_id)
    page.get_by_label("Document").wait_for()


def confirm_wrong(site: Site, page: Page, filled: Demo) -> None:
    confirm(site, page, filled)
    page.get_by_role("button", name="Open the ballot").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose the kind of document")


def alone(site: Site, page: Page, filled: Demo) -> None:
    officer = db.session.get_one(StaffUser, site.kiosk.opened_by)
    for user in db.session.scalars(select(StaffUser)):
        user.is_active = user.id == officer.id
    officer.role = StaffRole.ADMIN
    db.session.commit()
    sign_in(site, page, demo.new_voter(filled.secret).voter_id)
    page.get_by_label("Your password once more").wait_for()


@pytest.mark.parametrize("state", [number, number_wrong, sign_in_wrong, confirm, confirm_wrong, alone])
def test_axe_finds_nothing_on_the_officers_screen(state, site: Site, filled: Demo, axe_source: str) -> None:
    page = site.kiosk_page(filled.secret, "/poll/document")
    state(site, page, filled)
    assert visits.inspect(page, f"officer-{state.__name__}", axe_source) == []
