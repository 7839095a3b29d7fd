"""`flask privacy`, as an operator types it: a copy is whole and holds nobody else; an erasure leaves no trace."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from models import AuditLog, AuthEvent, AuthResult, FaceMean, RollEntry, Vote, Voter, VoterFace, db, use_role
from services import elections, verification
from services.actor import SYSTEM
from services.ballots import Choice
from services.clock import utc_now
from services.context import platform
from tests import factories
from tests.services.identification import acting
from tests.support.pictures import face
from tests.support.voting import cast_by, make_kiosk, seal_all, voters_of

YEAR = timedelta(days=366)


@pytest.fixture
def voter(open_election):
    """An enrolled voter of an open election, recognised once and once not."""
    found = voters_of(open_election)[0]
    found.email = "amal@example.org"
    acting.enrol(found)
    for result in (AuthResult.SUCCESS, AuthResult.MISMATCH):
        path = platform().storage.save_private("fraud_attempts", face(person=8))
        db.session.add(
            AuthEvent(election_id=open_election.id, voter_id=found.id, voter_id_input=found.voter_id, result=result,
                      snapshot_path=path, ip_address="192.0.2.7")
        )  # fmt: skip
    db.session.commit()
    return found


def run(app, *arguments, **more):
    return app.test_cli_runner().invoke(args=["privacy", *(str(one) for one in arguments)], **more)


def test_a_copy_has_all_of_the_voter_and_no_picture_of_somebody_else(app, voter, tmp_path):
    target, number = tmp_path / "copy.zip", voter.voter_id
    done = run(app, "export", f"{number[:4]} {number[4:]}", target)
    assert done.exit_code == 0, done.output
    assert target.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(io.BytesIO(target.read_bytes())) as archive:
        content = json.loads(archive.read("data.json"))
        pictures = [name for name in archive.namelist() if name.startswith("pictures/")]
    assert content["voters"][0]["email"] == "amal@example.org"
    assert [row["ip_address"] for row in content["auth_events"]] == ["192.0.2.7"] * 2
    assert [len(one["encoding"]) for one in content["faces"]] == [128] * 3
    assert len([name for name in pictures if "voter_faces" in name]) == 3
    assert len([name for name in pictures if "auth_events" in name]) == 1
    assert "not the voter's face" in content["not_in_this_copy"]["pictures"][0]
    assert "exists already" in run(app, "export", number, target).output
    assert "There is no voter" in run(app, "export", "11111111", tmp_path / "x.zip").output
    rows = select(AuditLog.details).where(AuditLog.event_type == "operator:voter:data_exported")
    assert db.session.scalars(rows).first()["voter_number"] == number


def test_an_erasure_is_refused_while_an_election_needs_the_voter_and_says_why(app, open_election, monkeypatch):
    voter = voters_of(open_election)[0]
    acting.enrol(voter)
    db.session.commit()
    mine, number, election = voter.id, voter.voter_id, open_election.id
    asked = ("erase", number, "--yes", "--reason", "Asked by letter")
    assert "is open and this voter is on its roll" in run(app, *asked).output
    elections.close_election(elections.get_election(election), SYSTEM)
    db.session.commit()
    said = run(app, *asked)
    assert said.exit_code == 1
    assert "can still be contested" in said.output
    assert db.session.scalars(select(VoterFace)).all()
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, roll_keep_days=0))
    db.session.add(AuthEvent(voter_id=mine, voter_id_input=number, result=AuthResult.UNKNOWN, review="pending"))
    db.session.commit()
    assert "waits for a review" in run(app, *asked).output


def test_a_voter_of_no_roll_leaves_no_row(app):
    voter = factories.VoterFactory()
    done = run(app, "erase", voter.voter_id, "--yes", "--reason", "Asked by letter")
    assert done.exit_code == 0, done.output
    assert db.session.scalars(select(Voter)).all() == []


@pytest.mark.commits
def test_an_erased_voter_is_gone_from_storage_and_rows_and_the_count_still_holds(committing_app):
    election = factories.make_open_election(voters=2)
    number, voters = election.id, voters_of(election)
    mine = voters[0]
    name, typed, identity, other_id = mine.name, mine.voter_id, mine.id, voters[1].id
    acting.enrol(mine)
    make_kiosk(election)
    for one in voters:
        cast_by(one, election, Choice((election.candidates[0].id,)))
    elections.close_election(elections.get_election(number), SYSTEM)
    db.session.commit()
    assert seal_all() == 2
    paths = list(db.session.scalars(select(VoterFace.image_snapshot_path)))
    db.session.remove()
    with time_machine.travel(utc_now() + YEAR, tick=False):
        done = run(committing_app, "erase", typed, "--yes", "--reason", "Asked by letter")
    assert done.exit_code == 0, done.output
    assert "1 votes, without a name" in done.output
    assert len(paths) == 3
    assert not [path for path in paths if platform().storage.find(path)]
    assert db.session.scalars(select(VoterFace)).all() == db.session.scalars(select(FaceMean)).all() == []
    left = db.session.get(Voter, identity)
    assert (left.name, left.email, left.dob, left.phone) == ("Erased voter", None, None, None)
    assert typed != left.voter_id
    assert name not in [one.name for one in db.session.scalars(select(Voter))]
    assert db.session.get(Voter, other_id).voter_id
    assert len(db.session.scalars(select(RollEntry)).all()) == len(db.session.scalars(select(Vote)).all()) == 2
    with use_role("sealer"):
        assert [str(one) for one in verification.verify_all().findings if "not chained" not in str(one)] == []
