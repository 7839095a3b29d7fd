"""Two upgrades of the database at once: the second waits until the first is through."""

from __future__ import annotations

import threading
import time

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text

from config import PROJECT
from models import db

LOCK = 0x53564D4947
"""migrations/env.py; that file runs when it is imported."""
HELD = text("SELECT granted FROM pg_locks WHERE locktype = 'advisory' AND classid = :high AND objid = :low")


@pytest.mark.commits
def test_a_second_upgrade_waits_for_the_first(committing_app: Flask) -> None:
    through = threading.Event()

    def upgrade() -> None:
        with committing_app.app_context():
            flask_migrate.upgrade(str(PROJECT / "migrations"))
            through.set()

    with db.engines["owner"].connect() as first:
        first.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        second = threading.Thread(target=upgrade)
        second.start()
        with db.engines["owner"].connect() as looking:
            for _try in range(600):
                if False in looking.execute(HELD, {"high": LOCK >> 32, "low": LOCK & 0xFFFFFFFF}).scalars().all():
                    break
                time.sleep(0.1)
            else:
                pytest.fail("the second upgrade does not wait")
        assert not through.is_set()
    second.join(60)
    assert through.is_set()
