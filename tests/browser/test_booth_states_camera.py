"""What the voter sees when camera, line or server fail during the check, and that no try is lost by it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from models import AuthEvent, Challenge, Voter, db
from services import identification
from tests.support import acted_film, camera_states
from tests.support.camera_states import VERIFY
from tests.support.demo import Demo
from tests.support.kiosk_states import ENROLLED, begin, perform, shown, start_camera
from tests.support.live_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
BACK = "The line is back. We start the movements again."
LOSE_THE_VERDICT = """fetch = (ask => async (...request) => {
  const answer = await ask(...request);
  if (sessionStorage.getItem("lost") || !(await answer.clone().text()).includes('"success"')) return answer;
  sessionStorage.setItem("lost", "once");
  throw new TypeError("network error");
})(fetch);"""
DOWN = "The line is down. Nothing is lost."


def reasons(voter: Voter) -> list[str | None]:
    db.session.rollback()
    return list(db.session.scalars(select(AuthEvent.reason).where(AuthEvent.voter_id == voter.id)))


def failures(voter: Voter, demo: Demo) -> int:
    db.session.rollback()
    return identification.count(demo.secret.id, voter.id).total


def challenges(voter: Voter) -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Challenge).where(Challenge.voter_id == voter.id)).all())


def touch_again(page: Page) -> None:
    page.get_by_role("button", name="Try again").locator("visible=true").click()


def posts(page: Page) -> list[str]:
    sent: list[str] = []
    pictures = ("/verify", "/advice")
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith(pictures) else None)
    return sent


KEPT_BACK = """async (words) => {
  const main = document.querySelector("script[type=module]").src;
  const { LivenessStream } = await import(new URL("lib/liveness-stream.js", main));
  const { Camera } = await import(new URL("lib/camera.js", main));
  const told = [], video = { requestVideoFrameCallback: (tell) => told.push(tell) };
  const camera = new Camera(video);
  camera.stream = { getTracks: () => [] };
  camera.watch();
  for (let word = 0; word < words; word += 1) told.shift()();
  const watch = { look: () => ({ same: true, black: false, problem: "" }) };
  return LivenessStream.prototype.look.call({ watch, camera, hooks: {} }, { early: false });
}"""


@pytest.mark.parametrize(("words", "kept_back"), [(0, True), (1, True), (2, False)])
def test_a_picture_is_sent_again_only_when_the_camera_delivered_it_again(words, kept_back, site: Site) -> None:
    """The word of a picture may come after it was drawn; three repeated pictures end a try."""
    assert site.page("/").evaluate(KEPT_BACK, words) is kept_back


@pytest.mark.parametrize(
    ("film", "heading", "title"),
    [(camera_states.covered, "The camera sees nothing", "Take the cover off"),
     (camera_states.frozen, "The picture stands still", "Touch “Try again”")],
    ids=["black", "frozen"],
)  # fmt: skip
def test_a_useless_picture_is_said_and_nothing_is_sent_or_lost(film, heading, title, site: Site, filled: Demo) -> None:
    site.webcam.show(film())
    page, voter = begin(site, filled)
    sent = posts(page)
    start_camera(page)
    shown(page, heading)
    expect(page.get_by_text(title).locator("visible=true")).to_be_visible()
    assert page.title().startswith(heading)
    assert sent == []
    site.webcam.show(acted_film.straight(ENROLLED))
    touch_again(page)
    page.locator("[data-move].here").wait_for()
    assert (challenges(voter), reasons(voter)) == (1, [])


def test_a_face_in_a_dark_room_is_for_the_server_to_judge(site: Site, filled: Demo) -> None:
    site.webcam.show(camera_states.dark_room())
    page, _voter = begin(site, filled)
    sent = posts(page)
    with page.expect_response(VERIFY):
        start_camera(page)
    page.wait_for_timeout(2000)
    shown(page, "Look straight at the camera")
    assert sent


def test_a_line_that_comes_back_starts_the_movements_again_and_costs_no_try(site: Site, filled: Demo) -> None:
    page, voter, plug = camera_states.line_goes_down(site, filled)
    expect(page.get_by_role("heading", level=1)).to_have_text("Stay here for a moment", use_inner_text=True)
    expect(page.locator("[data-move].here")).to_have_count(0)
    page.wait_for_timeout(4500)
    plug.put_back()
    expect(page.get_by_text(BACK)).to_be_visible()
    page.locator("[data-move].here").wait_for()
    assert (reasons(voter), failures(voter, filled)) == (["interrupted"], 0)


def test_a_short_outage_goes_on_with_the_same_challenge(site: Site, filled: Demo) -> None:
    site.webcam.show(acted_film.straight(ENROLLED))
    page, voter = begin(site, filled)
    lost: list[int] = []

    def once(route: Route) -> None:
        lost.append(1)
        route.abort("connectionreset") if len(lost) == 1 else route.continue_()

    page.route(VERIFY, once)
    start_camera(page)
    expect(page.get_by_text(DOWN)).to_be_visible()
    page.locator("[data-move].here").wait_for()
    expect(page.get_by_text(DOWN)).to_be_hidden()
    assert (challenges(voter), reasons(voter)) == (1, [])


def test_a_server_that_is_killed_and_comes_back_costs_no_try(site: Site, filled: Demo) -> None:
    page = camera_states.at_first_movement(site, filled)
    voter = site_voter(page)
    site.web.kill()
    expect(page.get_by_text(DOWN)).to_be_visible()
    page.wait_for_timeout(3000)
    site.web.start()
    expect(page.get_by_text(BACK)).to_be_visible()
    page.locator("[data-move].here").wait_for()
    assert (reasons(voter), failures(voter, filled)) == (["interrupted"], 0)


def test_a_verdict_lost_on_the_way_opens_the_ballot_all_the_same(site: Site, filled: Demo) -> None:
    page, voter = begin(site, filled, script=LOSE_THE_VERDICT)
    perform(page, ENROLLED)
    page.wait_for_url("**/poll/ballot")
    assert page.evaluate("sessionStorage.getItem('lost')") == "once"
    assert reasons(voter) == ["identified"]


def test_a_camera_pulled_out_and_put_back_starts_again_without_a_loss(site: Site, filled: Demo) -> None:
    page = camera_states.at_first_movement(site, filled)
    voter = site_voter(page)
    page.evaluate("document.querySelector('[data-video]').srcObject.getVideoTracks()[0].stop()")
    shown(page, "No camera was found")
    page.wait_for_timeout(4500)
    touch_again(page)
    expect(page.get_by_text("The check was interrupted. We start the movements again.")).to_be_visible()
    page.locator("[data-move].here").wait_for()
    assert (reasons(voter), failures(voter, filled)) == (["interrupted"], 0)


@pytest.mark.parametrize(("status", "code"), [(503, "busy"), (429, "too_many")])
def test_a_busy_server_is_waited_for(status: int, code: str, site: Site, filled: Demo) -> None:
    site.webcam.show(acted_film.straight(ENROLLED))
    page, voter = begin(site, filled)
    answers = iter([True, False])

    def busy(route: Route) -> None:
        if not next(answers, False):
            return route.continue_()
        error = {"error": {"code": code, "message": "Wait a moment."}}
        return route.fulfill(status=status, json=error, headers={"Retry-After": "2"})

    page.route(VERIFY, busy)
    start_camera(page)
    expect(page.locator("[data-advice-words]", has_text="Wait a moment.")).to_be_visible()
    page.locator("[data-move].here").wait_for()
    assert (challenges(voter), reasons(voter)) == (1, [])


def test_a_try_again_over_a_dead_line_waits_for_it(site: Site, filled: Demo) -> None:
    page = camera_states.camera_disk_full(site, filled)
    page.unroute(VERIFY)
    page.route(VERIFY, lambda route: route.abort("connectionreset"))
    touch_again(page)
    expect(page.get_by_text(DOWN)).to_be_visible()
    page.unroute(VERIFY)
    page.locator("[data-move].here").wait_for()


def test_the_camera_that_staff_chose_is_used_or_none(site: Site, filled: Demo) -> None:
    page = site.page("/?room=polling")
    page.locator("[data-module=booth-camera][data-bound]").wait_for()
    page.get_by_text("Camera of this booth:").click()
    expect(page.get_by_text("any camera").first).to_be_visible()
    choice = page.get_by_label("Camera", exact=True)
    name = page.locator("[data-list] option").nth(1).text_content() or ""
    choice.select_option(index=1)
    expect(page.get_by_text("Voters are filmed by this camera")).to_be_visible()
    expect(page.locator("summary [data-name]")).to_have_text(name)
    kept = json.loads(page.evaluate("localStorage.getItem('booth.camera')"))
    assert kept["label"] == name
    page.reload()
    expect(page.locator("summary [data-name]")).to_have_text(name)

    asked = """navigator.mediaDevices.getUserMedia = (open => wish => { window.wish = wish; return open(wish); })(
      navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices));"""
    page, _voter = begin(site, filled, script=camera_states.CHOSEN_CAMERA + asked)
    start_camera(page)
    shown(page, "The booth’s camera is not there")
    expect(page.get_by_text("No other camera is used.")).to_be_visible()
    assert page.evaluate("window.wish.video.deviceId") == {"exact": "unplugged"}
    assert page.evaluate("document.querySelector('[data-video]').srcObject") is None
    page.evaluate("kept => localStorage.setItem('booth.camera', kept)", "null")
    site.webcam.show(acted_film.straight(ENROLLED))
    touch_again(page)
    page.locator("[data-move].here").wait_for()


def site_voter(page: Page) -> Voter:
    """Return the voter of the page's check."""
    number = page.locator("[data-voter]").get_attribute("data-voter")
    return db.session.scalars(select(Voter).where(Voter.voter_id == number)).one()


def test_a_dead_line_covers_the_camera_page_too_before_it_is_left(site: Site, filled: Demo) -> None:
    page, _voter = begin(site, filled)
    page.route("**/poll/heartbeat", lambda route: route.abort("connectionrefused"))
    page.get_by_role("link", name="No, type it again").click()
    expect(page.locator("dialog[data-line]")).to_be_visible()
    page.unroute("**/poll/heartbeat")
    expect(page.get_by_role("heading", name="Type your voter ID")).to_be_visible()
