"""Heads beside the keys: appended once, readable after a crash, and compared with the database."""

import json

import pytest

from models import SignedHead, db, transaction, use_role
from services import heads
from services.heads import witness
from tests.factories import make_open_election


@pytest.fixture
def file(app, tmp_path, monkeypatch):
    file = tmp_path / "heads.jsonl"
    monkeypatch.setattr(witness, "_file", lambda: file)
    make_open_election()
    with use_role("sealer"), transaction():
        heads.sign_due_heads()
    return file


def keep():
    with use_role("sealer"):
        return heads.keep_new_heads()


def test_each_head_is_kept_once_for_its_owner_only(file):
    made = db.session.query(SignedHead).count()
    assert made > 0
    assert [keep(), keep()] == [made, 0]
    assert len(file.read_text().splitlines()) == made
    assert file.stat().st_mode & 0o777 == 0o600


def test_half_a_line_of_a_worker_that_was_killed_is_passed_over(file):
    file.write_text('{"kind": "aud')
    made = keep()

    assert [keep(), len(file.read_text().splitlines())] == [0, made + 1]
    with use_role("sealer"):
        assert heads.compare_kept_heads() == (made, [])


def test_a_head_whose_election_is_gone_is_missing(file):
    made = keep()
    line = json.loads(file.read_text().splitlines()[-1])
    line |= {"kind": "ballots", "election": "00000000-0000-0000-0000-000000000000", "height": 7}
    with file.open("a") as lines:
        lines.write(json.dumps(line) + "\n")

    with use_role("sealer"):
        kept, problems = heads.compare_kept_heads()
    assert (kept, len(problems)) == (made + 1, 1)
    assert "ballot of election 00000000-0000-0000-0000-000000000000 7 was signed" in problems[0]
