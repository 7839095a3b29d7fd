"""Hands on the keyboard and nowhere else; every place where the focus stops must be seen."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page

STOPS = 80
ACTIVE = """() => {
  const at = document.activeElement, row = at.closest(".cand") ?? at, style = getComputedStyle(row);
  const ids = (at.getAttribute("aria-labelledby") ?? "").split(" ");
  const by = ids.map((id) => document.getElementById(id)?.innerText ?? "").join(" ");
  const named = at.getAttribute("aria-label") || by;
  const label = named.trim() || (at.labels?.[0] ?? at).innerText || at.value || "";
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && style.boxShadow !== "none";
  const box = row.getBoundingClientRect();
  return {tag: at.tagName, name: label.trim().replace(/\\s+/g, " "), ring, big: box.width > 1 && box.height > 1};
}"""


class Keys:
    """Tab, Enter, Space and the arrows on one page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.unseen: list[str] = []

    def reach(self, name: str | re.Pattern[str], tag: str = "", back: bool = False) -> None:
        """Tab on until the focus is on something with this name."""
        passed = []
        for _ in range(STOPS):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            at = self.active()
            passed.append(at["name"])
            if at["tag"] not in ("BODY", "H1", "HTML") and not (at["ring"] and at["big"]):
                self.unseen.append(f"{at['tag']} {at['name']}")
            if re.search(name, at["name"]) and tag in ("", at["tag"]):
                return
        raise AssertionError(f"{name} is not reached: {passed}")

    def press(self, name: str | re.Pattern[str], tag: str = "", key: str = "Enter", back: bool = False) -> None:
        self.reach(name, tag, back)
        self.page.keyboard.press(key)

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)

    def active(self) -> dict[str, Any]:
        """Return tag, name and whether the ring is seen, of what has the focus."""
        found: dict[str, Any] = self.page.evaluate(ACTIVE)
        return found

    def expect_heading(self, words: str, title: str) -> None:
        """Wait until the focus is on the h1 with these words and the title begins with `title`."""
        self.page.wait_for_function(
            """([words, title]) => document.activeElement?.tagName === "H1" && document.title.startsWith(title)
                 && document.activeElement.innerText.replace(/\\s+/g, " ").includes(words)""",
            arg=[words, title],
        )
