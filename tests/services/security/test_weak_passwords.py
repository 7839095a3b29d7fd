"""Passwords that are easy to guess, and the bound on what judging one costs."""

from __future__ import annotations

import time

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from services import accounts
from services.errors import ValidationFailed
from services.security import passwords
from services.security.weak_passwords import Weakness, find_weakness

ROSA = ("Rosa Demir", "rosa.demir@coop-west.example", "20481730")
MOST_SECONDS = 2.0
"""Ten times what the slowest of these takes here, and a half of what one of them took without the bounds."""


def test_none_of_the_commonest_passwords_that_are_long_enough_is_taken():
    common = [one for one in FREQUENCY_LISTS["passwords"] if len(one) >= passwords.MIN_LENGTH]
    assert len(common) > 1000
    assert [one for one in common if find_weakness(one) is not Weakness.COMMON and "admin" not in one] == []
    assert [one for one in common if find_weakness(one) is None] == []


@pytest.mark.parametrize(
    "password",
    ["Password123!", "qwertyuiop[]", "1q2w3e4r5t6y", "aaaaaaaaaaaaaaaa", "!@#$%^&*()1234567890", "abcabcabcabc",
     "12.03.1987", "administrator"],
)  # fmt: skip
def test_what_everybody_tries_first_is_common(password):
    assert find_weakness(password) is not None


@pytest.mark.parametrize(
    "password",
    ["rosa.demir.1984", "Smart-Voting-Admin", "smart voting 2026", "rosa likes smart voting", "DEMIR coop-west 1",
     "20481730 rosa"],
)  # fmt: skip
def test_a_password_made_of_what_is_known_of_the_person_and_the_system_is_refused(password):
    assert find_weakness(password, ROSA) is Weakness.CONTEXT


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "otter kettle Thursday", "kT9$w!2x(Qe7+Zr@", "48170392756120938475",
     "Rosa's purple giraffe swims", "  ten letters and more  ", "Über siebzehn Brücken gehen", "🗳 urne ist voll genug"],
)  # fmt: skip
def test_words_that_do_not_belong_together_and_drawn_characters_are_taken(password):
    assert find_weakness(password, ROSA) is None


def test_short_names_and_absent_ones_take_nothing_away():
    assert find_weakness("orange bicycle wintergarden", ("Li Or", None, "")) is None


@pytest.mark.parametrize(
    "password",
    ["9+7|$80|76+20|9++753949421+|377813++9+4721628" * 20, "p4$$w0rd1!|7%@8(6<[{9&" * 40, "4@" * 500, "a" * 1000,
     "abaab" * 200, "1/1/91 " * 140, "correct horse battery " * 45],
    ids=["signs and digits", "all signs", "two readings", "one letter", "repeats", "dates", "words"],
)  # fmt: skip
def test_no_password_costs_more_than_a_moment_to_judge(password):
    began = time.process_time()
    find_weakness(password, ROSA)
    assert time.process_time() - began < MOST_SECONDS


def test_the_refusal_says_what_to_do_and_repeats_no_password():
    for password, about, words in (
        ("iloveyou1234", (), "one of those that people use most"),
        ("rosa.demir.1984", ROSA, "your name, your address"),
    ):
        with pytest.raises(ValidationFailed) as refused:
            accounts.check_password(password, *about)
        said = refused.value.fields["password"]
        assert words in said
        assert "Take three or more words that do not belong together." in said
        assert password not in said + str(refused.value)
