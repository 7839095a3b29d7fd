"""The evidence pack: the same bytes whenever it is made, checked by a program that needs nothing else."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import sys
import uuid
import zipfile

import pytest

from models import Vote, db, transaction, use_role
from services import ballots
from services.evidence import evidence_pack, make_due_packs, pack_problem, verify
from services.evidence.content import manifest_signature
from services.evidence.packing import PackWriter
from services.evidence.verify import NAMES
from tests.factories import make_open_election, make_recorded_election


def run_program(folder, content: bytes, fingerprint: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the pack's own program as a stranger would, in an empty folder with nothing but Python."""
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        (folder / "verify.py").write_bytes(pack.read("verify.py"))
    (folder / "pack.zip").write_bytes(content)
    command = [sys.executable, "-I", "-S", "verify.py", "pack.zip", fingerprint, *more]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={})


def check(folder, content: bytes, fingerprint: str) -> tuple[int, str]:
    """Check a pack in this process; return the exit code and the report."""
    (folder / "pack.zip").write_bytes(content)
    lines: list[str] = []
    return verify.report(str(folder / "pack.zip"), fingerprint, "", lines.append), "\n".join(lines)


def test_a_pack_is_checked_with_pythons_standard_library_alone(made, tmp_path):
    done = run_program(tmp_path, made.content, made.fingerprint)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 ballots form one chain from the definition" in done.stdout
    assert "The closing time was extended 1 times, each signed" in done.stdout
    assert "2 signed heads of the ballots lie on this chain; the one of the closing was signed at" in done.stdout
    assert done.stdout.endswith("Nothing was changed.\n")
    assert made.pack.check.code == 0


def test_time_stamps_are_over_heads_of_the_pack_and_openssl_checks_their_signature(made, tmp_path):
    _code, words = check(tmp_path, made.content, made.fingerprint)
    assert "4 time stamps are over heads of this pack. The signature of the authority is NOT checked" in words
    assert "closing.tsr is over the head of heads.jsonl, line 3. The stamp says 20" in words
    with zipfile.ZipFile(io.BytesIO(made.content)) as pack:
        pack.extractall(tmp_path)
    (tmp_path / "AUTHORITY.pem").write_bytes(made.root)
    commands = [line.split() for line in words.splitlines() if line.strip().startswith("openssl")]
    assert len(commands) == 4
    for command in commands if shutil.which("openssl") else []:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "Verification: OK" in done.stdout, done.stderr


def test_a_time_stamp_of_another_head_is_found(made, tmp_path):
    with zipfile.ZipFile(io.BytesIO(made.content)) as pack:
        other = pack.read("opening.tsr").decode("utf-8", "surrogateescape")
    for wrong, found in (
        (other, "this time stamp is over something else than a head of this pack"),
        ("0\x03\x02\x01\x01", "this is not a time stamp"),
        ("", "this is not a time stamp"),
    ):
        code, words = check(tmp_path, repacked(made, **{"closing.tsr": lambda _text, w=wrong: w}), made.fingerprint)
        assert (code, f"CHANGED  closing.tsr: {found}" in words) == (1, True), words


def test_a_pack_without_time_stamps_is_checked_as_before(made, tmp_path):
    target = io.BytesIO()
    writer = PackWriter(target)
    with zipfile.ZipFile(io.BytesIO(made.content)) as pack:
        for name in NAMES[:-2]:
            if name not in verify.STAMPED:
                writer.add(name, [pack.read(name)])
    manifest = writer.manifest()
    writer.add("manifest.txt", [manifest.encode()])
    writer.add("manifest.sig", [manifest_signature(made.public_id, manifest)])
    writer.close()
    code, words = check(tmp_path, target.getvalue(), made.fingerprint)
    assert (code, "time stamps" in words) == (0, False), words


def test_the_program_runs_on_python_3_9():
    import ast
    from pathlib import Path

    ast.parse(Path(verify.__file__).read_text(encoding="utf-8"), feature_version=(3, 9))


