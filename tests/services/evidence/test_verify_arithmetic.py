"""The arithmetic of verify.py, which shares no line with the application, against the application's own."""

from __future__ import annotations

import itertools
import uuid

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from models import NotaRule
from services import hashing
from services.evidence import verify
from services.result_words import verdict_title
from services.verdict import NOTA_LOT, LotsMissing, Verdict, decide, elected_by_lot, lots_needed
from tests.support.results import make_result

SEED = SigningKey(bytes(range(32)))
KEY, MESSAGE = bytes(SEED.verify_key), b"message"
SIGNATURE = SEED.sign(MESSAGE).signature
SMALL_ORDER = [
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
]
"""Points whose order divides 8: with such a key one signature fits every message."""


def libsodium(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(key).verify(message, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def test_a_signature_of_rfc_8032_is_accepted():
    key = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verify.signed(key, b"\x72", signature)
    assert not verify.signed(key, b"\x73", signature)


def test_signatures_of_libsodium_are_accepted_and_changed_ones_are_not():
    for number in range(12):
        signer, message = SigningKey(bytes([number]) * 32), bytes(range(number * 9))
        signature = signer.sign(message).signature
        assert verify.signed(bytes(signer.verify_key), message, signature)
        changed = bytearray(signature)
        changed[number * 5] ^= 1 << number % 8
        assert not verify.signed(bytes(signer.verify_key), message, bytes(changed))


def test_a_second_spelling_of_a_signature_is_refused():
    larger = int.from_bytes(SIGNATURE[32:], "little") + verify.L
    twin = SIGNATURE[:32] + larger.to_bytes(32, "little")
    assert not libsodium(KEY, MESSAGE, twin)
    assert not verify.signed(KEY, MESSAGE, twin)


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_keys_and_signatures_of_small_order_are_refused(point):
    for signature in (point + bytes(32), SIGNATURE):
        assert verify.signed(point, MESSAGE, signature) is libsodium(point, MESSAGE, signature) is False
    assert verify.signed(KEY, MESSAGE, point + SIGNATURE[32:]) is False


@pytest.mark.parametrize(
    "key", [verify.P.to_bytes(32, "little"), (verify.P + 1).to_bytes(32, "little"), b"", bytes(31)]
)
def test_a_key_that_is_not_spelt_as_a_point_is_refused(key):
    assert not verify.signed(key, MESSAGE, SIGNATURE)


def test_hashes_are_those_of_the_application():
    value = {"z": [1, True, None, {"ü": "x"}], "a": "“", "nota": False, "number": 1.5}
    assert verify.json_field(value) == hashing.json_value(value)
    election, before = str(uuid.uuid4()), bytes(range(32))
    ours = hashing.ballot_hash(election, 7, before, {"candidates": [2], "nota": False})
    assert verify.ballot_hash(election, 7, before, {"candidates": [2], "nota": False}) == ours


@pytest.mark.parametrize("rule", [None, *NotaRule])
def test_verdicts_are_those_of_the_application(rule):
    for counts in itertools.product(range(4), repeat=4):
        nota, votes = counts[0], dict(enumerate(counts[1:], start=1))
        for seats in (1, 2, 3):
            ours = decide(votes, nota, seats, rule)
            theirs = verify.decide(votes, nota, seats, rule is NotaRule.ADVISORY)
            assert (theirs.outcome, tuple(theirs.first), tuple(theirs.tied)) == (
                ours.outcome.value, ours.first, ours.tied
            )  # fmt: skip
            assert_same_lots(votes, ours, theirs, seats)


def assert_same_lots(votes: dict[int, int], ours: Verdict, theirs: verify.Verdict, seats: int) -> None:
    for lots in itertools.permutations(lots_needed(votes, ours, seats)):
        for drawn in (lots[:1], lots):
            try:
                expected = list(elected_by_lot(votes, ours, seats, drawn))
            except LotsMissing:
                expected = None
            assert verify.by_lot(votes, theirs, seats, list(drawn)) == expected, (votes, drawn)


def test_none_of_the_above_is_the_same_lot():
    assert verify.NOTA == NOTA_LOT


@pytest.mark.parametrize(
    ("winners", "tie", "resolved"),
    [
        (["A"], [], False),
        (["A", "B"], [], False),
        (["A", "B", "C"], [], False),
        ([], [], False),
        ([], ["A", "B"], False),
        (["A"], ["B", "C"], False),
        (["A"], ["A", "B"], True),
        (["A", "B"], ["B", "C"], True),
        ([], ["A", "None of the above"], True),
    ],
)
def test_the_verdict_is_said_as_on_the_result_page(app, winners, tie, resolved):
    from services.rounds import listed

    said = make_result(
        winners=winners, winner=listed(winners) or None, tie=tie, resolution=object() if resolved else None
    )
    outcome = verify.Verdict("tie" if tie else "elected", winners, tie)
    assert verify.sentence(winners, outcome, resolved) == verdict_title(said)
