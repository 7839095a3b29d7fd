"""States of the booth for every voter: the voice, no voice, the frame of the two switches."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support import voice
from tests.support.demo import Demo
from tests.support.kiosk_states import ballot, mark, shown, state
from tests.support.live_site import Site


def _listening(page: Page) -> Page:
    page.locator(".k-tools[data-bound*=spoken]").wait_for()
    page.get_by_role("button", name="Read aloud").click()
    return page


@state
def reading_aloud(site: Site, demo: Demo) -> Page:
    page = _listening(site.kiosk_page(demo.secret, script=voice.VOICE))
    expect(page.get_by_text("Use headphones, so that only you hear your choice.")).to_be_visible()
    return page


@state
def no_voice(site: Site, demo: Demo) -> Page:
    page = _listening(site.kiosk_page(demo.secret))
    expect(page.get_by_text("This booth has no voice. Call the officer.")).to_be_visible()
    return page


@state
def receipt_read_aloud(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret, script=voice.VOICE)
    ballot(site, page)
    mark(page, "Rosa Demir")
    page.get_by_role("button", name="Check my choice").click()
    page.get_by_role("button", name="Cast my vote").click()
    _listening(shown(page, "Your vote is cast"))
    expect(page.get_by_role("button", name="Say the code")).to_be_visible()
    return page


@state
def two_switches_in_the_keypad(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    page.locator(".k-tools[data-bound*=switch-scan]").wait_for()
    for _ in range(2):
        page.keyboard.press("F8")
    expect(page.locator(".scan-frame")).to_be_visible()
    return page


@state
def two_switches_on_the_ballot(site: Site, demo: Demo) -> Page:
    page = site.kiosk_page(demo.secret)
    ballot(site, page)
    page.locator(".k-tools[data-bound*=switch-scan]").wait_for()
    for _ in range(3):
        page.keyboard.press("F8")
    expect(page.locator(".scan-frame")).to_be_visible()
    return page
