"""A voter with two switches: one steps, one selects. Every press is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

STEP, SELECT = "F8", "F9"
CALM_MS = 300
"""Longer than what the page takes for the trembling of a hand, and than it needs to settle."""
STOPS = 60
FRAMED = """() => {
  const frame = document.querySelector(".scan-frame");
  if (!frame) return {said: "", name: "", seen: false};
  const said = document.querySelector("[data-scan-say]").textContent, at = document.activeElement;
  const edge = frame.getBoundingClientRect();
  const label = at.getAttribute("aria-label") || (at.labels?.[0] ?? at).innerText || "";
  return {said, name: label.trim().replace(/\\s+/g, " "),
          seen: edge.width > 40 && edge.height > 40 && edge.bottom <= innerHeight && edge.top >= 0};
}"""


class Switches:
    """Two switches on one page, and how often they were pressed."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.presses = 0
        self.unseen: list[str] = []

    def step(self) -> None:
        self.presses += 1
        self.page.keyboard.press(STEP)
        self._settled()

    def select(self) -> None:
        self.presses += 1
        self.page.keyboard.press(SELECT)
        self.page.wait_for_timeout(CALM_MS)
        self._settled()

    def _settled(self) -> None:
        """Wait until the frame stands where the page wants it, also on the next page."""
        self.page.locator(".k-tools[data-scan=ready]").wait_for(state="attached")

    def framed(self) -> dict[str, Any]:
        """Return what the frame is around: `said` for a group, `name` for a single target."""
        found: dict[str, Any] = self.page.evaluate(FRAMED)
        return found

    def reach(self, name: str) -> None:
        """Step until the frame is around something whose name, or whose group's name, has these words."""
        self._until(lambda at: name in (at["said"] or at["name"]))

    def press(self, name: str) -> None:
        self.reach(name)
        self.select()

    def digit(self, digit: str) -> None:
        """Pick a key of the keypad: its row, then the key in the row."""
        self._until(lambda at: "Row" in at["said"] and digit in at["said"].split(": ")[-1])
        self.select()
        self._until(lambda at: at["name"] == digit)
        self.select()

    def _until(self, there: Callable[[dict[str, Any]], bool]) -> None:
        passed = []
        self._settled()
        for _ in range(STOPS):
            at = self.framed()
            passed.append(at["said"] or at["name"])
            if not at["seen"]:
                self.unseen.append(str(at))
            if there(at):
                return
            self.step()
        raise AssertionError(f"not reached: {passed}")
