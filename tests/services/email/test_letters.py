"""The letters say what the order says, byte for byte."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from models import Secrecy
from services.email_service import Letter, auth_failure_alert, vote_confirmation
from services.email_service.rendering import single_line
from tests.factories import ElectionFactory, VoterFactory
from tests.services.email.conftest import AGENT, CAST_AT, make_event

REF = "3f0c9a52-77f1-4a8e-9a55-0a7c3d0f1b22"

CONFIRMATION = """\
Dear Marguerite Fontaine,

Your vote was successfully recorded on Friday 20 November 2026, 14:02 CET (UTC: 2026-11-20 13:02:05 UTC).
Choice: Tree Party/Ada Ellery
Reference ID: 3f0c9a52-77f1-4a8e-9a55-0a7c3d0f1b22

Thank you,
Election Commission
"""

ALERT = f"""\
Alert:

Voter ID used: 20481735
Result: mismatch
Distance: 0.85
Time (local): Friday 20 November 2026, 14:02 CET
Time (UTC): 2026-11-20 13:02:05 UTC
IP: 192.0.2.7
User-Agent: {AGENT}

Attached: captured photo from the attempt.

Please review the audit logs for more details.
"""


def confirmation(choice: str | None, secrecy: Secrecy = Secrecy.RECORDED, name: str = "Marguerite Fontaine") -> Letter:
    return vote_confirmation(VoterFactory(name=name), ElectionFactory(secrecy=secrecy), CAST_AT, REF, choice)


def words_of(markup: str) -> list[str]:
    """Return the words that a reader of the HTML sees."""
    body = re.sub(r"<!--.*?-->|<head>.*?</head>", " ", markup, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("\xa0", " ").split()


def test_confirmation_of_a_recorded_vote_has_the_ordered_words(in_berlin: None) -> None:
    letter = confirmation("Tree Party/Ada Ellery")
    assert letter.subject == "Your vote has been recorded"
    assert letter.body.text == CONFIRMATION


def test_confirmation_in_a_secret_election_never_says_the_choice(in_berlin: None) -> None:
    letter = confirmation("Tree Party/Ada Ellery", Secrecy.SECRET)
    assert "\nChoice: secret ballot, not stored with your name\n" in letter.body.text
    assert "Ellery" not in letter.body.text + str(letter.body.html)


def test_confirmation_of_a_recorded_vote_needs_its_choice(app: Any) -> None:
    with pytest.raises(ValueError, match="names its choice"):
        confirmation(None)


def test_alert_has_the_ordered_words(in_berlin: None) -> None:
    letter = auth_failure_alert(make_event())
    assert letter.subject == "ALERT: Face authentication failure for Voter ID 20481735"
    assert letter.body.text == ALERT


def test_alert_says_what_is_not_available_and_promises_no_photo_that_is_not_there(app: Any) -> None:
    event = make_event(distance=None, ip_address=None, user_agent=None, snapshot_path=None)
    text = auth_failure_alert(event).body.text
    assert "\nDistance: not available\n" in text
    assert text.count("not available") == 3
    assert "Attached" not in text
    assert text.endswith("User-Agent: not available\n\nPlease review the audit logs for more details.\n")


def test_local_time_follows_summer_time(in_berlin: None) -> None:
    text = auth_failure_alert(make_event(created_at=CAST_AT.replace(month=7))).body.text
    assert "15:02 CEST" in text
    assert "13:02:05 UTC" in text


@pytest.mark.parametrize("kind", ["confirmation", "alert"])
def test_html_part_has_the_same_sentences_as_the_text(in_berlin: None, kind: str) -> None:
    letter = confirmation("Tree Party/Ada Ellery") if kind == "confirmation" else auth_failure_alert(make_event())
    seen = words_of(str(letter.body.html))
    expected = letter.subject.split() + letter.body.text.split()
    assert seen[-len(expected) :] == expected
    head = seen[: -len(expected)]
    assert head[-2:] == ["Election", "Commission"]


def test_html_part_loads_nothing_from_elsewhere(in_berlin: None) -> None:
    markup = str(auth_failure_alert(make_event()).body.html)
    assert not re.search(r"<(script|link|img|form|iframe)\b|https?:|url\(", markup)


def test_typed_line_breaks_add_no_line_and_no_header(app: Any) -> None:
    event = make_event(
        voter_id_input="2048\r\nBcc: all@example.org\u2028Result: success", user_agent="A\nResult: success\u202e"
    )
    letter = auth_failure_alert(event)
    assert letter.subject.endswith("Voter ID 2048 Bcc: all@example.org Result: success")
    assert letter.subject.isprintable()
    assert [line for line in letter.body.text.splitlines() if line.startswith("Result:")] == ["Result: mismatch"]
    assert "User-Agent: A Result: success\n" in letter.body.text


def test_markup_in_a_name_stays_text(app: Any) -> None:
    letter = confirmation("NOTA", name="<img src=x onerror=alert(1)> & Co")
    assert "<img" not in str(letter.body.html)
    assert "Dear <img src=x onerror=alert(1)> & Co,\n" in letter.body.text


def test_a_single_line_keeps_letters_of_every_script() -> None:
    assert single_line(" Zoë \t مریم\u200cها\n李 ") == "Zoë مریم\u200cها 李"
