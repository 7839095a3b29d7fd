"""What `flask check --production` refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from services import clock_skew, disk, health
from services.context import platform
from services.production_check import Level, database, examine, is_fit, machine, settings_part, table
from services.production_check.rows import Row
from services.security import hash_password

FIT = {
    "app_env": "production",
    "secret_key": "v3Jq8xZt1LwRk6Ny0PbHs5Uc2FgDm9Ea4Qo7",
    "db_url": "postgresql+psycopg2://sv_web:k2Jq8xZt1Lw@localhost/sv",
    "db_owner_url": "postgresql+psycopg2://sv_owner:q7Jq8xZt1Lw@localhost/sv",
    "db_sealer_url": "postgresql+psycopg2://sv_sealer:m1Jq8xZt1Lw@localhost/sv",
    "db_results_url": "postgresql+psycopg2://sv_results:z9Jq8xZt1Lw@localhost/sv",
    "public_url": "https://vote.union.example",
    "trusted_hosts": ("vote.union.example",),
    "trusted_proxies": 1,
    "mail_transport": "smtp",
    "email_user": "vote@union.example",
    "email_app_password": "abcdefghijklmnop",
    "email_from": "Commission <vote@union.example>",
    "alert_recipient": "chair@union.example",
    "face_engine": "dlib",
    "liveness": True,
    "rate_limits": True,
    "require_totp": "admins",
    "log_level": "INFO",
}
UNFIT = [
    ("Environment", {"app_env": "development"}),
    ("Settings", {"secret_key": ""}),
    ("Settings", {"face_engine": "fake"}),
    ("Settings", {"liveness": False}),
    ("Settings", {"rate_limits": False}),
    ("Settings", {"public_url": "http://vote.union.example"}),
    ("Debug", {"log_level": "DEBUG"}),
    ("Secrets", {"secret_key": "for-tests-only-" + 32 * "0"}),
    ("Secrets", {"secret_key": 32 * "ab"}),
    ("Secrets", {"admin_default_pass_hash": hash_password("changeme", cost=4)}),
    ("Secrets", {"db_url": "postgresql+psycopg2://sv_web:postgres@localhost/sv"}),
    ("Secrets", {"db_sealer_url": "postgresql+psycopg2://sv_sealer:sv_sealer@localhost/sv"}),
    ("Secrets", {"s3_secret_key": "minioadmin"}),
    ("Mail", {"mail_transport": "development"}),
    ("Mail", {"email_from": "Commission <commission@example.org>"}),
    ("Cookies", {"app_env": "development"}),
    ("Addresses", {"trusted_hosts": ()}),
    ("Addresses", {"trusted_hosts": ("other.example",)}),
    ("Addresses", {"trusted_proxies": 0}),
]
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def fit(app):
    return replace(platform().settings, **FIT)


def problems(rows):
    return {row.name for row in rows if row.level is Level.PROBLEM}


def test_settings_of_a_real_election_are_fit(fit):
    assert problems(settings_part.rows(fit, debug=False)) == set()


@pytest.mark.parametrize(("name", "values"), UNFIT)
def test_a_shortcut_of_a_trial_is_a_problem(fit, name, values):
    assert name in problems(settings_part.rows(replace(fit, **values), debug=False))


def test_a_server_that_debugs_is_a_problem(fit):
    assert problems(settings_part.rows(fit, debug=True)) == {"Debug"}


def test_a_far_database_without_encryption_is_a_warning(fit):
    far = "postgresql+psycopg2://sv_web:k2Jq8xZt1Lw@db.union.example/sv"
    for url, expected in ((far, Level.WARNING), (f"{far}?sslmode=verify-full", Level.FINE)):
        rows = settings_part.rows(replace(fit, db_url=url), debug=False)
        assert {row.level for row in rows if row.name == "Database address"} == {expected}


def test_the_superuser_behind_an_address_is_named(app):
    [words] = [row.words for row in database.roles("Roles") if row.level is Level.PROBLEM and "superuser" in row.words]
    assert words.startswith("DB_OWNER_URL signs in as a superuser")


def test_one_account_for_several_roles_is_a_problem(app, monkeypatch):
    monkeypatch.setattr(database, "_rights", lambda engine: ("smart_voting", False, False))
    assert [row.words for row in database.roles("Roles")] == [
        "DB_URL, DB_OWNER_URL, DB_SEALER_URL, DB_RESULTS_URL sign in as one account: secrecy needs one for each role."
    ]


def test_four_plain_accounts_are_fine(app, monkeypatch):
    names = iter("abcd")
    monkeypatch.setattr(database, "_rights", lambda engine: (next(names), False, False))
    assert [row.level for row in database.roles("Roles")] == [Level.FINE]


def test_the_web_role_sees_no_ballot_box(app):
    assert [row.level for row in database.ballot_box("Box")] == [Level.FINE]


@pytest.mark.parametrize(("seconds", "expected"), [(0, 0), (1, 0), (2, 0), (12, 10), (-30, 30)])
def test_a_clock_is_as_wrong_as_it_lies_outside_the_time_of_asking(seconds, expected):
    there = NOON + timedelta(seconds=seconds)
    assert clock_skew.skew(NOON, there, NOON + timedelta(seconds=2)) == expected


def test_a_clock_far_from_the_database_is_a_problem(app, monkeypatch):
    monkeypatch.setattr(clock_skew, "machine_now", lambda: NOON)
    monkeypatch.setattr(clock_skew, "is_kept", lambda: True)
    [row] = database.clock("Clock")
    assert row.level is Level.PROBLEM
    assert "NTP" in row.words
    assert row.words in health.readiness().warnings


@pytest.mark.parametrize(
    ("kept", "level", "words"),
    [
        (True, Level.FINE, "kept by NTP"),
        (False, Level.WARNING, "nobody keeps this machine's clock"),
        (None, Level.WARNING, "could not be asked"),
    ],
)
def test_a_clock_that_nobody_keeps_or_of_which_that_is_unknown_is_a_warning(app, monkeypatch, kept, level, words):
    monkeypatch.setattr(clock_skew, "is_kept", lambda: kept)
    [row] = database.clock("Clock")
    assert row.level is level
    assert words in row.words


@pytest.mark.parametrize(("answer", "kept"), [(0, True), (1, True), (5, False), (-1, None)])
def test_the_kernel_is_asked_who_keeps_the_clock_and_nothing_is_set(monkeypatch, answer, kept):
    given: list[bytes] = []

    def adjtimex(room):
        given.append(room.raw)
        return answer

    monkeypatch.setattr(clock_skew.sys, "platform", "linux")
    monkeypatch.setattr(clock_skew.ctypes, "CDLL", lambda _name: SimpleNamespace(adjtimex=adjtimex))
    assert clock_skew.is_kept() is kept
    assert given == [bytes(clock_skew.ROOM_FOR_TIMEX)]


def test_a_folder_that_is_not_there_or_cannot_be_written_is_a_problem(app, tmp_path, monkeypatch):
    missing = tmp_path / "nothing"
    assert str(missing) in machine.trouble_with(missing)
    assert machine.trouble_with(tmp_path) is None

    def refused(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(machine, "tempfile", SimpleNamespace(TemporaryFile=refused))
    assert "Permission denied" in machine.trouble_with(tmp_path)


def test_pictures_that_cannot_be_stored_are_a_problem_of_the_folders(app, monkeypatch):
    monkeypatch.setattr(type(platform().storage), "trouble", lambda storage: "The pictures cannot be stored.")
    assert "The pictures cannot be stored." in [row.words for row in machine.folders("Folders")]


def test_keys_that_others_may_read_are_a_problem(app, tmp_path, monkeypatch):
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    settings = replace(platform().settings, key_folder=keys, var_folder=tmp_path, log_folder=tmp_path)
    monkeypatch.setattr(platform(), "settings", settings)
    assert [row.level for row in machine.folders("Folders")] == [Level.FINE]
    keys.chmod(0o750)
    [row] = machine.folders("Folders")
    assert "chmod 700" in row.words


def test_a_full_disk_and_what_is_broken_are_problems_and_a_missing_worker_a_warning(app, monkeypatch):
    monkeypatch.setattr(disk, "is_low", lambda: True)
    assert machine.room("Room")[0].level is Level.PROBLEM
    monkeypatch.setattr(health, "check_installation", lambda: health.Report(["The keys are lost."]))
    rows = machine.what_runs("What runs")
    assert Row(Level.PROBLEM, "What runs", "The keys are lost.") in rows
    assert any(row.level is Level.WARNING and "worker" in row.words for row in rows)


def test_the_table_ends_with_the_problems_and_a_verdict():
    rows = [Row(Level.PROBLEM, "Clock", "Run NTP."), Row(Level.FINE, "Database roles", "four accounts")]
    assert table(rows) == [
        "ok       Database roles  four accounts",
        "PROBLEM  Clock           Run NTP.",
        "",
        "Not fit for an election: 1 to mend.",
    ]
    assert not is_fit(rows)
    assert is_fit(rows[1:])
    assert table(rows[1:])[-1] == "Fit for an election."


def test_every_part_is_looked_at(app):
    names = {row.name for row in examine()}
    assert names >= {"Settings", "Secrets", "Database roles", "Ballot box", "Clock", "Folders", "Room", "What runs"}


def test_the_command_ends_with_1_when_something_has_to_be_mended(app):
    result = app.test_cli_runner().invoke(args=["check", "--production"])
    assert result.exit_code == 1
    assert "PROBLEM  Environment" in result.output
    assert "Not fit for an election" in result.output
