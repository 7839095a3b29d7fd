"""The operator's commands."""

from __future__ import annotations

import json

import nacl.pwhash
import pytest
from sqlalchemy import select

from blueprints.cli import commands
from models import Election, ElectionStatus, LoginFailure, StaffRole, StaffUser, db
from services import accounts, box_keys, elections, sealed_file
from services.actor import SYSTEM, Actor
from services.ballots import Choice
from services.context import platform
from services.security import verify_password
from tests import factories
from tests.support import voting

PASSWORD = "ten letters and more"
PASSPHRASE = "  four words by dice "


@pytest.fixture
def run(app):
    runner = app.test_cli_runner()

    def invoke(*arguments, typed=None):
        result = runner.invoke(args=list(arguments), input=typed)
        assert "Traceback" not in result.output
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(sealed_file, "OPSLIMIT", nacl.pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(sealed_file, "MEMLIMIT", nacl.pwhash.argon2id.MEMLIMIT_MIN)


def test_every_command_of_the_order_is_there(app):
    names = {command.name for command in commands.ALL}
    assert names >= {"seed", "worker", "db-stop", "create-admin", "hash-password", "unlock", "check"}
    assert names <= set(app.cli.commands)


def test_every_command_explains_itself(run):
    for command in commands.ALL:
        result = run(command.name, "--help")
        assert result.exit_code == 0
        assert command.help


def test_seed_shows_passwords_once(run):
    first, second = run("seed"), run("seed")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "Polling System:      officer" in first.output
    assert "Voter ID: 2048 1730" in first.output
    assert "officer" not in second.output
    assert len(db.session.scalars(select(Election)).all()) == 2


@pytest.mark.parametrize("role", list(StaffRole))
def test_create_admin_makes_a_person_who_can_sign_in(role, run):
    result = run("create-admin", "vera", "--role", role.value, "--email", "v@example.org", typed=f"{PASSWORD}\n" * 2)
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    user = db.session.scalars(select(StaffUser)).one()
    assert (user.username, user.role, user.email) == ("vera", role, "v@example.org")
    assert verify_password(PASSWORD, user.password_hash)[0]


@pytest.mark.parametrize(
    ("arguments", "typed", "words"),
    [(["vera"], "short\nshort\n", "10 characters or more"),
     (["vera"], "iloveyou1234\n" * 2, "easy to guess"),
     (["vera.kowalski"], "Vera Kowalski 1\n" * 2, "your name, your address"),
     (["taken"], f"{PASSWORD}\n{PASSWORD}\n", "There is a staff member"),
     (["vera", "--role", "king"], f"{PASSWORD}\n{PASSWORD}\n", "Invalid value"),
     (["vera"], f"{PASSWORD}\nother\n", "match")],
    ids=["short", "common", "name", "taken", "role", "typed twice"],
)  # fmt: skip
def test_create_admin_refuses_in_one_sentence(arguments, typed, words, run):
    factories.StaffUserFactory(username="taken")
    result = run("create-admin", *arguments, typed=typed)
    assert result.exit_code != 0
    assert words in result.output
    assert db.session.scalars(select(StaffUser.username)).all() == ["taken"]


def test_hash_password_prints_a_hash_for_the_settings(run):
    result = run("hash-password", typed=f"{PASSWORD}\n" * 2)
    printed = result.output.strip().splitlines()[-1]
    assert verify_password(PASSWORD, printed) == (True, False)
    assert PASSWORD not in result.output


def test_hash_password_refuses_a_password_that_is_easy_to_guess(run):
    result = run("hash-password", typed="iloveyou1234\n" * 2)
    assert result.exit_code == 1
    assert "easy to guess" in result.output
    assert "sha256+" not in result.output


def test_unlock_lets_a_locked_person_in_again(run):
    user = factories.StaffUserFactory(username="vera")
    here = Actor(role="anonymous", ip="198.51.100.1")
    for _ in range(5):
        accounts.authenticate("vera", "wrong", here)
    db.session.commit()
    result = run("unlock", "vera")
    assert (result.exit_code, result.output) == (0, "5 failed sign-ins of vera are forgotten.\n")
    assert db.session.scalars(select(LoginFailure)).all() == []
    assert accounts.authenticate("vera", factories.PASSWORD, here).user == user


def test_unlock_of_nobody_is_one_sentence(run):
    result = run("unlock", "nobody")
    assert (result.exit_code, result.output) == (1, "Error: There is no staff member called nobody.\n")


def test_check_says_what_it_finds_and_exits_by_it(run, monkeypatch):
    from services import health

    result = run("check")
    assert result.exit_code == 0
    assert "warning" in result.output
    monkeypatch.setattr(health, "check_installation", lambda: health.Report(["The disk is full."]))
    result = run("check")
    assert (result.exit_code, result.output) == (1, "PROBLEM  The disk is full.\n")


def test_worker_once_does_what_is_due_and_stops(run, monkeypatch):
    asked = []
    monkeypatch.setattr(commands, "run_worker", lambda app, once: asked.append(once))
    assert run("worker", "--once").exit_code == 0
    assert asked == [True]


@pytest.mark.parametrize(("stopped", "words"), [(True, "is stopped"), (False, "was not running")])
def test_db_stop_says_what_it_did(stopped, words, run, monkeypatch):
    monkeypatch.setattr(commands.EmbeddedPostgres, "stop", lambda self: stopped)
    assert words in run("db-stop").output


@pytest.fixture
def lost(open_election, tmp_path):
    """An election whose box key is lost, and the file of its copy."""
    path = tmp_path / "copy.key"
    path.write_bytes(box_keys.recovery_copy(open_election, PASSPHRASE, SYSTEM))
    (platform().keyring.folder / "elections" / f"{open_election.public_id}.box").unlink()
    db.session.commit()
    return open_election, path


def test_restore_box_key_brings_a_lost_key_back(lost, run):
    election, path = lost
    result = run("restore-box-key", str(election.id), str(path), typed=f"{PASSPHRASE}\n")
    assert result.exit_code == 0, result.output
    assert bytes(platform().keyring.box_key(election.public_id).public_key) == election.box_public_key


def test_the_copy_that_the_desk_gave_opens_with_the_passphrase_as_it_was_typed(
    open_election, admin_client, run, tmp_path
):
    typed = {"passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE}
    answer = admin_client.post(f"/admin/elections/{open_election.id}/recovery-copy", data=typed)
    assert answer.status_code == 200
    path = tmp_path / "copy.key"
    path.write_bytes(answer.data)
    assert json.loads(answer.data)["title"] == open_election.title
    assert run("restore-box-key", str(open_election.id), str(path), typed=f"{PASSPHRASE}\n").exit_code == 0


def test_restore_box_key_refuses_in_one_sentence(lost, run, tmp_path):
    election, path = lost
    wrong = run("restore-box-key", str(election.id), str(path), typed="another passphrase\n")
    nobody = run("restore-box-key", "999999", str(path), typed=f"{PASSPHRASE}\n")
    no_file = run("restore-box-key", str(election.id), str(tmp_path / "nothing"), typed=f"{PASSPHRASE}\n")
    assert [result.exit_code for result in (wrong, nobody, no_file)] == [1, 1, 2]
    assert "does not open with this passphrase" in wrong.output
    assert "There is no such election" in nobody.output


def test_destroy_box_key_asks_first_and_prints_the_certificate(open_election, run):
    (voter,) = voting.voters_of(open_election)
    voting.cast_by(voter, open_election, Choice(nota=True))
    number = open_election.id
    refused = run("destroy-box-key", str(number), "--yes")
    assert refused.exit_code == 1
    assert "until the election is closed" in refused.output

    elections.close_election(elections.get_election(number), SYSTEM)
    db.session.commit()
    voting.seal_all()
    kept = run("destroy-box-key", str(number), typed="n\n")
    assert kept.exit_code == 1
    assert elections.get_election(number).box_key_destroyed_at is None
    done = run("destroy-box-key", str(number), typed="y\n")
    assert done.exit_code == 0
    assert "Certificate of destruction" in done.output
    assert elections.get_election(number).status is ElectionStatus.CLOSED
    assert elections.get_election(number).box_key_destroyed_at is not None


def test_audit_verify_says_what_it_looked_at_and_what_does_not_fit(run, app):
    number = factories.make_open_election().id
    assert "Everything is as it was signed." in run("audit", "verify").output
    voting.as_attacker("UPDATE elections SET live_batch = 50 WHERE id = :id", id=number)
    result = run("audit", "verify")

    assert result.exit_code == 1
    assert "The tables differ from the signed definition." in result.output
    assert "1 thing is not as it was signed." in result.output


def test_audit_secrecy_attacks_an_election_and_its_page_shows_the_run(run, app, admin_client):
    election = factories.make_open_election(voters=2)
    number = election.id
    voting.cast_by(voting.voters_of(election)[0], election, Choice(nota=True))
    assert "Nobody has tried it yet." in admin_client.get(f"/admin/elections/{number}").text

    result = run("audit", "secrecy", str(number))
    assert "0 ballots linked." in result.output
    assert "Order of the ballots: Nothing linked, 0 ballots" in result.output

    page = admin_client.get(f"/admin/elections/{number}")
    assert "No ballot could be linked to its voter." in page.text
    assert "attacks were not made: their files were not given" in page.text
    document = admin_client.get(f"/admin/elections/{number}", headers={"Accept": "application/json"}).json["election"]
    assert (document["secrecy_audit"]["linked"], document["secrecy_audit"]["votes"]) == (0, 1)


def test_audit_secrecy_of_a_roll_call_says_that_it_keeps_no_secret(run, app):
    result = run("audit", "secrecy", str(factories.make_recorded_election().id))
    assert result.exit_code == 2
    assert "Only a secret election that was opened keeps a secret." in result.output
