"""What refuses to start: keys of another installation, an incomplete key folder."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from app import create_app
from models import InstallationKey, db, use_role
from services.boot import build_platform, check_keys, check_keys_at_start
from services.context import platform
from services.security import Keyring, KeyringError
from tests.support import database

KEY_FILES = {"signing": "signing.key", "cast": "cast.key", "fernet": "fernet.keys"}


def test_the_first_check_remembers_the_fingerprints_and_later_ones_find_them(app):
    check_keys()
    db.session.flush()
    stored = {row.name: row.fingerprint for row in db.session.scalars(select(InstallationKey))}
    assert stored == platform().keyring.fingerprints()
    check_keys()
    db.session.flush()
    assert len(db.session.scalars(select(InstallationKey)).all()) == 3


@pytest.mark.parametrize("name", KEY_FILES)
def test_a_key_of_another_installation_is_refused_by_name(name, app, tmp_path, monkeypatch):
    check_keys()
    db.session.flush()
    other = Keyring.ensure(tmp_path / "other")
    for key, file in KEY_FILES.items():
        if key != name:
            (other.folder / file).write_bytes((platform().keyring.folder / file).read_bytes())
    monkeypatch.setattr(platform(), "keyring", Keyring(other.folder))
    with pytest.raises(KeyringError, match=f"The {name} key in .* does not belong to this database"):
        check_keys()


@pytest.mark.commits
def test_the_application_does_not_start_with_keys_of_another_installation(postgres, template, tmp_path):
    with database.cloned_database(postgres, template) as urls:
        folders = [tmp_path / "first", tmp_path / "second"]
        apps = [create_app(settings=database.test_settings(urls, folders[0]))]
        with pytest.raises(KeyringError, match="does not belong to this database"):
            create_app(settings=database.test_settings(urls, folders[1]))
        apps.append(create_app(settings=database.test_settings(urls, folders[0])))
        for one in apps:
            with one.app_context():
                for engine in db.engines.values():
                    engine.dispose()


@pytest.mark.commits
def test_two_that_start_for_the_first_time_at_once_both_start(committing_app):
    with use_role("owner"):
        db.session.execute(db.delete(InstallationKey))
        db.session.commit()
    check_keys()
    db.session.flush()  # the first one has written and not yet committed
    errors = []

    def check():
        with committing_app.app_context():
            try:
                check_keys_at_start()
            except Exception as error:
                errors.append(error)
            finally:
                db.session.remove()

    thread = threading.Thread(target=check)
    thread.start()
    thread.join(1.0)
    db.session.commit()
    thread.join(120)
    assert errors == []
    assert len(db.session.scalars(select(InstallationKey)).all()) == 3


def test_production_makes_no_keys_of_its_own(app, tmp_path):
    settings = replace(platform().settings, app_env="production", key_folder=tmp_path / "keys")
    with pytest.raises(KeyringError, match="is not complete"):
        build_platform(settings)
    assert not (tmp_path / "keys").exists()
