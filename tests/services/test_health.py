"""What `flask check` finds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from models import InstallationKey, db
from services import health
from services.context import platform
from services.errors import Unavailable
from services.health import Report, check_installation


@pytest.fixture
def settings(app, monkeypatch):
    def change(**values):
        monkeypatch.setattr(platform(), "settings", replace(platform().settings, **values))

    return change


def test_an_installation_that_works_has_no_problem(app):
    report = check_installation()
    assert report.problems == []
    assert report.ok


def test_what_is_not_recommended_is_a_warning_and_no_problem(settings):
    settings(liveness=False, rate_limits=False)
    report = check_installation()
    assert report.ok
    assert any("LIVENESS" in warning for warning in report.warnings)
    assert any("RATE_LIMITS" in warning for warning in report.warnings)


def test_production_without_liveness_is_a_problem(settings):
    settings(app_env="production", liveness=False)
    report = check_installation()
    assert not report.ok
    assert "LIVENESS: production needs it on" in report.problems


def test_a_face_engine_that_works_but_slowly_is_a_warning(app, monkeypatch):
    monkeypatch.setattr(type(platform().faces.engine), "trouble", lambda engine: "Faces are encoded slowly.")
    report = check_installation()
    assert report.ok
    assert "Faces are encoded slowly." in report.warnings
    assert "Faces are encoded slowly." in health.readiness().warnings


def test_a_database_that_waits_for_a_replica_which_is_not_there_is_a_warning(app, monkeypatch):
    words = "No replica is there: every vote waits for one."
    assert not any(words in warning for warning in health.readiness().warnings)
    monkeypatch.setattr(health, "COMMITS_WAIT_FOR", "server_version")  # one that is not empty in any database
    ready = health.readiness()
    assert ready.ok
    assert any(words in warning for warning in ready.warnings)


def test_keys_of_another_installation_are_a_problem(app):
    db.session.merge(InstallationKey(name="cast", fingerprint="somebody else's"))
    db.session.flush()
    assert any("The cast key" in problem for problem in check_installation().problems)


def test_a_database_that_is_down_is_a_problem_and_nothing_more_is_asked(app, monkeypatch):
    def down(*_some, **_more):
        raise OperationalError("SELECT 1", {}, Exception("the password is secret"))

    monkeypatch.setattr(db.session, "scalar", down)
    assert health.database_answers() is False
    report = check_installation()
    assert "The database does not answer." in report.problems
    assert "secret" not in "\n".join(report.lines())


def test_a_face_engine_that_does_not_start_is_a_problem(app, monkeypatch):
    def broken(_pixels):
        raise Unavailable("The face model is missing.")

    monkeypatch.setattr(platform().faces.engine, "detect", broken)
    assert "The face model is missing." in check_installation().problems


def test_one_login_for_all_roles_is_warned_about(app):
    with_owner = Report()
    db.session.execute(db.text("RESET ROLE"))
    health._check_roles(with_owner)
    assert any("can read the ballot box" in warning for warning in with_owner.warnings)


def test_the_web_role_of_an_installation_does_not_see_the_box(app):
    report = Report()
    health._check_roles(report)
    assert report.warnings == []


def test_lines_say_all_is_well_or_what_is_not():
    assert Report().lines() == ["All is well."]
    assert Report(["a"], ["b"]).lines() == ["PROBLEM  a", "warning  b"]
