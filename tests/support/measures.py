"""What an eye and a finger need of a booth's page: large text, large targets, space between them, an order to read."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

TEXT_PX, TARGET_PX, GAP_PX = 24, 64, 12
"""look.md, section 9. Words inside a drawing (the polling card) are part of the drawing: its label tells them."""
SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8").split("*/", 1)[1].strip()


def too_small(page: Page) -> list[str]:
    """Return texts, targets and gaps that are smaller than look.md allows, at the size the page has now."""
    found: list[str] = page.evaluate(f"least => ({SCRIPT})().sizes(least)", [TEXT_PX, TARGET_PX, GAP_PX])
    return found


def out_of_order(page: Page) -> list[str]:
    """Return controls that are reached in another order than they are read."""
    found: list[str] = page.evaluate(f"() => ({SCRIPT})().order()")
    return found


def cut_off(page: Page) -> list[str]:
    """Return words that are cut off or lie over other words."""
    found: list[str] = page.evaluate(f"() => ({SCRIPT})().cut()")
    return found


def wrong_for_everyone(page: Page) -> list[str]:
    """Return all of these faults, with the voice off and, but for the order, with its row of buttons open.

    The page for a broken server is served as it stands and has no voice: there the first half is all.
    """
    page.wait_for_timeout(200)
    wrong = too_small(page) + out_of_order(page) + cut_off(page)
    if page.locator("[data-tool=speech]").count() == 0:
        return wrong
    page.evaluate("document.querySelector('[data-tool=speech]').click()")
    page.wait_for_timeout(200)
    return wrong + [f"read aloud: {line}" for line in too_small(page) + cut_off(page)]
