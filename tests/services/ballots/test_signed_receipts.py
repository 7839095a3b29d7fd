"""A signed receipt: the same for a retry, stored nowhere, readable from its QR code, checked by verify.py."""

from __future__ import annotations

import io

import cv2
import numpy as np
import segno
from sqlalchemy import text

from models import db, use_role
from services import ballots
from services.ballots import Choice
from services.ballots.signed_receipts import receipt_qr
from services.context import platform
from services.evidence import verify
from tests.factories import make_open_election, make_recorded_election
from tests.support.voting import KIOSK, cast_by, make_pass, new_key, voters_of


def test_a_retry_gets_the_same_signed_receipt_also_with_another_choice(app):
    election, key = make_open_election(), new_key()
    voter = voters_of(election)[0]
    first = cast_by(voter, election, Choice(nota=True), key)
    again = ballots.cast_with_pass(make_pass(election, voter), Choice((election.candidates[0].id,)), key, KIOSK)
    assert again.kind == "repeated"
    assert again.signed_receipt == first.signed_receipt
    assert first.receipt.replace(" ", "") in first.signed_receipt


def test_a_recorded_vote_has_no_signed_receipt(app):
    election = make_recorded_election()
    assert cast_by(voters_of(election)[0], election, Choice(nota=True)).signed_receipt is None


def test_no_table_holds_a_receipt_or_its_signature_before_the_count(app):
    election = make_open_election()
    signed = cast_by(voters_of(election)[0], election, Choice(nota=True)).signed_receipt
    _mark, _election, code, signature = signed.split(":")
    with use_role("owner"):
        for table in db.metadata.tables:
            rows = "\n".join(db.session.scalars(text(f"SELECT t::text FROM {table} t")))
            assert code not in rows, table
            assert signature not in rows, table


def test_the_program_of_the_pack_reads_and_checks_a_signed_receipt(app):
    election = make_open_election()
    signed = cast_by(voters_of(election)[0], election, Choice(nota=True)).signed_receipt
    named, code, signature = verify.read_receipt(f" {signed[:60]}\n{signed[60:].lower()} ")
    key = bytes(platform().keyring.verify_key)
    assert named == str(election.public_id)
    assert verify.signed(key, verify.receipt_message(named, code), signature)
    assert not verify.signed(key, verify.receipt_message(named, code[::-1]), signature)


def test_the_qr_code_reads_as_the_signed_receipt(app):
    signed = ballots.signed_receipt(make_open_election().public_id, "REZJLHZVN2HA3CEM6DD6QZRVLY")
    picture = io.BytesIO()
    segno.make(signed, error="m", mode="alphanumeric", micro=False).save(picture, kind="png", scale=6, border=4)
    pixels = cv2.imdecode(np.frombuffer(picture.getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert cv2.QRCodeDetector().detectAndDecode(pixels)[0] == signed
    assert receipt_qr(signed).startswith("<svg")
