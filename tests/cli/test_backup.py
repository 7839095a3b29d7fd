"""`flask backup`, `flask backup-keys`, `flask restore`, as an operator types them, with real pg_dump and pg_restore."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from blueprints.cli import backup as cli_backup
from models import (
    AuditBlock,
    AuditLog,
    BoxBallot,
    StaffRole,
    StaffSession,
    Voter,
    VoterFace,
    db,
    transaction,
    use_role,
)
from services import backup, elections, heads, health
from services.actor import SYSTEM
from services.backup import making, restoring
from services.ballots import Choice
from services.context import platform
from services.errors import DiskFull
from tests import factories
from tests.services.identification import acting
from tests.support import cases
from tests.support.pictures import plain_picture
from tests.support.voting import cast_by, make_kiosk, seal_all, voters_of

PASSPHRASE = "correct horse battery staple"
VOTERS = 6


@contextmanager
def working(app):
    """Work inside an application, and leave no connection behind: a database in use cannot be restored into."""
    with app.app_context():
        try:
            yield
        finally:
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


def flask(app, *arguments, **more):
    with working(app):
        return app.test_cli_runner().invoke(args=[str(one) for one in arguments], **more)


def sign_heads():
    with use_role("sealer"), transaction():
        heads.sign_due_heads()


def read(real):
    """Return what a part would hold in clear."""
    kept = bytearray()
    real(type("Into", (), {"write": lambda _self, data: kept.extend(data)})())
    return bytes(kept)


class Embedded:
    """The embedded server that an application runs on."""

    def __init__(self, app):
        self.web, self.granted = app.extensions["platform"].settings.db_url, 0

    def is_running(self):
        return True

    def urls(self):
        return self

    def grant_logins(self):
        self.granted += 1


def interrupted(*_arguments):
    raise KeyboardInterrupt


def cut_off_twice(app, source, monkeypatch):
    """Restore, cut off while rows are loaded, and once more when all are there and sign-ins of then could go on."""
    for room, name in ((restoring.database, "load"), (cli_backup.backup, "finish")):
        with monkeypatch.context() as cut:
            cut.setattr(room, name, interrupted)
            assert flask(app, "restore", source).exit_code == 1
    with working(app):
        assert health.readiness().problems == (health.HALF_RESTORED,)


def fill():
    """Make an open secret election with a picture, a face and ballots in its box; return its number."""
    election = factories.make_open_election(voters=VOTERS)
    number = election.id
    party = factories.PartyFactory()
    party.symbol_path = platform().storage.save_public(plain_picture(), "png")
    voters = voters_of(election)
    acting.enrol(voters[0])
    cases.staff_token(StaffRole.ADMIN)
    make_kiosk(election)
    for voter in voters[: VOTERS // 2]:
        cast_by(voter, election, Choice((election.candidates[0].id,)))
    db.session.commit()
    sign_heads()
    return number


@pytest.fixture
def source(make_committing_app, tmp_path):
    """An installation in the middle of an election, and the number of that election."""
    app = make_committing_app(UPLOAD_FOLDER=str(tmp_path / "uploads"))
    with working(app):
        return app, fill()


@pytest.fixture
def empty(make_committing_app, tmp_path):
    """An installation with the same keys that nobody has used."""
    return make_committing_app(UPLOAD_FOLDER=str(tmp_path / "uploads of the new one"))


@pytest.mark.commits
def test_of_two_backups_of_one_second_the_later_one_is_the_newest(source, tmp_path, monkeypatch):
    app, target = source[0], tmp_path / "backups"
    noon = datetime(2026, 11, 29, 12, tzinfo=UTC)
    for part_of_a_second, ending in ((100_000, "ffff"), (900_000, "0000")):
        monkeypatch.setattr(making, "utc_now", lambda part=part_of_a_second: noon.replace(microsecond=part))
        monkeypatch.setattr(making.secrets, "token_hex", lambda *_size, ending=ending: ending)
        assert flask(app, "backup", target).exit_code == 0
    assert [one.name[-4:] for one in backup.backups_in(target)] == ["ffff", "0000"]
    assert [name[-4:] for name in backup.keep_newest(target, 1)] == ["ffff"]


@pytest.mark.commits
def test_a_backup_comes_back_whole_and_an_older_one_is_told_from_the_mailed_head(
    source, empty, make_committing_app, tmp_path, monkeypatch
):
    (app, number), target = source, tmp_path / "backups"
    first = flask(app, "backup", target)
    assert first.exit_code == 0, first.output
    assert "two backups tell who voted in between" in first.output
    [older] = backup.backups_in(target)

    with working(app):
        election = elections.get_election(number)
        for voter in voters_of(election)[VOTERS // 2 :]:
            cast_by(voter, election, Choice((election.candidates[1].id,)))
        elections.close_election(election, SYSTEM)
        db.session.commit()
        assert seal_all() == VOTERS
        sign_heads()
        block = db.session.scalars(select(AuditBlock).order_by(AuditBlock.height.desc())).first()
        head, mail = f"{block.height}:{block.block_hash.hex()}", (
            f"Audit log: {block.block_hash.hex()}\nBlock: {block.height}\nSigned: 2026-10-18T18:00:00.000000Z\n"
        )  # fmt: skip
    second = flask(app, "backup", target)
    assert second.exit_code == 0, second.output
    (tmp_path / "mail.txt").write_text(mail)
    assert not (tmp_path / "var" / "keys" / "heads.jsonl").exists()

    server = Embedded(empty)
    monkeypatch.setattr(cli_backup, "EmbeddedPostgres", lambda _folder: server)
    restored = flask(empty, "restore", target, "--verify", "--head", head)
    assert server.granted == 1, "without it no role can sign in on a new machine"
    assert restored.exit_code == 0, restored.output
    assert "Everything is as it was signed." in restored.output
    with working(empty):
        assert {path for (path,) in db.session.execute(select(VoterFace.image_snapshot_path))} <= {
            file.path for file in platform().storage.files()
        }
        assert db.session.scalar(select(StaffSession.ended_at)) is not None
        row = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "operator:backup:restored")).one()
        assert row.details["name"] == backup.backups_in(target)[-1].name
        with use_role("results"):
            assert db.session.scalar(text("SELECT sum(count) FROM tallies")) == VOTERS
    again = flask(empty, "restore", target)
    assert again.exit_code == 1
    assert "The database is in use" in again.output

    third = make_committing_app(UPLOAD_FOLDER=str(tmp_path / "uploads of a third one"))
    cut_off_twice(third, older, monkeypatch)
    stale = flask(third, "restore", older, "--verify", "--head-mail", tmp_path / "mail.txt")
    assert stale.exit_code == 3, stale.output
    assert "older than the head mailed on 2026-10-18T18:00:00.000000Z" in stale.output
    with working(third), use_role("owner"):
        assert db.session.scalar(text("SELECT count(*) FROM ballot_box")) == VOTERS // 2
        assert db.session.scalar(text("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'ballot_box'::regclass")) > 0


@pytest.mark.commits
def test_damage_is_named_before_anything_is_touched(source, empty, tmp_path, monkeypatch):
    app, _number = source
    target, box = tmp_path / "backups", []
    monkeypatch.setattr(making.database, "dump_box", lambda into, real=making.database.dump_box: box.append(read(real)))
    (target / ".partial-backup-left").mkdir(parents=True)
    assert flask(app, "backup", target).exit_code == 0
    assert "Removed: backup-" in flask(app, "backup", target, "--keep", "1").output
    [whole] = backup.backups_in(target)
    assert list(target.iterdir()) == [whole]
    with working(app), use_role("owner"):
        ids = sorted(one.bytes for one in db.session.scalars(select(BoxBallot.id)))
    assert sorted(ids, key=box[0].index) == ids, "not the order of arrival"

    def broken(name, change):
        copy = shutil.copytree(whole, tmp_path / "broken" / whole.name, dirs_exist_ok=True)
        change(copy / name)
        done = flask(empty, "restore", copy)
        assert done.exit_code == 1
        shutil.rmtree(copy)
        return done.output

    def flip(path):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    assert "database.enc was changed since the backup was made" in broken("database.enc", flip)
    assert "files.enc is missing" in broken("files.enc", lambda path: path.unlink())
    assert "manifest.json" not in broken("ballot_box.enc", flip)
    said = broken("manifest.json", lambda path: path.write_text(path.read_text().replace('"votes": 3', '"votes": 2')))
    assert "was changed, or the keys in" in said
    assert "holds no backup that can be read" in broken("manifest.json", lambda path: path.write_text("{}"))
    assert "There is no backup in" in flask(empty, "restore", tmp_path / "nowhere").output
    assert "HEIGHT:HASH" in flask(empty, "restore", target, "--head", "12").output
    with working(empty):
        assert db.session.scalars(select(Voter)).all() == []

    (tmp_path / "var" / "keys" / "backup.key").write_bytes(bytes(32))
    other = flask(empty, "restore", target)
    assert "does not open with the keys in" in other.output
    with working(empty):
        assert db.session.scalars(select(Voter)).all() == []


@pytest.mark.commits
@pytest.mark.parametrize("error", [DiskFull(), KeyboardInterrupt()])
def test_a_backup_that_is_cut_off_leaves_nothing_behind(error, committing_app, tmp_path, monkeypatch):
    def cut(*_arguments):
        raise error

    monkeypatch.setattr(making.database, "dump", cut)
    done = committing_app.test_cli_runner().invoke(args=["backup", str(tmp_path / "backups")])
    assert done.exit_code == 1
    assert list((tmp_path / "backups").iterdir()) == []
    assert isinstance(error, KeyboardInterrupt) or "Nothing of this backup was kept; earlier ones" in done.output


def test_the_keys_come_back_with_their_passphrase_only_and_never_lie_with_the_data(app, tmp_path):
    run = app.test_cli_runner().invoke
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    safe, data = tmp_path / "safe", tmp_path / "data"
    asked = ("--passphrase-file", str(tmp_path / "passphrase"))
    done = run(args=["backup-keys", str(safe), *asked])
    assert done.exit_code == 0, done.output
    [copy] = safe.iterdir()
    again = run(args=["backup-keys", str(safe), "--with-box-keys"], input=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert again.exit_code == 0, again.output

    (data / "backup-20261128T120000Z-abcd").mkdir(parents=True)
    for place in (data, data / "deeper", tmp_path / "data" / "backup-20261128T120000Z-abcd"):
        assert "Keys and data never go into one place" in run(args=["backup-keys", str(place), *asked]).output
    for place in (safe, safe / "deeper"):
        assert "Keys and data never go into one place" in run(args=["backup", str(place)]).output
    assert "folder of the running application" in run(args=["backup", str(platform().keyring.folder / "x")]).output
    assert "Use 12 characters or more" in run(args=["backup-keys", str(safe)], input="short\nshort\n").output

    fresh = tmp_path / "fresh"
    with pytest.raises(backup.keys.ValidationFailed, match="does not open with this passphrase"):
        backup.put_keys_back(copy, fresh, "another passphrase")
    count = backup.put_keys_back(copy, fresh, PASSPHRASE)
    assert (fresh / "cast.key").read_bytes() == (platform().keyring.folder / "cast.key").read_bytes()
    assert not list(fresh.glob("elections/*.box"))
    assert count == len([path for path in fresh.rglob("*") if path.is_file()])
    with pytest.raises(backup.keys.Conflict, match="holds keys already"):
        backup.put_keys_back(copy, fresh, PASSPHRASE)