def test_a_pack_made_again_has_the_same_bytes(made):
    before = made.content
    for old in made.pack.path.parent.glob("*"):
        old.unlink()
    with use_role("results"):
        again = evidence_pack(made.election_id)
    assert again.path.read_bytes() == before
    assert again.sha256 == made.pack.sha256


def test_the_worker_makes_packs_ahead(made):
    before = made.content
    for old in made.pack.path.parent.glob("*"):
        old.unlink()
    with use_role("sealer"):
        assert make_due_packs(transaction) == 1
    assert made.content == before


def test_every_zip_program_opens_a_pack(made):
    with zipfile.ZipFile(io.BytesIO(made.content)) as pack:
        assert pack.namelist() == list(NAMES)
        assert pack.testzip() is None
        assert {(entry.date_time, entry.compress_type) for entry in pack.infolist()} == {((1980, 1, 1, 0, 0, 0), 0)}


def test_any_changed_byte_is_found(made, tmp_path):
    chance, content, missed = random.Random(5), made.content, []
    for position in chance.sample(range(len(content)), 60):
        changed = bytearray(content)
        changed[position] ^= chance.randrange(1, 256)
        code, words = check(tmp_path, bytes(changed), made.fingerprint)
        if code != 1:
            missed.append((position, code, words))
    assert missed == []


@pytest.mark.parametrize("cut", [0, 1, 22, 1000])
def test_a_shorter_or_longer_file_is_found(made, tmp_path, cut):
    content = made.content[:-cut] if cut else made.content + b"\0"
    assert check(tmp_path, content, made.fingerprint)[0] == 1


def test_another_fingerprint_is_found(made, tmp_path):
    done = run_program(tmp_path, made.content, "0" * 64)
    assert done.returncode == 1
    assert "key.txt: it does not have the fingerprint that you gave" in done.stdout


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 5000])
def test_what_is_no_pack_cannot_be_read(made, tmp_path, content):
    assert check(tmp_path, content, made.fingerprint)[0] == 2


@pytest.mark.parametrize("words", [[], ["pack.zip"], ["pack.zip", "abc"], ["pack.zip", "0" * 64, "more"]])
def test_a_command_that_is_not_understood_says_how_to_call_it(words, capsys):
    assert verify.main(words) == 2
    assert "verify.py PACK.zip FINGERPRINT" in capsys.readouterr().out


def test_a_pack_holds_nothing_of_the_voters(made):
    content = made.content
    for vote in db.session.query(Vote).filter_by(election_id=made.election_id):
        assert vote.audit_ref.encode() not in content
        assert vote.cast_at.strftime("%H:%M:%S.%f").encode() not in content
        assert vote.idempotency_hash.hex().encode() not in content


def test_receipts_stand_in_the_order_of_the_codes(made):
    with zipfile.ZipFile(io.BytesIO(made.content)) as pack:
        listed = pack.read("receipts.txt").decode().split()
    assert listed == sorted(code.replace(" ", "") for code in made.receipts)


def test_a_pack_waits_for_the_count_and_is_of_secret_elections_only(made):
    assert "closed and counted" in pack_problem(make_open_election())
    assert "recorded with the names" in pack_problem(make_recorded_election())


def test_a_signed_receipt_is_checked_beside_the_pack(made, tmp_path):
    counted = ballots.signed_receipt(made.public_id, made.receipts[0].replace(" ", ""))
    missing = ballots.signed_receipt(made.public_id, "A" * 26)
    found = run_program(tmp_path, made.content, made.fingerprint, "--receipt", counted)
    assert (found.returncode, "its ballot is in the count" in found.stdout) == (0, True), found.stdout
    lost = run_program(tmp_path, made.content, made.fingerprint, "--receipt", missing)
    assert (lost.returncode, "this proves that a ballot is missing" in lost.stdout) == (1, True), lost.stdout
    other = ballots.signed_receipt(uuid.uuid4(), "A" * 26)
    assert run_program(tmp_path, made.content, made.fingerprint, "--receipt", other).returncode == 1
    assert run_program(tmp_path, made.content, made.fingerprint, "--receipt", "nothing").returncode == 2


