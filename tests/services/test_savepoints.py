"""Savepoints and work after the commit."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy.exc import IntegrityError

from models import Party, db, transaction
from services.errors import Conflict
from services.savepoints import after_commit, savepoint
from tests import factories


def test_listed_constraint_becomes_the_refusal_and_the_transaction_goes_on(app) -> None:
    factories.PartyFactory(name="Kites")
    with transaction():
        with pytest.raises(Conflict, match="taken"), savepoint({"uq_parties_name": Conflict("taken")}):
            db.session.add(Party(name="Kites"))
        db.session.add(Party(name="Trees"))
    assert {party.name for party in db.session.query(Party)} == {"Kites", "Trees"}


def test_sqlstate_and_its_class_are_keys_too(app) -> None:
    factories.PartyFactory(name="Kites")
    for key in ("23505", "23"):
        with pytest.raises(Conflict, match="taken"), savepoint({key: Conflict("taken")}):
            db.session.add(Party(name="Kites"))


def test_constraint_that_is_not_listed_passes_through(app) -> None:
    factories.PartyFactory(name="Kites")
    with pytest.raises(IntegrityError), savepoint({"some_other": Conflict("taken")}):
        db.session.add(Party(name="Kites"))


def test_work_waits_for_the_commit_and_not_for_a_savepoint(app) -> None:
    done = []
    with transaction():
        after_commit(lambda: done.append("work"))
        with savepoint({}):
            db.session.add(Party(name="Kites"))
        assert done == []
    assert done == ["work"]


def test_work_is_forgotten_after_a_rollback_but_not_after_a_refused_savepoint(app) -> None:
    factories.PartyFactory(name="Kites")
    done = []
    after_commit(lambda: done.append("forgotten"))
    db.session.execute(db.text("SELECT 1"))
    db.session.rollback()
    with transaction():
        after_commit(lambda: done.append("kept"))
        with pytest.raises(Conflict), savepoint({"uq_parties_name": Conflict("taken")}):
            db.session.add(Party(name="Kites"))
    assert done == ["kept"]


def test_failing_work_is_logged_and_the_rest_is_done(app, caplog) -> None:
    done = []

    def fail() -> None:
        raise OSError("disk gone")

    with transaction(), caplog.at_level(logging.ERROR):
        after_commit(fail)
        after_commit(lambda: done.append("rest"))
        db.session.add(Party(name="Kites"))
    assert done == ["rest"]
    assert "Work after a commit failed" in caplog.text
