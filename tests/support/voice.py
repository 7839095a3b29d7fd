"""A voice for Chromium on a machine that has none, and the transcript of what the booth said."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Error, Page

TRANSCRIPT = "test.transcript"
LISTEN = f"""window.addEventListener("speech:said", event => {{
  const said = JSON.parse(sessionStorage.getItem("{TRANSCRIPT}") ?? "[]");
  sessionStorage.setItem("{TRANSCRIPT}", JSON.stringify([...said, event.detail.text]));
}});
"""
VOICE = (
    LISTEN
    + """(() => {
  const spoken = [], local = {name: "Test", lang: "en-GB", localService: true, default: false};
  const remote = {name: "Cloud", lang: "en-GB", localService: false, default: true};
  const german = {name: "Stimme", lang: "de-DE", localService: true, default: true};
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  const synth = {
    spoken, cancels: 0, speaking: null, milliseconds: 1,
    getVoices: () => [remote, german, local],
    addEventListener: () => {},
    cancel() { this.cancels += 1; clearTimeout(this.timer); this.speaking = null; },
    speak(words) {
      if (this.speaking) throw new Error("two at a time");
      this.speaking = words;
      spoken.push({text: words.text, rate: words.rate, voice: words.voice.name, lang: words.lang});
      this.timer = setTimeout(() => { this.speaking = null; words.onend(); }, this.milliseconds);
    },
  };
  Object.defineProperty(window, "speechSynthesis", {value: synth});
})();
"""
)
"""Run before the page's own scripts: three voices, of which one speaks English on this machine."""
QUIET_MS = 700


def _wait_in_the_page(page: Page) -> None:
    """Wait QUIET_MS in turns of the page itself: where it is kept from speaking by other work, they come later too."""
    turns = "async step => { for (let turn = 0; turn < 7; turn += 1) await new Promise(go => setTimeout(go, step)); }"
    try:
        page.evaluate(turns, QUIET_MS / 7)
    except Error:  # the next page came in between
        page.wait_for_timeout(QUIET_MS)


def said(page: Page) -> list[str]:
    """Return every sentence since the last time, once the booth is quiet."""
    lines: list[str] = []
    while True:
        _wait_in_the_page(page)
        found: Any = page.evaluate(f'JSON.parse(sessionStorage.getItem("{TRANSCRIPT}") ?? "[]")')
        if found == lines:
            break
        lines = list(found)
    page.evaluate(f'sessionStorage.removeItem("{TRANSCRIPT}")')
    return lines
