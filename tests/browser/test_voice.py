"""The voice of the booth: one thing at a time, the urgent first, from this computer, and words where it is missing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support import kiosk_states, voice
from tests.support.demo import Demo
from tests.support.live_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
QUEUE = """async ([steps, milliseconds]) => {
  const {speech, LEVEL} = await import(new URL("lib/speech.js", document.querySelector("script[type=module]").src));
  window.speechSynthesis.milliseconds = milliseconds;
  speech.muted = false;
  speech.stop();
  speech.forget();
  window.speechSynthesis.spoken.length = 0;
  for (const [text, level, pause] of steps) {
    speech.say(text, LEVEL[level]);
    await new Promise(done => setTimeout(done, pause ?? 0));
  }
  do await new Promise(done => setTimeout(done, 100)); while (speech.now || speech.waiting || speech.items.length);
  speech.muted = true;
  return window.speechSynthesis.spoken;
}"""


def booth(site: Site, filled: Demo, script: str = voice.VOICE) -> Page:
    page = site.kiosk_page(filled.secret, script=script)
    page.locator(".k-tools[data-bound*=spoken]").wait_for()
    return page


def spoken(page: Page, *steps: tuple[object, ...], milliseconds: int = 1) -> list[str]:
    return [item["text"] for item in page.evaluate(QUEUE, [[list(step) for step in steps], milliseconds])]


def test_the_queue_lets_the_urgent_interrupt_and_the_rest_wait(site: Site, filled: Demo) -> None:
    page = booth(site, filled)
    slow = 200
    assert spoken(page, ("One.", "screen", 100), ("Two.", "status"), ("Three.", "status"), milliseconds=slow) == [
        "One.", "Two.", "Three.",
    ]  # fmt: skip
    assert spoken(page, ("One. Two. Three.", "screen", 100), ("News.", "status"), milliseconds=slow) == [
        "One.", "News.", "Two.", "Three.",
    ]  # fmt: skip
    assert spoken(page, ("One. Two.", "screen", 100), ("Look.", "alert"), milliseconds=slow) == ["One.", "Look."]
    assert spoken(page, ("Look.", "alert", 100), ("A key.", "focus"), milliseconds=slow) == ["Look.", "A key."]
    assert spoken(page, ("One.", "screen", 100), ("A key.", "focus", 100), ("B key.", "focus"), milliseconds=slow) == [
        "One.", "A key.", "B key.",
    ]  # fmt: skip
    assert spoken(page, ("Same.", "status"), ("Same.", "status"), ("Other.", "status")) == ["Same.", "Other."]


def test_long_texts_are_cut_and_a_voice_of_this_computer_and_language_speaks(site: Site, filled: Demo) -> None:
    page = booth(site, filled)
    text = "Sentence one. " + "".join(f"Word {number}, " for number in range(40)) + "end. 2 of 3. Last?"
    lines = spoken(page, (text, "screen"))
    assert lines[0] == "Sentence one."
    assert lines[-2:] == ["2 of 3.", "Last?"]
    assert max(len(line) for line in lines) <= 150
    assert " ".join(lines) == text
    voices = page.evaluate("window.speechSynthesis.spoken.map(item => [item.voice, item.lang, item.rate])")
    assert {tuple(item) for item in voices} == {("Test", "en-GB", 1)}


def test_speed_switches_and_keys_are_spoken_and_sound_off_mutes(site: Site, filled: Demo) -> None:
    page = booth(site, filled)
    page.keyboard.press("F2")
    voice.said(page)
    page.get_by_role("button", name="Speed:").click()
    assert voice.said(page) == ["Faster."]
    assert page.evaluate("window.speechSynthesis.spoken.at(-1).rate") == 1.5
    page.get_by_role("button", name="High contrast").click()
    assert voice.said(page) == ["High contrast on."]
    page.get_by_role("button", name="Sound on").click()
    page.get_by_role("button", name="High contrast").click()
    assert voice.said(page) == []
    page.get_by_role("button", name="Sound off").click()
    assert voice.said(page) == ["Sound on."]
    page.get_by_role("button", name="Call the officer").click()
    assert voice.said(page)[:3] == ["Raise your hand.", "Stay here.", "The officer comes to you."]
    page.keyboard.press("F2")
    assert voice.said(page) == ["Read aloud is off."]
    page.keyboard.press("Tab")
    assert voice.said(page) == []


def test_a_booth_without_a_voice_says_so_in_words(site: Site, filled: Demo) -> None:
    none = voice.LISTEN + "Object.defineProperty(window, 'speechSynthesis', {value: undefined});"
    page = booth(site, filled, none)
    page.get_by_role("button", name="Read aloud").click()
    expect(page.get_by_text("This booth has no voice. Call the officer.")).to_be_visible()
    expect(page.get_by_text("Use headphones")).to_be_hidden()
    assert "Type your voter ID." in voice.said(page)


def test_time_that_runs_out_is_told_and_a_dialog_is_read(site: Site, filled: Demo) -> None:
    page = booth(site, filled)
    page.keyboard.press("F2")
    kiosk_states.ballot(site, page, seconds=40)
    expect(page.get_by_role("dialog")).to_be_visible()
    heard = voice.said(page)
    assert "30 seconds left on this ballot." in heard or "30 seconds left." in heard
    at = heard.index("Do you need more time?")
    assert heard[at + 1] == "When the time is over this ballot closes."
    assert heard[-2:] == ["More time.", "Button."]
    expect(page.get_by_role("dialog").get_by_role("button", name="Larger text")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="More time").click()
    assert "You have more time now." in voice.said(page)
