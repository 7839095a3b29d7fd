"""`flask make-keys`: the keys of a new installation, made once, and never in the place of others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from blueprints.cli import make_keys
from config import Settings, load_settings
from models import InstallationKey, db, transaction, use_role
from services import first_keys
from services.errors import Conflict
from services.security import Keyring

NO_SERVER = "postgresql+psycopg2://sv_web:x@127.0.0.1:1/nowhere"


def at(folder: Path, url: str = NO_SERVER) -> Settings:
    return replace(load_settings("testing", {"DB_URL": url, "VAR_FOLDER": str(folder)}), key_folder=folder / "keys")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return at(tmp_path / "new")


def test_all_keys_are_made_for_this_account_alone_and_their_fingerprints_told(settings):
    made = first_keys.make(settings)
    assert made.fingerprints == Keyring(made.folder).fingerprints()
    assert {Path(path).relative_to(made.folder).as_posix(): rights for path, rights in made.rights.items()} == {
        ".": "0700", "elections": "0700",
        "backup.key": "0600", "cast.key": "0600", "fernet.keys": "0600", "signing.key": "0600",
    }  # fmt: skip
    assert not made.asked


def test_keys_that_are_there_stay_as_they_are(settings):
    made = first_keys.make(settings)
    (made.folder / "cast.key").unlink()  # Not even a folder that lacks one is filled up.
    before = {path: path.read_bytes() for path in made.folder.rglob("*") if path.is_file()}
    with pytest.raises(Conflict, match=r"holds keys already \(backup.key, fernet.keys, signing.key\)"):
        first_keys.make(settings)
    assert {path: path.read_bytes() for path in made.folder.rglob("*") if path.is_file()} == before


@pytest.mark.commits
def test_a_database_that_knows_keys_gets_no_others(committing_app, tmp_path):
    url = db.engines[None].url.render_as_string(hide_password=False)
    with use_role("owner"), transaction():
        db.session.query(InstallationKey).delete()
    assert first_keys.make(at(tmp_path / "first", url)).asked
    with transaction():
        db.session.add(InstallationKey(name="signing", fingerprint="of those before"))
    other = at(tmp_path / "other", url)
    with pytest.raises(Conflict, match="belongs to keys that exist already"):
        first_keys.make(other)
    assert not other.key_folder.exists()


def test_the_command_says_what_is_next_and_no_key(settings, monkeypatch):
    monkeypatch.setattr(make_keys, "load_settings", lambda: settings)
    app = make_keys.without_keys()
    with app.app_context():  # As Flask's own program does it.
        done, again = (CliRunner().invoke(app.cli, ["make-keys"]) for _once in range(2))
    assert done.exit_code == 0, done.output
    assert "flask db upgrade" in done.output
    assert "Fingerprint of the signing key: " in done.output
    assert (again.exit_code, "holds keys already" in again.output) == (1, True)
    for path in settings.key_folder.glob("*.key*"):
        assert path.read_bytes().hex() not in done.output
