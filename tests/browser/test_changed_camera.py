"""In Chromium: the page marks its camera; another one on the way ends the check in words, and a fresh one works."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from models import AuthEvent, AuthResult, db
from services.identification.line import TOO_FEW, TOO_MANY
from tests.support import acted_film, kiosk_states
from tests.support.demo import Demo
from tests.support.live_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
OTHER_CAMERA = """() => { const settings = MediaStreamTrack.prototype.getSettings;
  MediaStreamTrack.prototype.getSettings = function () { return { ...settings.call(this), deviceId: "another" }; }; }"""


def events(voter_id: int) -> list[AuthEvent]:
    db.session.rollback()
    return list(db.session.scalars(select(AuthEvent).where(AuthEvent.voter_id == voter_id).order_by(AuthEvent.id)))


def test_another_camera_on_the_way_is_said_in_words_and_the_next_try_passes(site: Site, filled: Demo) -> None:
    page, voter = kiosk_states.begin(site, filled)
    site.webcam.show(acted_film.straight(kiosk_states.ENROLLED))
    kiosk_states.start_camera(page)
    page.locator("[data-move].here").wait_for()
    page.evaluate(OTHER_CAMERA)
    expect(page.get_by_text("The camera changed on the way")).to_be_visible()
    with page.expect_response("**/poll/auth/start") as answer:
        page.get_by_role("button", name="Try again").locator("visible=true").click()
    assert answer.value.status == 200
    steps = json.loads(answer.value.text())["challenge"]["steps"]

    page.goto("/poll/auth")
    shown = json.loads(page.locator("[data-challenge]").get_attribute("data-challenge") or "{}")
    assert shown["steps"] == steps
    kiosk_states.perform(page, kiosk_states.ENROLLED)
    page.wait_for_url("**/poll/ballot")

    first, last = events(voter.id)
    assert (first.reason, last.result) == ("camera_changed", AuthResult.SUCCESS)
    assert first.suspicion_score == 0
    line = last.liveness["line"]
    assert TOO_FEW < line["fps"] < TOO_MANY, line
    assert line["gaps"] == 0
