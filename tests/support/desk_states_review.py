"""States of the pages that review attempts and faces; they register themselves in desk_states.STATES."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.support import attempt_states
from tests.support.demo import Demo
from tests.support.desk_states import press, state
from tests.support.live_site import Site


@state
def attempts(site: Site, demo: Demo) -> Page:
    attempt_states.fill(demo.secret)
    return site.staff_page("/admin/attempts", election=demo.secret)


@state
def attempts_none_matches(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/attempts?voter_id=99999999", election=demo.secret)


@state
def verification_log(site: Site, demo: Demo) -> Page:
    attempt_states.fill(demo.secret)
    return site.staff_page("/admin/verifications", election=demo.secret)


@state
def verification_log_nothing_matches(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/verifications?voter_id=99999999", election=demo.secret)


@state
def attempt_side_by_side(site: Site, demo: Demo) -> Page:
    return _attempt(site, demo, "Face does not match")


@state
def attempt_by_document_with_errors(site: Site, demo: Demo) -> Page:
    attempt_states.fill(demo.secret)
    page = _attempt(site, demo, "Identified by document")
    press(page, "Store the judgement")
    expect(page.get_by_role("alert")).to_be_visible()
    return page


def _attempt(site: Site, demo: Demo, title: str) -> Page:
    page = site.staff_page("/admin/attempts", election=demo.secret)
    page.get_by_role("link", name=title).first.click()
    page.wait_for_url(re.compile(r"/attempts/\d+"))
    return page


@state
def same_face_twice(site: Site, demo: Demo) -> Page:
    attempt_states.fill_flags(demo.secret)
    return site.staff_page("/admin/same-face", election=demo.secret)


@state
def same_face_with_errors(site: Site, demo: Demo) -> Page:
    page = same_face_twice(site, demo)
    press(page, "Store the judgement")
    expect(page.get_by_role("alert").first).to_be_visible()
    return page


@state
def doubtful_voter(site: Site, demo: Demo) -> Page:
    page = same_face_twice(site, demo)
    page.locator("figcaption a").first.click()
    expect(page.get_by_text("Doubtful: the face of").first).to_be_visible()
    return page


@state
def erasure_of_faces_with_errors(site: Site, demo: Demo) -> Page:
    attempt_states.fill_ended()
    page = site.staff_page("/admin/face-erasure", election=demo.secret)
    press(page, "Erase the faces now")
    expect(page.get_by_role("alert")).to_be_visible()
    return page
