"""The whole of a vote, and the desk's main path, with the keyboard alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from models import Election, StaffRole, Vote, Voter, db
from services import elections
from services.actor import SYSTEM
from services.embedded_postgres import EmbeddedPostgres
from services.seed import COUNCIL, seed
from tests import factories
from tests.factories import PASSWORD
from tests.services.identification import acting
from tests.support import acted_film, live_site, voting
from tests.support.keys import Keys
from tests.support.kiosk_states import ballot
from tests.support.live_site import DESK_SCREEN, KIOSK_SCREEN, Site
from tests.support.ranked import make_ranked, rank

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
PERSON = 7


@pytest.fixture(scope="module")
def site(postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with live_site.serve(postgres, template, tmp_path_factory.mktemp("site")) as site:
        seed()
        factories.StaffUserFactory(username="ada", role=StaffRole.ADMIN)
        factories.StaffUserFactory(username="otto", role=StaffRole.OFFICER)
        yield site


def sign_in(keys: Keys, door: str, username: str) -> None:
    keys.press(door, "BUTTON")
    assert keys.active()["name"] == "User name"
    keys.type(username)
    keys.reach("Password")
    keys.type(PASSWORD)
    keys.press("Sign in", "BUTTON")


def choose_election(keys: Keys, page: Page) -> None:
    """From the user name back to the elections, and down to the one that is wanted."""
    keys.reach("Larkmoor", back=True)
    page.keyboard.press("ArrowDown")
    while COUNCIL not in keys.active()["name"]:
        page.keyboard.press("ArrowDown")


def test_a_voter_votes_with_the_keyboard_alone(site: Site) -> None:
    voter = db.session.scalars(select(Voter).order_by(Voter.id)).first()
    election = db.session.scalar(select(Election).where(Election.title == COUNCIL))
    assert voter is not None
    assert election is not None
    acting.enrol(voter, PERSON)
    page = site.page("/", viewport=KIOSK_SCREEN)
    page.locator("[data-module=doors][data-bound]").wait_for()
    keys = Keys(page)

    keys.press("Polling System", "BUTTON")
    choose_election(keys, page)
    keys.reach("User name")
    keys.type("otto")
    keys.reach("Password")
    keys.type(PASSWORD)
    keys.press("Sign in", "BUTTON")

    keys.expect_heading("Type your voter ID", "Type your voter ID")
    page.locator("[data-module=keypad][data-bound]").wait_for()
    keys.reach("Voter ID")
    keys.type(voter.voter_id)
    keys.press("Continue", "BUTTON")

    keys.expect_heading("Are you", "Is this you")
    page.locator("[data-module=liveness][data-bound]").wait_for()
    challenge = json.loads(page.locator("[data-challenge]").get_attribute("data-challenge") or "{}")
    acted_film.act(page, PERSON, challenge["steps"])
    keys.press("Yes, go on", "BUTTON")
    keys.expect_heading("", "Your face")

    page.wait_for_url("**/poll/ballot")
    keys.expect_heading("Touch one name", "Choose")
    page.locator("[data-module=ballot][data-bound]").wait_for()
    keys.reach("Amina Solberg", "INPUT")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert "Rosa Demir" in keys.active()["name"]
    keys.press("Check my choice", "BUTTON")

    keys.expect_heading("Is this your choice", "Check your choice")
    expect(page.locator(".paper:visible")).to_contain_text("Rosa Demir")
    keys.press("Cast my vote", "BUTTON", key="Space")

    keys.expect_heading("Your vote is cast", "Your vote is cast")
    keys.reach("Print", "BUTTON")
    keys.press("Finish", "A")
    keys.expect_heading("Type your voter ID", "Type your voter ID")
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Vote).where(Vote.voter_id == voter.id)) == 1
    assert keys.unseen == []


def test_a_voter_ranks_names_with_the_keyboard_alone_and_the_result_shows_the_rounds(site: Site) -> None:
    council = db.session.scalar(select(Election).where(Election.title == COUNCIL))
    assert council is not None
    election = make_ranked(council, title="Chess union: chair")
    number = election.id
    for places in ((0, 1), (1, 0), (2, 1)):
        rank(election, *places)
    page = site.kiosk_page(election)
    ballot(site, page)
    page.locator("[data-module=ranking][data-bound]").wait_for()
    keys = Keys(page)
    keys.expect_heading("Touch the names in your order", "Choose")
    keys.press("Viktor Hale.*Make it your 1st choice", "BUTTON")
    keys.press("Rosa Demir.*Make it your 2nd choice", "BUTTON", back=True)
    expect(page.get_by_role("status").filter(has_text="Rosa Demir is your 2nd choice.")).to_be_attached()
    keys.press("^Up.*Rosa Demir becomes your 1st choice", "BUTTON")
    assert re.match("Down.*Rosa Demir", keys.active()["name"])  # who cannot go further up can go down again
    keys.press("None of the above", "BUTTON", back=True)
    expect(page.get_by_text("No name has a place yet.")).to_be_visible()
    page.keyboard.press("Enter")  # taken back: the order is there again
    keys.press("Check my choice", "BUTTON")
    keys.expect_heading("Is this your order", "Check your choice")
    assert page.locator(".paper:visible .name").all_inner_texts() == ["Rosa Demir", "Viktor Hale"]
    assert page.locator(".paper:visible .kick").all_inner_texts() == ["1st choice", "2nd choice"]
    keys.press("Cast my vote", "BUTTON", key="Space")
    keys.expect_heading("Your vote is cast", "Your vote is cast")
    assert keys.unseen == []

    elections.close_election(db.session.get_one(Election, number), SYSTEM)
    db.session.commit()
    voting.seal_all()
    page = site.page(f"/results/?election={number}", viewport=DESK_SCREEN)
    expect(page.get_by_role("heading", level=1)).to_have_text("Rosa Demir is elected")
    expect(page.locator(".round-list")).to_contain_text("Viktor Hale is out")
    keys = Keys(page)
    keys.press("Show as a table", "SUMMARY")
    expect(page.get_by_role("table", name="Votes in every round")).to_contain_text("Elected in round 4")


def test_digits_arrive_wherever_the_focus_is(site: Site) -> None:
    election = db.session.scalar(select(Election).where(Election.title == COUNCIL))
    assert election is not None
    page = site.kiosk_page(election)
    page.locator("[data-module=keypad][data-bound]").wait_for()
    page.keyboard.type("2048")
    expect(page.get_by_text("4 more digits")).to_be_visible()
    assert page.locator("#voter_id").input_value() == "2048"


def test_the_officer_is_called_and_sent_back_with_the_keyboard(site: Site) -> None:
    election = db.session.scalar(select(Election).where(Election.title == COUNCIL))
    assert election is not None
    page = site.kiosk_page(election)
    page.locator("#officer[data-bound]").wait_for(state="attached")
    keys = Keys(page)
    keys.press("Call the officer", "BUTTON", back=True)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert keys.active()["name"] == "Go on without help"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert keys.active()["name"] == "Call the officer"


def test_an_admin_adds_a_voter_and_thinks_twice_about_deleting(site: Site) -> None:
    page = site.page("/", viewport=DESK_SCREEN)
    page.locator("[data-module=doors][data-bound]").wait_for()
    keys = Keys(page)
    sign_in(keys, "Election Commission", "ada")
    page.wait_for_url("**/admin/")
    keys.press("^Voters$", "A")
    page.wait_for_url("**/admin/voters")
    keys.press("Add a voter", "A")
    page.wait_for_url("**/admin/voters/new")

    keys.press("Add the voter", "BUTTON")
    summary = page.locator(".summary:focus")
    expect(summary).to_contain_text("Enter the name")
    assert page.title().startswith("Change needed")
    keys.press("Enter the name", "A")
    assert keys.active()["name"] == "Name"
    keys.type("Edith Lund")
    keys.press("Add the voter", "BUTTON")
    page.wait_for_url(re.compile(r"/admin/voters/\d+$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Edith Lund")

    page.locator("#delete-voter[data-bound]").wait_for(state="attached")
    keys.press("Delete the voter", "BUTTON")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert keys.active()["name"] == "Keep the voter"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert keys.active()["name"] == "Delete the voter"
    assert keys.unseen == []


def test_the_skip_link_is_first_and_leads_to_the_main_part(site: Site) -> None:
    page = site.page("/results/", viewport=DESK_SCREEN)
    page.keyboard.press("Tab")
    assert Keys(page).active()["name"] == "Go to the main part"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
