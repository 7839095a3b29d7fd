"""What a destroyed key means: an old backup of the database and all keys there are today open no ballot."""

from __future__ import annotations

import base64

import pytest
from nacl.public import PrivateKey
from sqlalchemy import select

from app import create_app
from models import BoxBallot, Election, db, use_role
from services import box_keys, elections
from services.actor import SYSTEM
from services.ballots import Choice, payload
from services.context import platform
from services.security import KeyringError
from tests.factories import make_open_election
from tests.support import database
from tests.support.voting import cast_by, make_kiosk, seal_all, voters_of

VOTES = 3


def keys_of_today():
    """Return whatever in the key folder could be a private key: whole files, and lines of Fernet keys."""
    folder = platform().keyring.folder
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    lines = [base64.urlsafe_b64decode(line) for content in contents if len(content) != 32 for line in content.split()]
    return [content for content in contents + lines if len(content) == 32]


def opened(app):
    """Return how many ballots of this database's box open with any key of today."""
    count = 0
    with app.app_context(), use_role("sealer"):
        election = db.session.scalars(select(Election)).one()
        cast_key = platform().keyring.cast_key(election.public_id)
        for ciphertext in db.session.scalars(select(BoxBallot.sealed_payload)):
            for key in keys_of_today():
                try:
                    payload.unseal(election, bytes(ciphertext), PrivateKey(key), cast_key)
                except payload.UnreadableBallot:
                    continue
                count += 1
    return count


@pytest.mark.commits
def test_an_old_backup_and_the_keys_of_today_open_no_ballot(committing_app, postgres, tmp_path):
    election = make_open_election(voters=VOTES)
    number = election.id
    make_kiosk(election)
    for voter in voters_of(election):
        cast_by(voter, election, Choice((election.candidates[0].id,)))
    source = db.engine.url.database
    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()

    with database.cloned_database(postgres, source) as urls:
        backup = create_app(settings=database.test_settings(urls, tmp_path))
        assert opened(backup) == VOTES

        elections.close_election(elections.get_election(number), SYSTEM)
        db.session.commit()
        assert seal_all() == VOTES
        box_keys.destroy(elections.get_election(number), SYSTEM)
        db.session.commit()

        assert opened(backup) == 0
        with backup.app_context():
            elections.close_election(elections.get_election(number), SYSTEM)
            db.session.commit()
            with pytest.raises(KeyringError):
                seal_all()
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()
