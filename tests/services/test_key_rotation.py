"""Another signing key while an election is open: votes, sealings, heads, receipts and the pack go on."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from nacl.signing import SigningKey

from models import AuditLog, ResultsPolicy, db, transaction, use_role
from services import ballots, elections, hashing, heads, key_rotation, verification
from services.actor import OPERATOR, SYSTEM
from services.ballots import Choice
from services.context import platform
from services.evidence import evidence_pack, verify
from services.evidence.packing import PackWriter
from services.security import Keyring
from tests.factories import make_open_election
from tests.support import cases
from tests.support.voting import cast_by, seal_all, voters_of

BATCH, BEFORE = 50, 101


class Rotated(NamedTuple):
    """The election, both fingerprints, a receipt and the pack; `kept` is the old key as a thief has it."""

    number: int
    prints: list[str]
    receipt: str
    pack: Path
    kept: SigningKey


def sign_heads():
    with use_role("sealer"), transaction():
        heads.sign_due_heads()


@pytest.fixture(scope="module")
def rotated(shared_app, tmp_path_factory):
    """Rotate the key between two batches of a live count."""
    with cases.made_once(shared_app), pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            platform(),
            "keyring",
            Keyring(shutil.copytree(platform().keyring.folder, tmp_path_factory.mktemp("rotated") / "keys")),
        )
        election = make_open_election(
            candidates=2, voters=BEFORE + 1, results_policy=ResultsPolicy.LIVE, live_batch=BATCH
        )
        first, second = (candidate.id for candidate in election.candidates)
        number, prints = election.id, [platform().keyring.fingerprints()["signing"]]
        codes = [cast_by(voter, election, Choice((first,))).receipt for voter in voters_of(election)[:BEFORE]]
        receipt = ballots.signed_receipt(election.public_id, codes[0].replace(" ", ""))
        kept = SigningKey(bytes(platform().keyring.signing_key))
        db.session.commit()
        assert seal_all() == BATCH
        sign_heads()
        with transaction():
            key_rotation.rotate_signing_key(OPERATOR)
        prints.append(platform().keyring.fingerprints()["signing"])
        election = elections.get_election(number)
        cast_by(voters_of(election)[BEFORE], election, Choice((second,)))
        elections.close_election(election, SYSTEM)
        db.session.commit()
        seal_all()
        sign_heads()
        with use_role("results"):
            pack = evidence_pack(number)
        yield Rotated(number, prints, receipt, pack.path, kept)


def run(pack, *arguments):
    command = [sys.executable, "-I", "-S", verify.__file__, str(pack), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_everything_is_as_it_was_signed_by_the_two_keys(rotated):
    number, prints, *_rest = rotated
    with use_role("sealer"):
        report = verification.verify_all()
        signers = {head.key_fingerprint for head in heads.heads_of(elections.get_election(number))}
    assert report.ok, report.lines()
    assert signers == set(prints)


@pytest.mark.parametrize("which", [0, 1])
def test_the_pack_is_checked_with_either_fingerprint(rotated, which):
    _number, prints, _receipt, pack, _kept = rotated
    done = run(pack, prints[which])
    assert done.returncode == 0, done.stdout
    assert f"Keys were handed over once, signed by both each time; the newest one has the fingerprint {prints[1]}" in (
        done.stdout
    )


def test_a_stranger_s_fingerprint_is_found(rotated):
    done = run(rotated.pack, "0" * 64)
    assert (done.returncode, "key.txt: it does not have the fingerprint" in done.stdout) == (1, True)


def test_a_receipt_of_the_old_key_still_counts_as_proof(rotated):
    number, prints, receipt, pack, _kept = rotated
    election = elections.get_election(number)
    assert ballots.signed_receipt(election.public_id, receipt.split(":")[2]) != receipt
    assert ballots.check_signed_receipt(election, receipt).genuine
    done = run(pack, prints[1], "--receipt", receipt)
    assert done.returncode == 0, done.stdout


def test_a_sealing_by_a_key_that_had_been_replaced_is_found(rotated, monkeypatch):
    number = rotated.number
    keys = platform().keyring.signing_keys
    monkeypatch.setattr(type(keys), "signer", lambda self, message, signature: next(places))
    places = iter([1, 0])
    with use_role("sealer"):
        election = elections.get_election(number)
        seals = ballots.signed_seals.signed_seals_of(election)
        assert "a key that had been replaced" in (ballots.signed_seals.problem_of(election, seals) or "")


def test_who_kept_the_old_key_cannot_sign_another_pack(rotated, tmp_path):
    with zipfile.ZipFile(rotated.pack) as whole:
        files = {name: whole.read(name) for name in whole.namelist()[:-2]}
    files["README.txt"] += b"Another word.\n"
    forged = io.BytesIO()
    writer = PackWriter(forged)
    for name, words in files.items():
        writer.add(name, [words])
    manifest, election = writer.manifest(), str(elections.get_election(rotated.number).public_id)
    digest = hashing.sha256(hashing.text("evidence/1"), hashing.text(election), hashing.text(manifest))
    signature = rotated.kept.sign(b"smart-voting/evidence/1\0" + digest).signature
    writer.add("manifest.txt", [manifest.encode()])
    writer.add("manifest.sig", [signature.hex().encode() + b"\n"])
    writer.close()
    (tmp_path / "forged.zip").write_bytes(forged.getvalue())
    for fingerprint in rotated.prints:
        done = run(tmp_path / "forged.zip", fingerprint)
        assert (done.returncode, "it was signed with a key that had been replaced" in done.stdout) == (1, True)


def test_the_audit_log_names_the_new_key(rotated):
    row = db.session.query(AuditLog).filter_by(event_type="operator:signing_key:rotated").one()
    assert row.details == {"fingerprint": rotated.prints[1]}
