"""A visit to one state of a page: every size, both themes of the kiosk, scrolling, a picture, axe at the ends."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page

from config import PROJECT
from tests.support.axe import AXE_PATH

SCREENS = PROJECT / "var" / "screens"
KIOSK_SIZES = ((1920, 1080), (1280, 800), (768, 1024), (360, 780))
DESK_SIZES = ((1280, 800), (768, 1024), (360, 780))
PHONE = 360
ENHANCED = ("color-contrast-enhanced", "target-size", "identical-links-same-purpose")
"""Rules that axe leaves out unless asked; look.md, section 9, promises AAA."""
CONTAINED = ("color-contrast",)
"""Rules that a stricter one of ENHANCED contains: the same letters against a lower bound."""
BOUNDS = {
    "normal": {"expected": 7, "minThreshold": 0},
    "large": {"expected": 4.5, "minThreshold": 0},
}
"""WCAG 2.2, 1.4.6. As it comes, the stricter rule passes whatever is below the bounds of the other."""
CHECKS = {"color-contrast-enhanced": {"options": {"contrastRatio": BOUNDS}}}
COLOURS = ("color-contrast-enhanced", "link-in-text-block")
"""Rules that a theme can break: it changes colours and nothing else."""
WHOLE = {"rules": {rule: {"enabled": rule in ENHANCED} for rule in (*ENHANCED, *CONTAINED)}, "checks": CHECKS}
COLOURS_ONLY = {"runOnly": {"type": "rule", "values": list(COLOURS)}, "checks": CHECKS}
RUN = """asked => axe.run(document, {
    // Only what is wrong is worked out to the end, and no style sheet is fetched once more: half of the time.
    resultTypes: ["violations"], preload: {assets: ["media"]}, ...asked})
  .then(found => found.violations.flatMap(item => item.nodes.map(
    node => `${item.id}: ${item.help}: ${node.html.slice(0, 200)} | ${node.failureSummary.slice(0, 300)}`)))"""
FETCH_AXE = """async path => {
  // A page without scripts, as a mail is, allows none: then it is handed over by hand.
  if (window.axe || !document.querySelector("script[src]")) return Boolean(window.axe);
  const script = Object.assign(document.createElement("script"), {src: path});
  const loaded = new Promise(done => { script.onload = script.onerror = done; });
  document.head.append(script);
  await loaded;
  script.remove();
  return Boolean(window.axe);
}"""
"""Whether axe is there. Half a megabyte is handed over by the server in a tenth of the time of an `evaluate`."""

OVERFLOW = """() => {
  const page = document.documentElement, found = [];
  if (page.scrollWidth > innerWidth) found.push(`scrolls sideways, ${page.scrollWidth} px in ${innerWidth}`);
  // The officer's form is for staff: with all its errors shown it may be longer than the screen.
  const stands = page.dataset.surface === "kiosk" && !("scrolls" in page.dataset) && innerWidth >= 768;
  const tall = page.scrollHeight;
  if (stands && tall > innerHeight) found.push(`the booth's frame scrolls, ${tall} px in ${innerHeight}`);
  return found;
}"""


def inspect(page: Page, name: str, axe: str, sizes: Sequence[tuple[int, int]] = KIOSK_SIZES,
            kiosk: bool = True, modes: bool = True) -> list[str]:  # fmt: skip
    """Return what is wrong: scrolling at all sizes and modes; axe at the ends, and its colours in high contrast."""
    wrong: list[str] = []
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        # What axe looks at depends on size only between the widest and the narrowest.
        wrong += _look(page, f"{name}-{width}", axe if (width, height) in (sizes[0], sizes[-1]) else None)
    if kiosk and modes:
        width, height = sizes[0]
        page.set_viewport_size({"width": width, "height": height})
        for mode, attribute, value in (("contrast", "theme", "contrast"), ("large", "text", "large")):
            page.evaluate(f"document.documentElement.dataset.{attribute} = '{value}'")
            wrong += _look(page, f"{name}-{mode}", axe if mode == "contrast" else None, COLOURS_ONLY)
            if mode == "large":
                page.set_viewport_size({"width": PHONE, "height": 780})
                wrong += _look(page, f"{name}-{mode}-{PHONE}", None)
            page.evaluate(f"delete document.documentElement.dataset.{attribute}")
        page.set_viewport_size({"width": width, "height": height})
    return wrong


def _look(page: Page, name: str, axe: str | None, rules: dict[str, Any] = WHOLE) -> list[str]:
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    wrong = [f"{name}: {line}" for line in _findings(page, axe, rules)] if axe else []
    wrong += [f"{name}: {line}" for line in page.evaluate(OVERFLOW)]
    if os.environ.get("SV_SCREENS"):
        SCREENS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENS / f"{name}.png", full_page=not name.endswith(("1920", "contrast", "large")))
    return wrong


def _findings(page: Page, axe: str, rules: dict[str, Any]) -> list[str]:
    if not page.evaluate(FETCH_AXE, AXE_PATH):
        page.evaluate(axe)
    found: Any = page.evaluate(RUN, rules)
    return list(found)
