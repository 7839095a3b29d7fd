"""Every state of the booth: axe finds nothing, texts and targets are large enough, nothing is cut off."""

from __future__ import annotations

import pytest

from tests.support import (
    camera_states,
    everyone_states,
    kiosk_states,
    kiosk_states_voting,
    measures,
    visits,
)
from tests.support.demo import Demo
from tests.support.live_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
assert everyone_states
assert kiosk_states_voting  # their states register themselves in kiosk_states.STATES
BOOTH = kiosk_states.STATES | camera_states.STATES


@pytest.fixture(autouse=True, scope="module")
def one_page(site: Site) -> None:
    site.shares = True


@pytest.mark.parametrize("name", BOOTH)
def test_everybody_can_read_touch_and_follow_the_booth(name: str, site: Site, filled: Demo, axe_source: str) -> None:
    """axe finds nothing; text has 24 px, targets 64 px with 12 px between them, reached as they are read."""
    page = BOOTH[name](site, filled)
    wrong = visits.inspect(page, f"kiosk-{name}", axe_source)
    assert "\n".join(wrong + measures.wrong_for_everyone(page)) == ""


def test_a_small_word_a_small_key_and_a_wrong_order_are_found(site: Site, filled: Demo) -> None:
    page = kiosk_states.id_empty(site, filled)
    page.evaluate("""() => {
      const [clear, go] = document.querySelectorAll(".k-bar .kb");
      clear.before(go);
      clear.style.cssText = "min-height: 0; height: 40px; font-size: 20px; margin-right: -60px; order: -1";
      document.querySelector(".k-lead").style.cssText = "width: 90px; white-space: nowrap";
    }""")
    small = "\n".join(measures.too_small(page))
    assert "text of 20 px: Clear" in small
    assert "x 40: Clear" in small
    assert "Clear is read before Continue" in "\n".join(measures.out_of_order(page))
    assert "sticks out: The 8 digits" in "\n".join(measures.cut_off(page))


def test_a_faint_word_in_high_contrast_is_found(site: Site, filled: Demo, axe_source: str) -> None:
    page = kiosk_states.id_empty(site, filled)
    page.evaluate("""() => {
      const faint = new CSSStyleSheet();
      faint.replaceSync("[data-theme=contrast] .k-lead { color: #222; background: #111 }");
      document.adoptedStyleSheets.push(faint);
    }""")
    found = "\n".join(visits.inspect(page, "planted", axe_source, visits.KIOSK_SIZES[:1]))
    assert "planted-contrast: color-contrast-enhanced" in found
    assert "planted-1920" not in found
