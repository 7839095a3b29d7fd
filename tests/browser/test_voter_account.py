"""From registering to the receipt in an own account, on a phone, in a real browser."""

from __future__ import annotations

import json
import re
import secrets

import pytest
from playwright.sync_api import Page, expect

from models import Registration, db
from services import voter_accounts as service
from services.actor import SYSTEM
from tests import factories
from tests.support import acted_film, pictures
from tests.support.demo import Demo
from tests.support.live_site import Site
from tests.support.voter_accounts import last_code
from tests.support.voter_states import fill_in

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
PHONE = {"width": 360, "height": 780}
PERSON = 411


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).locator("visible=true").click()


def type_code(page: Page, address: str, label: str) -> None:
    expect(page.get_by_role("heading", name="Type the code of your mail")).to_be_visible()
    db.session.rollback()
    page.get_by_role("textbox", name="Code").fill(last_code(address))
    press(page, label)


def approved_voter(address: str):
    db.session.rollback()
    row = db.session.query(Registration).filter_by(email=address).one()
    voter = service.approve(row.id, None, SYSTEM, "http://localhost/voter/login")
    db.session.commit()
    return voter


def test_a_voter_registers_signs_in_shows_the_face_and_votes(site: Site, filled: Demo) -> None:
    address = f"{secrets.token_hex(4)}@example.org"
    election = factories.make_open_election(channels=["account", "booth"], identity_check=True, title="The board")
    page = site.page("/voter/register", viewport=PHONE)
    fill_in(page, address, pictures.face(PERSON))
    press(page, "Send my registration")
    type_code(page, address, "Confirm my address")
    expect(page.get_by_role("heading", name="Your registration is with the Election Commission")).to_be_visible()
    factories.RollEntryFactory(election=election, voter=approved_voter(address))

    page.goto("/voter/login")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Password").fill(factories.PASSWORD)
    press(page, "Sign in")
    type_code(page, address, "Sign in")
    expect(page.get_by_role("heading", name="My elections")).to_be_visible()
    page.get_by_role("link", name="Vote now: The board").click()

    page.locator("[data-module=liveness][data-bound]").wait_for()
    challenge = json.loads(page.locator("[data-challenge]").get_attribute("data-challenge") or "{}")
    acted_film.act(page, PERSON, challenge["steps"])
    press(page, "Start the camera")
    expect(page.get_by_text("You are recognised.")).to_be_visible()
    page.get_by_role("radio", name=re.compile("None of the above")).click()
    press(page, "Check my choice")
    press(page, "Cast my vote")
    expect(page.get_by_role("heading", name="Your vote is cast")).to_be_visible()
    page.get_by_role("link", name="My elections").last.click()
    expect(page.get_by_text("You voted")).to_be_visible()
