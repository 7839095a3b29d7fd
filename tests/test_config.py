"""Settings: parsing, rules, and the promise that `.env.example` lists them all."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values
from flask import Flask

import config
from config import ENVIRONMENTS, PROJECT, Settings, SettingsError, load_settings
from services.settings_values import normalise_database_url

ORDERED = [
    "SECRET_KEY",
    "DB_URL",
    "EMAIL_USER",
    "EMAIL_APP_PASSWORD",
    "EMAIL_FROM",
    "ADMIN_DEFAULT_USER",
    "ADMIN_DEFAULT_PASS_HASH",
    "FACE_MODEL",
    "FACE_THRESHOLD",
    "ALERT_RECIPIENT",
]
SECRET = "k" * 40
PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": SECRET,
    "DB_URL": "postgresql://web:w@db.example.org/smart_voting",
    "EMAIL_USER": "commission@city.example",
    "EMAIL_APP_PASSWORD": "abcd efgh ijkl mnop",
    "ALERT_RECIPIENT": "commissioner@city.example",
    "PUBLIC_URL": "https://vote.city.example",
}


def problems_of(env: dict[str, str]) -> list[str]:
    try:
        Settings.from_environment(env).validate()
    except SettingsError as error:
        return error.problems
    return []


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    monkeypatch.setattr(config, "PROJECT", tmp_path)
    monkeypatch.delenv("APP_ENV", raising=False)
    return lambda text: (tmp_path / ".env").write_text(text) and None


def test_env_example_lists_every_setting_and_only_those() -> None:
    assert sorted(dotenv_values(PROJECT / ".env.example")) == sorted(Settings.names())


def test_env_example_begins_with_the_ordered_settings() -> None:
    assert list(dotenv_values(PROJECT / ".env.example"))[: len(ORDERED)] == ORDERED


def test_env_example_has_a_comment_above_every_setting() -> None:
    lines = (PROJECT / ".env.example").read_text().splitlines()
    bare = [line for above, line in pairwise(lines) if "=" in line.split("#")[0] and above[:2] != "# "]
    assert bare == []


def test_env_example_shows_the_true_default_of_every_setting() -> None:
    written = {name: value for name, value in dotenv_values(PROJECT / ".env.example").items() if "REPLACE" not in value}
    shown, default = Settings.from_environment(written), Settings.from_environment({})
    differing = [name for name in Settings.names() if getattr(shown, name.lower()) != getattr(default, name.lower())]
    assert differing == ["EMAIL_USER"]


def test_env_example_holds_no_real_mailbox() -> None:
    text = (PROJECT / ".env.example").read_text()
    domains = [word.partition("@")[2].strip('>"') for word in text.split() if "@" in word and "://" not in word]
    assert set(domains) == {"example.org"}


def test_env_example_as_it_stands_is_refused_with_both_placeholders_named() -> None:
    found = problems_of(dict(dotenv_values(PROJECT / ".env.example")))
    assert [problem.partition(":")[0] for problem in found] == ["SECRET_KEY", "ADMIN_DEFAULT_PASS_HASH"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
        ("postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
        ("postgresql+psycopg2://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
        ("", ""),
    ],
)
def test_database_address_names_the_driver(given: str, expected: str) -> None:
    assert normalise_database_url(given) == expected
    assert Settings.from_environment({"DB_URL": given}).db_url == expected


def test_values_have_their_types() -> None:
    given = {"FACE_THRESHOLD": "0.55", "PORT": "9000", "LIVENESS": "off", "HTTPS": "1", "KEY_FOLDER": "/srv/keys"}
    settings = Settings.from_environment(given)
    assert (settings.face_threshold, settings.port, settings.liveness, settings.https) == (0.55, 9000, False, True)
    assert settings.key_folder == Path("/srv/keys")


def test_relative_folder_starts_at_the_project_wherever_the_process_is(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment({}).key_folder == PROJECT / "var" / "keys"


def test_keys_and_logs_move_with_the_var_folder_unless_they_have_a_place() -> None:
    settings = Settings.from_environment({"VAR_FOLDER": "/srv/vote", "LOG_FOLDER": "/var/log/vote"})
    assert (settings.key_folder, settings.log_folder) == (Path("/srv/vote/keys"), Path("/var/log/vote"))


def test_one_error_lists_everything_wrong() -> None:
    broken = {"PORT": "many", "LIVENESS": "perhaps", "FACE_MODEL": "eyes", "TIMEZONE": "Mars", "SECRET_KEY": "short"}
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(broken)
    assert all(f"{name}: " in str(caught.value) for name in broken)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "your_secret_key_here_your_secret_key_here"),
        ("DB_URL", "mysql://u:p@h/d"),
        ("FACE_THRESHOLD", "0.61"),
        ("FACE_THRESHOLD", "0"),
        ("FACE_THRESHOLD", "nan"),
        ("FACE_THRESHOLD", "high"),
        ("ADMIN_DEFAULT_PASS_HASH", "plain-password"),
        ("PORT", "0"),
        ("MAX_UPLOAD_MB", "21"),
        ("TRUSTED_PROXIES", "-1"),
        ("TIMEZONE", "Nowhere/City"),
        ("PUBLIC_URL", "vote.example.org"),
        ("REDIS_URL", "localhost:6379"),
        ("ALERT_RECIPIENT", "nobody"),
        ("MAIL_CAFILE", "/no/such/file.pem"),
        ("APP_ENV", "staging"),
        ("FACE_ENGINE", "magic"),
    ],
)
def test_unusable_value_is_named(name: str, value: str) -> None:
    assert any(problem.startswith(f"{name}: ") for problem in problems_of({name: value}))


@pytest.mark.parametrize(
    ("address", "certificate", "problem"),
    [
        ("ftp://tsa.example.org", "-----BEGIN CERTIFICATE-----", "TIMESTAMP_URL: write an address that begins with"),
        ("https://tsa.example.org", None, "TIMESTAMP_CA: missing, TIMESTAMP_URL needs it"),
        ("https://tsa.example.org", "gone", "TIMESTAMP_CA: there is no such file"),
        ("", "a certificate", "TIMESTAMP_CA: the file holds no certificate in PEM"),
    ],
)
def test_whom_a_time_stamp_is_trusted_from_is_named(
    tmp_path: Path, address: str, certificate: str | None, problem: str
) -> None:
    file = tmp_path / "root.pem"
    if certificate and certificate != "gone":
        file.write_text(certificate)
    found = problems_of({"TIMESTAMP_URL": address, "TIMESTAMP_CA": str(file) if certificate else ""})
    assert [one for one in found if one.startswith(problem)] == found != []


def test_a_bucket_needs_its_name_both_keys_and_addresses_that_fit_into_a_header() -> None:
    assert problems_of({"STORAGE_BACKEND": "s3"}) == ["S3_BUCKET: missing, STORAGE_BACKEND=s3 needs it"]
    bucket = {"STORAGE_BACKEND": "s3", "S3_BUCKET": "votes-pictures"}
    assert problems_of(bucket) == []
    for env, name in (
        ({"STORAGE_BACKEND": "disk"}, "STORAGE_BACKEND"),
        ({"S3_BUCKET": "Votes Pictures"}, "S3_BUCKET"),
        ({"S3_ACCESS_KEY": "only this one"}, "S3_ACCESS_KEY, S3_SECRET_KEY"),
        ({"S3_ENDPOINT": "https://minio.example.org; script-src *"}, "S3_ENDPOINT"),
        ({"S3_PUBLIC_ENDPOINT": "minio.example.org"}, "S3_PUBLIC_ENDPOINT"),
        ({"S3_PREFIX": "../other"}, "S3_PREFIX"),
        ({"S3_LINK_SECONDS": "5"}, "S3_LINK_SECONDS"),
        ({"S3_LINK_SECONDS": "86400"}, "S3_LINK_SECONDS"),
    ):
        assert [problem.partition(":")[0] for problem in problems_of(bucket | env)] == [name]
    fits = {"S3_ENDPOINT": "http://[::1]:9000/", "S3_PREFIX": "/union/2026/", "S3_LINK_SECONDS": "0"}
    assert problems_of(bucket | fits) == []


@pytest.mark.parametrize("mark", ["$2b$12$", "$2a$10$", "sha256+$2b$12$"])
def test_bcrypt_hash_is_accepted_with_and_without_our_mark(mark: str) -> None:
    assert problems_of({"ADMIN_DEFAULT_PASS_HASH": mark + "a" * 53}) == []


def test_smtp_needs_an_account() -> None:
    found = problems_of({"MAIL_TRANSPORT": "smtp", "EMAIL_APP_PASSWORD": "REPLACE_WITH_APP_PASSWORD"})
    assert [problem.partition(":")[0] for problem in found] == ["EMAIL_USER", "EMAIL_APP_PASSWORD"]


def test_complete_production_settings_are_accepted() -> None:
    assert problems_of(PRODUCTION) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("LIVENESS", "off"),
        ("FACE_ENGINE", "fake"),
        ("MAIL_TRANSPORT", "development"),
        ("RATE_LIMITS", "off"),
        ("PUBLIC_URL", "http://vote.city.example"),
        ("ALERT_RECIPIENT", "commissioner@example.org"),
    ],
)
def test_production_refuses_a_shortcut(name: str, value: str) -> None:
    assert [problem.partition(":")[0] for problem in problems_of(PRODUCTION | {name: value})] == [name]


def test_no_secret_shows_in_the_printed_settings() -> None:
    secrets = {
        "SECRET_KEY": "s1" * 20,
        "DB_URL": "postgresql://web:s2pw@db/d",
        "EMAIL_APP_PASSWORD": "s3word",
        "REDIS_URL": "redis://:s4word@cache",
    }
    shown = repr(Settings.from_environment(secrets))
    assert [value for value in ("s1s1", "s2pw", "s3word", "s4word") if value in shown] == []


@pytest.mark.parametrize("name", [name for name in ENVIRONMENTS if name != "production"])
def test_configuration_starts_without_any_setting(name: str) -> None:
    assert problems_of({"APP_ENV": name}) == []


def test_env_file_yields_to_the_environment_and_that_to_arguments(env_file, monkeypatch) -> None:
    env_file("PORT=1001\nHOST=10.0.0.1\nLOCALE=fr\n")
    monkeypatch.setenv("PORT", "1002")
    monkeypatch.setenv("HOST", "10.0.0.2")
    settings = load_settings("development", {"HOST": "10.0.0.3"})
    assert (settings.locale, settings.port, settings.host) == ("fr", 1002, "10.0.0.3")


def test_bcrypt_hash_in_the_env_file_is_read_as_written(env_file) -> None:
    env_file("ADMIN_DEFAULT_PASS_HASH=$2b$12$HOME${HOME}" + "a" * 41)
    assert load_settings().admin_default_pass_hash == "$2b$12$HOME${HOME}" + "a" * 41


def test_misspelt_setting_in_the_env_file_is_refused(env_file) -> None:
    env_file("FACE_TRESHOLD=0.5\nCOMPOSE_PROJECT_NAME=vote\n")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.problems == ["FACE_TRESHOLD: no such setting; is FACE_THRESHOLD meant?"]


def test_testing_reads_neither_the_env_file_nor_the_environment(env_file, monkeypatch) -> None:
    env_file("DB_URL=postgresql://real:real@db/real\n")
    monkeypatch.setenv("EMAIL_USER", "real@city.example")
    settings = load_settings("testing")
    assert (settings.db_url, settings.email_user, settings.app_env) == ("", "", "testing")


def flask_app(env: dict[str, str]) -> Flask:
    app = Flask("probe")
    app.config.update(Settings.from_environment({"DB_URL": "postgres://web:w@db/d"} | env).flask_config())
    return app


@pytest.mark.parametrize(("env", "secure"), [({}, False), ({"HTTPS": "1"}, True), (PRODUCTION, True)])
def test_cookies_are_secure_where_there_is_tls(env: dict[str, str], secure: bool) -> None:
    settings = flask_app(env).config
    assert (settings["SESSION_COOKIE_SECURE"], settings["SESSION_COOKIE_NAME"].startswith("__Host-")) == (
        secure,
        secure,
    )
    assert (settings["SESSION_COOKIE_HTTPONLY"], settings["SESSION_COOKIE_SAMESITE"]) == (True, "Lax")


def test_every_role_has_its_own_engine() -> None:
    env = {f"DB_{role}_URL": f"postgresql://{role}:x@db/d" for role in ("OWNER", "SEALER", "RESULTS")}
    binds: dict[str, Any] = flask_app(env).config["SQLALCHEMY_BINDS"]
    assert {role: options["url"].split("/")[2].split(":")[0] for role, options in binds.items()} == {
        "owner": "OWNER",
        "sealer": "SEALER",
        "results": "RESULTS",
    }
    assert all(options["hide_parameters"] for options in binds.values())


def test_missing_role_address_falls_back_to_the_web_role_with_a_warning() -> None:
    settings = Settings.from_environment({"DB_URL": "postgres://web:w@db/d"})
    assert settings.flask_config()["SQLALCHEMY_BINDS"]["sealer"]["url"] == settings.db_url
    assert any("DB_SEALER_URL" in warning for warning in settings.warnings())


def test_missing_secret_key_becomes_a_random_one() -> None:
    keys = {flask_app({}).config["SECRET_KEY"] for _ in range(2)}
    assert len(keys) == 2
    assert min(map(len, keys)) >= 32


@pytest.mark.parametrize(("port", "starttls", "tls"), [("587", True, False), ("465", False, True)])
def test_mail_is_always_encrypted(port: str, starttls: bool, tls: bool) -> None:
    settings = flask_app({"MAIL_PORT": port}).config
    assert (settings["MAIL_USE_TLS"], settings["MAIL_USE_SSL"]) == (starttls, tls)


def test_given_database_address_starts_no_embedded_server(tmp_path) -> None:
    settings = Settings.from_environment({"DB_URL": "postgres://web:w@db/d", "VAR_FOLDER": str(tmp_path / "var")})
    assert settings.resolve_database() is settings
    assert not (tmp_path / "var").exists()


def test_flask_settings_wait_for_a_database_address() -> None:
    with pytest.raises(SettingsError, match="DB_URL"):
        Settings.from_environment({}).flask_config()


def test_trusted_hosts_are_a_list_and_production_warns_without_one() -> None:
    named = Settings.from_environment(PRODUCTION | {"TRUSTED_HOSTS": "vote.city.example, .city.example ,"})
    assert named.trusted_hosts == ("vote.city.example", ".city.example")
    assert not any("TRUSTED_HOSTS" in warning for warning in named.warnings())
    assert any("TRUSTED_HOSTS" in warning for warning in Settings.from_environment(PRODUCTION).warnings())
    assert not any("TRUSTED_HOSTS" in warning for warning in Settings.from_environment({}).warnings())
