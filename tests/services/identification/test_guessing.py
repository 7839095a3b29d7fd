"""Voter IDs tried out at a kiosk: slowed, written down, and told to the commissioner."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from models import AuditLog, AuthEvent, EmailMessage, db
from services import identification
from services.identification import GuessingSlowed, LookupReason, guessing
from tests import factories

FREE = guessing.FREE_GUESSES


def numbers(first=0):
    body = 9_100_000 + first
    while True:
        yield factories.with_check_digit(body)
        body += 1


@pytest.fixture
def guess(kiosk, actor, clock):
    """Type unknown voter IDs, waiting each time as long as one must."""
    fresh = numbers()

    def type_them(count, at=None):
        for _ in range(count):
            found = identification.find_voter(at or kiosk, next(fresh), actor)
            assert found.reason is LookupReason.UNKNOWN_NUMBER

    return type_them


def audits():
    query = select(func.count()).select_from(AuditLog).where(AuditLog.event_type == "kiosk:voter:guessed")
    return db.session.scalar(query)


def mails():
    return db.session.scalars(select(EmailMessage)).all()


def test_four_unknown_voter_ids_slow_nobody(kiosk, actor, guess, voter):
    guess(FREE - 1)

    assert identification.find_voter(kiosk, voter.voter_id, actor).eligible
    assert (audits(), mails()) == (0, [])


def test_after_the_fifth_every_lookup_waits_even_for_a_right_number(kiosk, actor, guess, voter):
    guess(FREE)

    with pytest.raises(GuessingSlowed, match="Wait 5 seconds, or call the officer") as refusal:
        identification.find_voter(kiosk, voter.voter_id, actor)
    assert (refusal.value.status, refusal.value.seconds) == (429, 5)


def test_a_refused_lookup_is_no_attempt(kiosk, actor, guess):
    guess(FREE)
    before = db.session.scalar(select(func.count()).select_from(AuthEvent))
    with pytest.raises(GuessingSlowed):
        identification.find_voter(kiosk, factories.with_check_digit(9999999), actor)
    assert db.session.scalar(select(func.count()).select_from(AuthEvent)) == before


def test_after_the_wait_the_voter_may_type_on(kiosk, actor, guess, voter, clock):
    guess(FREE)
    clock.shift(6)
    assert identification.find_voter(kiosk, voter.voter_id, actor).eligible


def test_the_wait_doubles_up_to_a_minute():
    assert [guessing.wait_seconds(FREE + more) for more in range(7)] == [5, 10, 20, 40, 60, 60, 60]
    assert guessing.wait_seconds(100_000) == 60


def test_the_sixth_guess_waits_longer_than_the_fifth(kiosk, actor, guess, clock):
    guess(FREE)
    clock.shift(6)
    guess(1)
    with pytest.raises(GuessingSlowed) as refusal:
        identification.find_voter(kiosk, factories.with_check_digit(9999999), actor)
    assert 4 <= refusal.value.seconds <= 10


def test_the_fifth_guess_is_audited_and_alerts_the_commissioner_once(app, kiosk, guess, clock):
    guess(FREE)
    assert audits() == 1
    clock.shift(6)
    guess(1)

    assert audits() == 2
    (mail,) = mails()
    assert kiosk.name in mail.subject
    assert mail.recipient == app.extensions["platform"].settings.alert_recipient


def test_one_wrong_card_typed_again_and_again_is_no_guessing(kiosk, actor):
    for _ in range(FREE + 3):
        identification.find_voter(kiosk, factories.with_check_digit(9999999), actor)
    assert audits() == 0


def test_typing_slips_count_for_nothing(kiosk, actor, voter):
    for digit in range(10):
        if str(digit) != voter.voter_id[-1]:
            identification.find_voter(kiosk, f"{voter.voter_id[:-1]}{digit}", actor)
    assert identification.find_voter(kiosk, voter.voter_id, actor).eligible


def test_a_voter_who_is_identified_makes_it_zero_again(kiosk, guess, started, play, actor):
    guess(FREE - 1)
    play(started)
    guess(FREE - 1)
    assert audits() == 0


def test_another_kiosk_is_not_slowed(guess, make_kiosk, voter, actor):
    guess(FREE)
    assert identification.find_voter(make_kiosk(), voter.voter_id, actor).eligible


def test_what_was_typed_ten_minutes_ago_is_forgotten(kiosk, actor, guess, clock, voter):
    guess(FREE - 1)
    clock.shift(601)
    guess(1)
    assert audits() == 0


def test_the_kiosk_answers_429_in_words_with_the_seconds_to_wait(kiosk_client):
    fresh = numbers(500)
    for _ in range(FREE):
        assert kiosk_client.post("/poll/auth/start", json={"voter_id": next(fresh)}).status_code == 200
    answer = kiosk_client.post("/poll/auth/start", json={"voter_id": next(fresh)})
    page = kiosk_client.post("/poll/auth/start", data={"voter_id": next(fresh)})

    assert (answer.status_code, answer.json["error"]["code"]) == (429, "guessing_slowed")
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert page.status_code == 429
    assert "Too many tries at this screen." in page.text
    assert "Call the officer" in page.text
