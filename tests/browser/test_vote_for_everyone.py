"""A whole vote with two switches, with larger text, by ear; each from the voter ID to the next voter."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from models import Vote, Voter, db
from tests.support import demo, kiosk_states, measures, voice
from tests.support.demo import Demo
from tests.support.kiosk_states import ENROLLED
from tests.support.live_site import Site
from tests.support.switches import SELECT, Switches

PRESSES = {"1": 2, "2": 3, "3": 4, "4": 3, "5": 4, "6": 5, "7": 4, "8": 5, "9": 6, "0": 6}
"""Steps to the row, one to select it, steps to the key, one to select it."""
pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]


def votes_of(voter: Voter) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Vote).where(Vote.voter_id == voter.id)) or 0


def film(site: Site, page: Page) -> None:
    kiosk_states.film(page, ENROLLED)


def ready(page: Page, module: str) -> None:
    page.locator(f"[data-module~={module}][data-bound*={module}]").wait_for()
    page.locator(".k-tools[data-bound*=switch-scan][data-bound*=spoken]").wait_for(state="attached")


def test_a_voter_votes_with_two_switches_alone(site: Site, filled: Demo) -> None:
    voter = demo.new_voter(filled.secret, ENROLLED)
    page = site.kiosk_page(filled.secret)
    ready(page, "keypad")
    hands = Switches(page)
    hands.step()
    for digit in voter.voter_id:
        hands.digit(digit)
    assert page.locator("#voter_id").input_value() == voter.voter_id
    typed = hands.presses
    hands.press("Continue")
    ready(page, "liveness")
    film(site, page)
    hands.press("Yes, go on")
    page.wait_for_url("**/poll/ballot")
    ready(page, "ballot")
    hands.press("Rosa Demir")
    hands.press("Check my choice")
    expect(page.locator(".paper:visible")).to_contain_text("Rosa Demir")
    hands.press("Cast my vote")
    kiosk_states.shown(page, "Your vote is cast")
    hands.reach("Finish")
    hands.presses += 1
    page.keyboard.press(SELECT)
    kiosk_states.shown(page, "Type your voter ID")
    expect(page.locator(".scan-frame")).to_have_count(0)
    assert votes_of(voter) == 1
    assert hands.unseen == []
    # Row by row: 2 to 6 presses a digit, 4.2 on average, and one to begin; then 11 from "Continue" to "Finish".
    assert typed == 1 + sum(PRESSES[digit] for digit in voter.voter_id)
    assert hands.presses == typed + 11


MOVES = {
    "left": ["Turn your head to your left.", "Slowly, as if someone called you from that side.", "Then hold still."],
    "right": ["Turn your head to your right.", "Slowly, as if someone called you from that side.", "Then hold still."],
    "blink": ["Blink with both eyes.", "Look at the camera.", "Close both eyes, then open them."],
    "nod": ["Nod once, slowly.", "Chin down, then up again."],
}
INTRO = [
    "Read aloud is on.", "Use headphones.", "F4 says the screen again.", "F2 turns the voice off.",
    "Tab goes to the next button.", "Enter presses it.", "With two switches: F8 steps, F9 selects.",
]  # fmt: skip
STEP_1 = [
    "Type your voter ID.", "Step 1 of 5.", "The 8 digits on your polling card.", "8 more digits.",
    "Where the number is: on the front of the polling card, at the lower left.", "No card with you?",
    "Touch “Call the officer”.", "The officer finds your number on the electoral roll.", "To go on: Continue.",
    "Other buttons: Clear.",
]  # fmt: skip
CONFIRM = [
    "Step 2 of 5.", "Part of the name is hidden.", "Check the letters and the number.", "Voter ID {spelled}.",
    "Next, the camera looks at you.", "You make three small movements.", "It takes half a minute.",
    "Take off hat, mask and dark glasses.", "Stand alone in front of the camera.", "To go on: Yes, go on.",
    "Other buttons: No, type it again.",
]  # fmt: skip
BALLOT = [
    "Touch one name.", "Step 3 of 5.", "You have 1 vote.", "You are recognised.", "Your ballot is open.",
    "Changed your mind?", "Touch another name.", "You check your choice before it is cast.", "Secret.",
    "Your ballot is sealed without your name.", "6 choices.", "To go on: Check my choice.",
    "Other buttons: 2 more names below, Leave without voting.",
]  # fmt: skip
REVIEW = [
    "Is this your choice?", "Step 4 of 5.", "Nothing is cast yet.", "You choose.", "Rosa Demir.", "Orchard Alliance.",
    "Your ballot is secret.", "It goes into the ballot box without your name.", "Casting is final.",
    "After you cast it you cannot change it or vote again.", "To go on: Cast my vote.",
    "Other buttons: Change my choice.",
]  # fmt: skip
RECEIPT = [
    "Your vote is cast.", "Step 5 of 5.", "Thank you.", "It is in the ballot box, without your name.",
    "You took part.", "Receipt code of your ballot.", "Shown only now.", "Print it or write it down.",
    "The signed receipt as a QR code.",
    "See that your ballot is counted.", "After closing, look for this code on the result page.",
    "It does not show what you chose.", "So nobody can make you prove it.", "To go on: Finish.",
    "Other buttons: More time, Print.",
]  # fmt: skip


def spelled(code: str) -> str:
    return ", ".join(" ".join(group) for group in re.split(r"[\s-]+", code.strip()))


def type_by_ear(page: Page, voter: Voter) -> None:
    """Type the voter ID by its echo, and hear whose it is."""
    number = f"{voter.voter_id[:4]} {voter.voter_id[4:]}"
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    voice.said(page)
    for at, digit in enumerate(voter.voter_id[:7]):
        page.keyboard.press(digit)
        left = "1 more digit." if at == 6 else f"{7 - at} more digits."
        assert voice.said(page) == [f"{digit}.", left]
    page.keyboard.press("Enter")
    assert voice.said(page)[0] == "Type all 8 digits of your voter ID first."
    page.keyboard.press(voter.voter_id[7])
    assert voice.said(page) == [f"{voter.voter_id[7]}.", "All typed.", "Touch “Continue”."]
    page.keyboard.press("Enter")
    ready(page, "liveness")
    name, *rest = voice.said(page)
    assert re.fullmatch(r"Are you \w, \w(, \w\w)?\?", name)
    assert rest == [line.format(spelled=spelled(number)) for line in CONFIRM]


def test_a_voter_votes_by_ear(site: Site, filled: Demo) -> None:
    voter = demo.new_voter(filled.secret, ENROLLED)
    page = site.kiosk_page(filled.secret, script=voice.VOICE)
    ready(page, "keypad")
    assert voice.said(page) == []
    page.keyboard.press("F2")
    assert voice.said(page) == [*INTRO, *STEP_1]

    type_by_ear(page, voter)
    steps = kiosk_states.film(page, ENROLLED)
    kiosk_states.start_camera(page)
    page.wait_for_url("**/poll/ballot")
    ready(page, "ballot")
    heard = voice.said(page)
    start = heard.index(BALLOT[0])
    asked = [
        "Look straight at the camera.",
        "Keep your face in the oval.",
        *(line for step in steps for line in MOVES[step]),
    ]
    assert [line for line in heard[:start] if line in asked] == asked
    assert heard[start:] == BALLOT

    page.keyboard.press("Tab")
    for _ in range(12):
        last = voice.said(page)
        if last[:1] == ["Amina Solberg, Lighthouse Party."]:
            break
        page.keyboard.press("Tab")
    assert last == ["Amina Solberg, Lighthouse Party.", "1 of 6.", "Not chosen."]
    kiosk_states.mark(page, "Rosa Demir")
    assert voice.said(page) == ["Rosa Demir chosen."]
    page.get_by_role("button", name="Check my choice").click()
    assert voice.said(page) == REVIEW
    page.keyboard.press("F4")
    assert voice.said(page) == REVIEW
    page.get_by_role("button", name="Cast my vote").click()
    kiosk_states.shown(page, "Your vote is cast")
    heard = voice.said(page)
    assert [line for line in heard if line != "Casting your vote."] == RECEIPT
    code, reference = page.locator(".receipt").inner_text(), page.locator(".stub-l .code").inner_text()
    assert not any(spelled(code) in line or code in line for line in heard)
    page.get_by_role("button", name="Say the code").click()
    assert voice.said(page) == [f"Receipt code: {spelled(code)}.", f"Reference: {spelled(reference)}."]
    page.get_by_role("link", name="Finish").click()
    kiosk_states.shown(page, "Type your voter ID")
    ready(page, "keypad")
    voice.said(page)
    page.keyboard.press("Tab")
    assert voice.said(page) == []
    assert votes_of(voter) == 1


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)])
def test_a_voter_votes_with_larger_text_and_no_word_is_cut_off(size: tuple[int, int], site: Site, filled: Demo) -> None:
    voter = demo.new_voter(filled.secret, ENROLLED)
    page = site.kiosk_page(filled.secret, viewport={"width": size[0], "height": size[1]})
    ready(page, "keypad")
    wrong: list[str] = []

    def look(where: str) -> None:
        page.wait_for_timeout(300)
        assert page.locator("html").get_attribute("data-text") == "large"
        wrong.extend(f"{where}: {line}" for line in measures.cut_off(page))

    page.get_by_role("button", name="Larger text").click()
    look("empty")
    kiosk_states.type_number(page, "2048")
    expect(page.get_by_role("alert")).to_contain_text("Type all 8 digits")
    look("too short")
    kiosk_states.type_number(page, voter.voter_id)
    ready(page, "liveness")
    look("confirm")
    kiosk_states.perform(page, ENROLLED)
    page.locator("[data-move].here").wait_for()
    look("camera")
    page.wait_for_url("**/poll/ballot")
    ready(page, "ballot")
    look("ballot")
    kiosk_states.mark(page, "Rosa Demir")
    look("marked")
    page.get_by_role("button", name="Check my choice").click()
    look("review")
    page.get_by_role("button", name="Call the officer").click()
    look("officer")
    page.get_by_role("button", name="Go on without help").click()
    page.get_by_role("button", name="Cast my vote").click()
    kiosk_states.shown(page, "Your vote is cast")
    look("receipt")
    page.get_by_role("link", name="Finish").click()
    kiosk_states.shown(page, "Type your voter ID")
    assert page.locator("html").get_attribute("data-text") is None
    assert votes_of(voter) == 1
    assert "\n".join(wrong) == ""
