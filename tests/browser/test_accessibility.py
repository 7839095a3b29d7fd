"""Every state of every page: nothing scrolls sideways at any size; axe finds nothing at the widest and narrowest."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from services import api_pages
from tests.support import (
    desk_states,
    desk_states_attendance,
    desk_states_elections,
    desk_states_motions,
    desk_states_review,
    desk_states_staff,
    link_states,
    mail_states,
    visits,
    voter_states,
)
from tests.support.demo import Demo
from tests.support.live_site import Site

assert desk_states_attendance  # its states register themselves in desk_states.STATES
assert desk_states_elections  # its states register themselves in desk_states.STATES
assert desk_states_motions  # so do its
assert desk_states_review  # so do its
assert desk_states_staff  # and these
assert mail_states  # and these
assert voter_states  # and these
assert link_states  # and these
pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]


@pytest.fixture(autouse=True, scope="module")
def one_page(site: Site) -> None:
    site.shares = True


def test_a_planted_fault_is_found_at_the_width_where_it_shows(site: Site, axe_source: str) -> None:
    page = site.page("/")
    page.evaluate("""() => {
      const fault = document.createElement("img");
      fault.src = "/static/img/mark.svg";
      fault.style.minWidth = "500px";
      const faint = document.createElement("p");
      faint.textContent = "You can hardly read this.";
      faint.style.cssText = "color: #bbb; background: #ccc";
      document.querySelector("main").append(fault, faint);
    }""")
    found = "\n".join(visits.inspect(page, "planted", axe_source, visits.DESK_SIZES, kiosk=False))
    assert "planted-360: image-alt" in found
    assert "planted-360: color-contrast-enhanced" in found
    assert "planted-360: scrolls sideways" in found
    assert "planted-1280: scrolls" not in found


@pytest.mark.parametrize("name", desk_states.EMPTY)
def test_axe_finds_nothing_before_there_is_an_election(name: str, site: Site, axe_source: str) -> None:
    page = desk_states.EMPTY[name](site)
    assert visits.inspect(page, f"empty-{name}", axe_source, visits.DESK_SIZES, kiosk=False) == []


@pytest.mark.parametrize("name", desk_states.STATES)
def test_axe_finds_nothing_at_the_desk(name: str, site: Site, filled: Demo, axe_source: str) -> None:
    page = desk_states.STATES[name](site, filled)
    assert visits.inspect(page, f"desk-{name}", axe_source, visits.DESK_SIZES, kiosk=False) == []


@pytest.mark.parametrize("name", desk_states.PUBLIC)
def test_axe_finds_nothing_on_public_pages(name: str, site: Site, filled: Demo, axe_source: str) -> None:
    page = desk_states.PUBLIC[name](site, filled)
    assert visits.inspect(page, f"public-{name}", axe_source, kiosk=False) == []


@pytest.mark.parametrize(
    ("path", "folded", "operation"),
    [("/api/v1/docs", "Meetings", "/api/v1/meetings"), ("/api/v1/redoc", None, "Make a meeting of a group")],
)
def test_a_page_of_the_api_draws_its_operations_in_a_frame_without_faults(
    path, folded, operation, site, axe_source
) -> None:
    """Without a word in the console, and under our policy; what is drawn inside the frame is third parties'.

    Of our 132 operations only those of meetings: drawing all of them takes the processor half a minute.
    """
    if not api_pages.are_here():
        pytest.skip("Swagger UI and ReDoc are not there: `make api-docs` fetches them")
    page = site.page("/ops/health/live", viewport={"width": 360, "height": 780})
    page.on("console", lambda said: site.problems.append(said.text) if said.type == "error" else None)
    page.route("**/api/v1/openapi.json", _only_meetings)
    page.goto(path)
    if folded:
        page.get_by_text(folded, exact=True).first.click()
    expect(page.get_by_text(operation, exact=True).first).to_be_attached()
    assert page.evaluate(visits.OVERFLOW) == []
    page.evaluate(axe_source)
    ours = [[".pub-top"], [".api-head"], [".foot"]]
    found = page.evaluate("ours => axe.run({include: ours}, {resultTypes: ['violations']})", ours)
    assert [f"{one['id']}: {one['help']}" for one in found["violations"]] == []


def _only_meetings(route: Route) -> None:
    document = route.fetch().json()
    document["paths"] = {path: item for path, item in document["paths"].items() if path.startswith("/api/v1/meetings")}
    assert document["paths"]
    route.fulfill(json=document)
