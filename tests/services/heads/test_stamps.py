"""What makes a time stamp one that is stored: granted, over this head, to this question, by somebody who is trusted."""

import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from models import StampFailure
from services.heads.authority import AuthorityError
from services.heads.stamps import read_stamp
from tests.support.timestamping import Issuer, Question, certify, integer, sequence

CONTENT = b"the fields of a head"
HASH = hashlib.sha256(CONTENT).digest()
ROOT = certify("Root", authority=True)
BETWEEN = certify("Between", ROOT, authority=True)
CLOCK = certify("Clock of Larkmoor", BETWEEN)


@pytest.fixture
def question():
    return TimestampRequestBuilder().data(CONTENT).hash_algorithm(HashAlgorithm.SHA256).build()


def read(answer, question, root=ROOT):
    return read_stamp(answer, HASH, (root.certificate,), question)


def failure(answer, question):
    with pytest.raises(AuthorityError) as refusal:
        read(answer, question)
    return refusal.value.failure


def asked(question, **other):
    return Question(**{"imprint": HASH, "nonce": question.nonce, **other})


def test_a_stamp_says_when_and_by_whom_whatever_the_order_of_its_certificates(question):
    at = datetime(2026, 11, 28, 5, 0, 1, tzinfo=UTC)
    for chain in ((BETWEEN,), (BETWEEN, ROOT), (ROOT, BETWEEN)):
        stamp = read(Issuer(CLOCK, chain).answer(asked(question), at), question)
        assert (stamp.at, stamp.by) == (at, "Clock of Larkmoor")


def test_a_stamp_of_another_hash_or_to_another_question_is_of_something_else(question):
    issuer = Issuer(CLOCK, (BETWEEN,))
    assert failure(issuer.answer(asked(question, imprint=bytes(32))), question) is StampFailure.OTHER
    assert failure(issuer.answer(asked(question, nonce=question.nonce + 1)), question) is StampFailure.OTHER


OTHER_ROOT = certify("Root", authority=True)
SAME_PLACE = certify("Clock of Larkmoor", OTHER_ROOT, serial=CLOCK.certificate.serial_number)
UNTRUSTED = {
    "an authority that nobody trusts": Issuer(certify("Clock", OTHER_ROOT)),
    "an authority that brings its own root along": Issuer(certify("Clock", OTHER_ROOT), (OTHER_ROOT,)),
    "a certificate that signed itself": Issuer(certify("Clock")),
    "a chain with a hole": Issuer(CLOCK),
    "a certificate that had expired": Issuer(certify("Clock", ROOT, days=(-90, -1))),
    "a certificate that is not valid yet": Issuer(certify("Clock", ROOT, days=(1, 90))),
    "a certificate for something else": Issuer(certify("Clock", ROOT, usage=ExtendedKeyUsageOID.CODE_SIGNING)),
    "a certificate signed by one that may not": Issuer(certify("Clock", CLOCK), (CLOCK, BETWEEN)),
    "two certificates that could both be the signer's": Issuer(CLOCK, (BETWEEN, CLOCK, certify(
        "Twin", BETWEEN, serial=CLOCK.certificate.serial_number))),
    "another certificate of the same name and number": Issuer(SAME_PLACE, (OTHER_ROOT,)),
}  # fmt: skip


@pytest.mark.parametrize("who", UNTRUSTED)
def test_a_stamp_is_not_trusted_from(question, who):
    assert failure(UNTRUSTED[who].answer(asked(question)), question) is StampFailure.UNTRUSTED


def test_a_stamp_whose_signed_part_was_changed_is_not_trusted(question):
    answer = Issuer(CLOCK, (BETWEEN,)).answer(asked(question), datetime(2026, 11, 28, 5, tzinfo=UTC))
    assert failure(answer.replace(b"20261128050000Z", b"20261128040000Z"), question) is StampFailure.UNTRUSTED


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"\x30\x80", b"\x30\x03\x02\x01", bytes(5000), b"\x30\x85" + b"\xff" * 9]
)
def test_what_is_no_stamp_cannot_be_read(question, answer):
    assert failure(answer, question) is StampFailure.UNREADABLE


def test_a_refusal_of_the_authority_is_one(question):
    assert failure(sequence(sequence(integer(2))), question) is StampFailure.REFUSED
