"""Passwords and tokens."""

from __future__ import annotations

import bcrypt
import pytest

from services.security import hash_password, hash_token, new_token, passwords, verify_password


@pytest.mark.usefixtures("full_password_cost")
def test_a_password_is_kept_as_bcrypt_of_cost_twelve_over_a_hash():
    stored = hash_password("correct horse")
    assert stored.startswith("sha256+$2b$12$")
    assert verify_password("correct horse", stored) == (True, False)
    assert verify_password("correct horsf", stored) == (False, False)


def test_nothing_after_72_bytes_is_cut_off():
    stored = hash_password("x" * 72 + "a", cost=4)
    assert verify_password("x" * 72 + "a", stored) == (True, False)
    assert verify_password("x" * 72 + "b", stored) == (False, False)


@pytest.mark.parametrize("password", ["", " ", "a\x00b", "pässwörd", "🗳" * 100, "x" * 100_000])
def test_every_password_fits(password):
    stored = hash_password(password, cost=4)
    assert verify_password(password, stored)[0] is True
    assert verify_password(password + "x", stored)[0] is False


@pytest.mark.parametrize("prefix", [b"2b", b"2a"])
def test_a_plain_bcrypt_hash_is_accepted_and_wants_to_be_made_again(prefix):
    stored = bcrypt.hashpw(b"from the settings", bcrypt.gensalt(4, prefix=prefix)).decode()
    assert verify_password("from the settings", stored) == (True, True)
    assert verify_password("something else", stored) == (False, False)


@pytest.mark.parametrize(
    "stored", ["", "plain text", "sha256+", "$2b$12$short", "sha256+$2b$99$" + "a" * 53, "md5:abc"]
)
def test_what_is_no_hash_matches_nothing(stored):
    assert verify_password(stored, stored) == (False, False)


@pytest.mark.usefixtures("full_password_cost")
def test_an_unknown_name_costs_one_check_of_the_same_cost(monkeypatch):
    checked = []
    check = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda secret, stored: checked.append(stored) or check(secret, stored))
    passwords.waste_time("whatever")
    assert [stored[:7] for stored in checked] == [b"$2b$12$"]


def test_two_hashes_of_one_password_differ():
    assert hash_password("correct horse", cost=4) != hash_password("correct horse", cost=4)


def test_tokens_are_256_random_bits_and_stored_as_their_hash():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 43 for token in tokens)
    assert len(hash_token("x")) == 32
    assert hash_token("x") != hash_token("y")
