"""Public pictures that two people touch at once; everything commits for real."""

from __future__ import annotations

import io
import threading

import numpy as np
import pytest
from PIL import Image

from models import Party, db, transaction
from services import pictures
from services.context import platform

pytestmark = pytest.mark.commits
PATIENCE = 120.0


def symbol() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((200, 200, 3), 90, dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def shared(committing_app):
    """The path of a symbol that two parties show."""
    with transaction():
        path = pictures.store_public(symbol(), "symbol", "symbol")
        db.session.add_all([Party(name="Oak", symbol_path=path), Party(name="Ash", symbol_path=path)])
    return path


def exists(path):
    return (platform().storage.root / path).exists()


def take_off(app, name, path, released=None, go_on=None):
    """Take the symbol off a party as the desk does; stop before the commit until `go_on`."""
    with app.app_context(), transaction():
        db.session.query(Party).filter_by(name=name).one().symbol_path = None
        db.session.flush()
        pictures.release_public(path)
        if released is not None:
            released.set()
            assert go_on.wait(PATIENCE)


def test_two_who_take_the_same_picture_off_two_parties_leave_no_file(committing_app, shared):
    released, go_on = threading.Event(), threading.Event()
    first = threading.Thread(target=take_off, args=(committing_app, "Oak", shared, released, go_on))
    second = threading.Thread(target=take_off, args=(committing_app, "Ash", shared))
    first.start()
    assert released.wait(PATIENCE)
    second.start()
    second.join(0.3)  # either waits for the first, or has looked too early
    go_on.set()
    first.join(PATIENCE)
    second.join(PATIENCE)
    assert not exists(shared)


def test_a_picture_that_is_stored_anew_before_the_commit_stays(committing_app, shared):
    take_off(committing_app, "Oak", shared)
    assert exists(shared)
    released, go_on = threading.Event(), threading.Event()
    last = threading.Thread(target=take_off, args=(committing_app, "Ash", shared, released, go_on))
    last.start()
    assert released.wait(PATIENCE)
    with transaction():
        assert pictures.store_public(symbol(), "symbol", "symbol") == shared
        db.session.add(Party(name="Elm", symbol_path=shared))
    go_on.set()
    last.join(PATIENCE)
    assert exists(shared)


def test_the_last_one_takes_the_file_along(committing_app, shared):
    take_off(committing_app, "Oak", shared)
    take_off(committing_app, "Ash", shared)
    assert not exists(shared)
    pictures.release_public(shared)
    pictures.release_public(None)