def repacked(made, sign: bool = True, **changes) -> bytes:
    """Return the pack with files changed by functions of their text, and all checksums set right.

    Signed anew, it is what an owner of the key could do; else the manifest and its signature stay as they were.
    """
    with zipfile.ZipFile(io.BytesIO(made.content)) as pack:
        files = {name: pack.read(name).decode("utf-8", "surrogateescape") for name in NAMES[:-2]}
        old = pack.read("manifest.txt"), pack.read("manifest.sig")
    for name, change in changes.items():
        full = next(file for file in NAMES if file.startswith(name))
        files[full] = change(files[full])
    target = io.BytesIO()
    writer = PackWriter(target)
    for name, words in files.items():
        writer.add(name, [words.encode("utf-8", "surrogateescape")])
    manifest = writer.manifest()
    new = manifest.encode(), manifest_signature(made.public_id, manifest)
    for name, content in zip(NAMES[-2:], new if sign else old, strict=True):
        writer.add(name, [content])
    writer.close()
    return target.getvalue()


def _swapped(lines: str) -> str:
    first, second, *rest = lines.splitlines(keepends=True)
    return "".join([second, first, *rest])


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"ballots": lambda text: text[text.index("\n") + 1 :]}, "ballots.jsonl, line 1: this ballot does not follow"),
        ({"ballots": lambda text: text[: text.rindex("\n", 0, -1) + 1]}, "8 receipts for 7 ballots"),
        ({"ballots": _swapped}, "ballots.jsonl, line 1: this ballot does not follow"),
        ({"ballots": lambda text: text.replace("true", "false", 1)}, "was changed: it has another hash"),
        ({"receipts": _swapped}, "receipts.txt, line 2: this is no receipt, it is here twice, or it is not in order"),
        ({"receipts": lambda text: text[:27] + text}, "receipts.txt, line 2"),
        ({"receipts": lambda text: text[27:]}, "7 receipts for 8 ballots"),
        ({"result": lambda text: text.replace('"nota":2', '"nota":3')}, "nota is 3, counted is 2"),
        ({"result": lambda text: text.replace('"spoiled":0', '"spoiled":1')}, "the votes are not the ballots"),
        ({"result": lambda text: text.replace('"lots":null', '"lots":[0]')}, "lots were drawn, but there is no tie"),
        ({"result": lambda text: text.replace(" is elected", " are elected")}, "verdict is"),
        ({"definition.json": lambda text: text.replace("Council", "Counsel")}, "definition.sig: this was not signed"),
        ({"extensions": lambda text: text.replace("A long", "No")}, "extensions.jsonl, line 1: this was not signed"),
        ({"heads": lambda text: text.replace('"closing":true', '"closing":false', 1)}, "heads.jsonl, line 3: this was"),
        ({"extensions": lambda text: text + text}, "extensions.jsonl, line 2: this extension does not follow"),
    ],
)
def test_a_change_by_somebody_who_owns_the_key_is_found_by_what_the_files_say(made, tmp_path, changes, found):
    code, words = check(tmp_path, repacked(made, **changes), made.fingerprint)
    assert code == 1, words
    assert found in words


def test_packing_again_without_a_change_gives_the_same_pack(made):
    assert repacked(made) == made.content


@pytest.mark.parametrize("name", NAMES[:-2])
def test_a_file_that_was_swapped_with_all_checksums_set_right_is_found(made, tmp_path, name):
    content = repacked(made, sign=False, **{name: lambda text: text + "\n"})
    code, words = check(tmp_path, content, made.fingerprint)
    assert code == 1, words
    assert f"CHANGED  {name}: " in words
