"""A vote cast elsewhere appears on an open live desk; a page whose line is cut asks by itself and says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import update

from models import StaffSession, db
from services.clock import utc_now
from tests import factories
from tests.support.live_site import Site
from tests.support.voting import Choice, cast_by, voters_of

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
STREAMS = re.compile(r"^smart_voting_live_streams\S* ([\d.]+)$", re.M)
CUT = "The direct line is cut. This page asks every 3 seconds instead."


@pytest.fixture
def elsewhere(site: Site) -> Iterator[None]:
    """Let this process tell others of its commits, as a web process does whose page nobody looks at here."""
    hub = site.app.extensions["live"]
    hub.runs = True
    yield
    hub.stop()


def wait_for_streams(page: Page, count: int) -> None:
    """Wait until the server holds so many streams, as its metrics tell."""
    for _ in range(600):
        if sum(float(found) for found in STREAMS.findall(page.request.get("/ops/metrics").text())) == count:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"The server does not hold {count} streams.")


def refuse_streams(route: Route) -> None:
    if "event-stream" in route.request.headers["accept"]:
        route.fulfill(status=503)
    else:
        route.continue_()


@pytest.mark.usefixtures("elsewhere")
def test_a_vote_appears_without_a_reload_and_a_closed_page_frees_its_line(site: Site) -> None:
    election = factories.make_recorded_election(voters=2)
    first, second = voters_of(election)
    page = site.staff_page("/admin/", election=election)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.resource_type))
    voted, note = page.locator("[data-live=voted]"), page.locator("[data-line]")
    other = site.staff_page("/admin/", election=election)
    wait_for_streams(page, 2)
    other.context.close()
    wait_for_streams(page, 1)

    cast_by(first, election, Choice(nota=True))
    expect(voted).to_have_text("1")
    expect(page.get_by_text("1 vote = 1 recorded choice. It balances.")).to_be_visible()
    expect(note).to_be_hidden()
    assert not {"document", "fetch"} & set(asked)

    page.route("**/admin/live/*", refuse_streams)
    site.web.kill()
    site.web.start()
    expect(note).to_have_text(CUT)
    cast_by(second, election, Choice(nota=True))
    expect(voted).to_have_text("2")
    wait_for_streams(page, 0)
    assert "document" not in asked


@pytest.mark.usefixtures("elsewhere")
def test_the_open_result_of_everybody_says_one_vote_and_two_votes_as_they_come(site: Site) -> None:
    election = factories.make_recorded_election(voters=2)
    first, second = voters_of(election)
    page = site.page(f"/results/?election={election.id}")
    wait_for_streams(page, 1)
    said = page.locator("[data-group=rows] li[data-row=NOTA] [data-words]")
    expect(said).to_have_text("0 votes, 0.0 %")
    cast_by(first, election, Choice(nota=True))
    expect(said).to_have_text("1 vote, 100.0 %")
    cast_by(second, election, Choice(nota=True))
    expect(said).to_have_text("2 votes, 100.0 %")


def test_a_desk_that_only_looked_on_too_long_goes_to_the_door_by_itself_and_comes_back(site: Site) -> None:
    page = site.staff_page("/admin/", election=factories.make_recorded_election(voters=1))
    page.route("**/admin/live/*", refuse_streams)
    page.reload()
    expect(page.get_by_text(CUT)).to_be_visible(timeout=15000)
    db.session.execute(update(StaffSession).values(last_seen_at=utc_now() - timedelta(minutes=31)))
    db.session.commit()
    expect(page.get_by_text("nothing was done here for 30 minutes")).to_be_visible(timeout=15000)
    site.problems.clear()  # the browser notes the answer 401, by which the page learned of it
    user = db.session.query(StaffSession).order_by(StaffSession.id.desc()).first().staff_user
    form = page.locator("#commission-form")
    form.get_by_label("User name").fill(user.username)
    form.get_by_label("Password").fill(factories.PASSWORD)
    form.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/admin/$"))
