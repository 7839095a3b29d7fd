"""Typed settings from the environment and from `.env`; the only place that reads either.

The name of a setting is its field in capitals. `.env.example` explains every one of them.
"""

import difflib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from dotenv import dotenv_values

from services import settings_rules
from services.settings_rules import SECRET_CHARACTERS
from services.settings_values import booth_keys as _booth_keys
from services.settings_values import decimal as _decimal
from services.settings_values import normalise_database_url
from services.settings_values import one_of as _one_of
from services.settings_values import optional_path as _optional_path
from services.settings_values import path as _path
from services.settings_values import switch as _switch
from services.settings_values import whole as _whole
from services.settings_values import words as _list

PROJECT = Path(__file__).resolve().parent
ENVIRONMENTS = ("development", "testing", "production")
REQUEST_BYTES = 30 * 1024 * 1024  # a chunk of 8 camera frames fits, and a 20 MB picture gets our own answer
SESSION_LIFETIME = timedelta(hours=12)
# What a configuration changes unless the environment says otherwise.
PROFILES: dict[str, dict[str, str]] = {
    "development": {},
    "testing": {
        "SECRET_KEY": "for-tests-only-" + "0" * SECRET_CHARACTERS,
        "VAR_FOLDER": "var/testing",
        "UPLOAD_FOLDER": "var/testing/uploads",
        "RATE_LIMITS": "off",
        "MAIL_PER_MINUTE": "0",
        "LOG_LEVEL": "WARNING",
    },
    "production": {"MAIL_TRANSPORT": "smtp"},
}


class SettingsError(Exception):
    """Settings that cannot be used; `problems` holds one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("Check the settings (.env):\n" + "\n".join(f"  - {problem}" for problem in problems))


class DatabaseAddresses(Protocol):
    """One SQLAlchemy URL for each role, as the embedded server gives them."""

    @property
    def web(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def sealer(self) -> str: ...
    @property
    def results(self) -> str: ...


def _setting(parse: Callable[[str], Any], default: str = "", secret: bool = False) -> Any:
    return field(metadata={"parse": parse, "default": default}, repr=not secret)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting, parsed. Folders are absolute; addresses name their driver; secrets stay out of the repr."""

    # The ordered ones
    secret_key: str = _setting(str, secret=True)
    db_url: str = _setting(normalise_database_url, secret=True)
    email_user: str = _setting(str)
    email_app_password: str = _setting(str, secret=True)
    email_from: str = _setting(str, "Election Commission <commission@example.org>")
    admin_default_user: str = _setting(str, "admin")
    admin_default_pass_hash: str = _setting(str, secret=True)
    face_model: str = _setting(_one_of("hog", "cnn"), "hog")
    face_threshold: float = _setting(_decimal, "0.6")
    alert_recipient: str = _setting(str, "commissioner@example.org")
    # The application
    app_env: str = _setting(_one_of(*ENVIRONMENTS), "development")
    public_url: str = _setting(lambda text: text.rstrip("/"))
    locale: str = _setting(str, "en")
    timezone: str = _setting(str, "UTC")
    require_totp: str = _setting(_one_of("off", "admins", "all"), "off")
    session_idle_minutes: int = _setting(_whole, "30")
    # The database's other roles
    db_owner_url: str = _setting(normalise_database_url, secret=True)
    db_sealer_url: str = _setting(normalise_database_url, secret=True)
    db_results_url: str = _setting(normalise_database_url, secret=True)
    db_direct_url: str = _setting(normalise_database_url, secret=True)
    db_replica_url: str = _setting(normalise_database_url, secret=True)
    db_replica_lag_seconds: int = _setting(_whole, "5")
    db_pool_size: int = _setting(_whole, "10")
    db_pool_overflow: int = _setting(_whole, "10")
    # Folders
    var_folder: Path = _setting(_path, "var")
    key_folder: Path = _setting(_path, "var/keys")
    upload_folder: Path = _setting(_path, "uploads")
    log_folder: Path = _setting(_path, "var/log")
    log_level: str = _setting(_one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
    # Mail
    mail_transport: str = _setting(_one_of("development", "smtp"), "development")
    mail_server: str = _setting(str, "smtp.gmail.com")
    mail_port: int = _setting(_whole, "587")
    mail_cafile: str = _setting(str)
    mail_per_minute: int = _setting(_whole, "600")
    mail_webhook_secret: str = _setting(str, secret=True)
    voting_link_days: int = _setting(_whole, "7")
    # Tamper evidence
    head_every_minutes: int = _setting(_whole, "5")
    head_mail_minutes: int = _setting(_whole, "60")
    timestamp_url: str = _setting(str)
    timestamp_ca: Path | None = _setting(_optional_path)
    # Faces
    face_engine: str = _setting(_one_of("dlib", "fake"), "dlib")
    liveness: bool = _setting(_switch, "on")
    max_upload_mb: int = _setting(_whole, "5")
    # Disk
    snapshot_days: int = _setting(_whole, "30")
    face_erase_days: int = _setting(_whole, "30")
    roll_keep_days: int = _setting(_whole, "365")
    snapshot_mb: int = _setting(_whole, "500")
    disk_floor_mb: int = _setting(_whole, "200")
    log_mb: int = _setting(_whole, "50")
    # A bucket instead of UPLOAD_FOLDER
    storage_backend: str = _setting(_one_of("local", "s3"), "local")
    s3_bucket: str = _setting(str)
    s3_region: str = _setting(str, "us-east-1")
    s3_access_key: str = _setting(str)
    s3_secret_key: str = _setting(str, secret=True)
    s3_endpoint: str = _setting(lambda text: text.rstrip("/"))
    s3_public_endpoint: str = _setting(lambda text: text.rstrip("/"))
    s3_prefix: str = _setting(lambda text: text.strip("/"))
    s3_link_seconds: int = _setting(_whole, "300")
    # Web server
    host: str = _setting(str, "127.0.0.1")
    port: int = _setting(_whole, "8000")
    https: bool = _setting(_switch, "off")
    trusted_hosts: tuple[str, ...] = _setting(_list)
    trusted_proxies: int = _setting(_whole, "0")
    cors_origins: tuple[str, ...] = _setting(_list)
    metrics_token: str = _setting(str, secret=True)
    rate_limits: bool = _setting(_switch, "on")
    redis_url: str = _setting(str, secret=True)
    # The booth
    booth_keys: str = _setting(_booth_keys, "F2 F4 F8 F9")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of all settings as the environment spells them, the ordered ones first."""
        return tuple(item.name.upper() for item in fields(cls))

    @classmethod
    def from_environment(cls, env: Mapping[str, str | None]) -> "Settings":
        """Parse an environment; an empty value counts as absent.

        Raises SettingsError that names every value which cannot be read. Rules are checked by `validate()`.
        """
        profile = PROFILES.get(env.get("APP_ENV") or "development", {})
        values: dict[str, Any] = {}
        problems: list[str] = []
        for item in fields(cls):
            name, default = item.name.upper(), item.metadata["default"]
            text = (env.get(name) or "").strip() or profile.get(name, default)
            try:
                values[item.name] = item.metadata["parse"](text)
            except ValueError as error:
                problems.append(f"{name}: {error}")
                values[item.name] = item.metadata["parse"](default)
        if (env.get("VAR_FOLDER") or profile.get("VAR_FOLDER")) and not problems:
            _follow_var_folder(values, env)
        settings = cls(**values)
        if problems:
            raise SettingsError(problems + settings.problems())
        return settings

    @property
    def is_production(self) -> bool:
        """Whether real elections run here."""
        return self.app_env == "production"

    @property
    def uses_embedded_database(self) -> bool:
        """Whether the application brings its own PostgreSQL."""
        return not self.db_url

    @property
    def embedded_database_folder(self) -> Path:
        """Where the embedded server keeps its files."""
        return self.var_folder / "postgres"

    @property
    def listener_dsn(self) -> str:
        """The web role's address past any PgBouncer, as PostgreSQL's own library reads it: LISTEN needs a session."""
        return (self.db_direct_url or self.db_url).replace("postgresql+psycopg2://", "postgresql://", 1)

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies travel over TLS only."""
        return self.is_production or self.https

    def with_databases(self, urls: DatabaseAddresses) -> "Settings":
        """The same settings with the addresses of the embedded server."""
        return replace(
            self, db_url=urls.web, db_owner_url=urls.owner, db_sealer_url=urls.sealer, db_results_url=urls.results
        )

    def resolve_database(self, start: bool = True) -> "Settings":
        """The same settings with every database address filled in.

        With an empty DB_URL the embedded server is set up and started; `start=False` only looks up the addresses
        of one that is set up.
        Raises EmbeddedPostgresError.
        """
        if not self.uses_embedded_database:
            return self
        from services.embedded_postgres import EmbeddedPostgres

        server = EmbeddedPostgres(self.embedded_database_folder)
        known = self.embedded_database_folder.exists()
        return self.with_databases(server.ensure() if start or not known else server.urls())

    def validate(self) -> None:
        """Raise one SettingsError that lists everything wrong."""
        problems = self.problems()
        if problems:
            raise SettingsError(problems)

    def problems(self) -> list[str]:
        """Everything that keeps these settings from being used, one sentence each."""
        return settings_rules.problems(self)

    def warnings(self) -> list[str]:
        """What works and is not recommended, one sentence each."""
        return settings_rules.warnings(self)

    def flask_config(self) -> dict[str, Any]:
        """What Flask and its extensions read. Raises SettingsError while the database address is unknown."""
        if not self.db_url:
            raise SettingsError(["DB_URL: unknown until resolve_database() has filled it in"])
        return {
            "ENV_NAME": self.app_env,
            "TESTING": self.app_env == "testing",
            **_web_config(self),
            **_database_config(self),
            **_mail_config(self),
            "BABEL_DEFAULT_LOCALE": self.locale,
            "BABEL_DEFAULT_TIMEZONE": self.timezone,
        }


def load_settings(name: str | None = None, overrides: Mapping[str, str] | None = None) -> Settings:
    """Settings of this process: `.env`, over it the environment, over it `overrides`, checked.

    The testing configuration reads neither `.env` nor the environment: no test may reach a real database or
    mailbox. Raises SettingsError.
    """
    overrides = dict(overrides or {})
    if name:
        overrides["APP_ENV"] = name
    if name == "testing":
        env: dict[str, str | None] = dict(overrides)
        misspelt: list[str] = []
    else:
        written = dotenv_values(PROJECT / ".env", interpolate=False)
        env = {**written, **os.environ, **overrides}
        misspelt = _misspelt(written)
    settings = Settings.from_environment(env)
    if misspelt:
        raise SettingsError(misspelt + settings.problems())
    settings.validate()
    return settings


def child_environment() -> dict[str, str]:
    """The environment of a program that the application starts: ours, and Flask reads no `.env` of its own."""
    return {**os.environ, "FLASK_SKIP_DOTENV": "1"}


def gather_metrics(settings: Settings) -> Path:
    """Make the folder in which all processes of the installation add up their metrics, and return it.

    prometheus-client reads its name from the environment, which children inherit: the first one named stands.
    """
    folder = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(settings.var_folder / "metrics")))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _follow_var_folder(values: dict[str, Any], env: Mapping[str, str | None]) -> None:
    """Keys and logs move with VAR_FOLDER unless they have a place of their own."""
    for name, folder in (("key_folder", "keys"), ("log_folder", "log")):
        if not env.get(name.upper()):
            values[name] = values["var_folder"] / folder


def _misspelt(names: Mapping[str, object]) -> list[str]:
    known = Settings.names()
    unknown = {name: difflib.get_close_matches(name, known, n=1, cutoff=0.85) for name in names if name not in known}
    return [f"{name}: no such setting; is {close[0]} meant?" for name, close in unknown.items() if close]


def _web_config(settings: Settings) -> dict[str, Any]:
    return {
        # Random when absent: never a known key, at the price of signing everybody out at a restart.
        "SECRET_KEY": settings.secret_key or secrets.token_urlsafe(SECRET_CHARACTERS),
        "SESSION_COOKIE_NAME": "__Host-sv" if settings.secure_cookies else "sv",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "PERMANENT_SESSION_LIFETIME": SESSION_LIFETIME,
        "PREFERRED_URL_SCHEME": "https" if settings.secure_cookies else "http",
        "BOOTH_KEYS": settings.booth_keys,
        "TRUSTED_HOSTS": list(settings.trusted_hosts) or None,
        "MAX_CONTENT_LENGTH": REQUEST_BYTES,
        "MAX_FORM_MEMORY_SIZE": REQUEST_BYTES,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a kiosk stays open all day
        "WTF_CSRF_HEADERS": ["X-CSRFToken"],
        "RATELIMIT_ENABLED": settings.rate_limits,
        "RATELIMIT_STORAGE_URI": "shared+redis://" if settings.redis_url else settings.db_url,
        "RATELIMIT_STORAGE_OPTIONS": {
            "redis_url": settings.redis_url,
            "database_url": settings.db_url,
            "secret": settings.secret_key,
        },
        "RATELIMIT_HEADERS_ENABLED": True,
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
    }


def _database_config(settings: Settings) -> dict[str, Any]:
    def engine(role: str, url: str, size: int) -> dict[str, Any]:
        return {
            "url": url or settings.db_url,
            "pool_size": min(size, settings.db_pool_size),
            "max_overflow": settings.db_pool_overflow,
            "hide_parameters": True,  # an error must not carry a voter or a ballot into a log
            "connect_args": {"connect_timeout": 10, "application_name": f"smart-voting {role}"},
        }

    def replica() -> dict[str, Any]:
        found = engine("replica", settings.db_replica_url, settings.db_pool_size)
        # A replica that vanished must not hold up pages that the primary can answer.
        found["connect_args"] |= {"connect_timeout": 2, "tcp_user_timeout": 5000}
        return found | {"execution_options": {"postgresql_readonly": True}}

    web = engine("web", settings.db_url, settings.db_pool_size)
    return {
        "SQLALCHEMY_DATABASE_URI": web.pop("url"),
        "SQLALCHEMY_ENGINE_OPTIONS": web,
        "SQLALCHEMY_BINDS": {
            "owner": engine("owner", settings.db_owner_url, 2),
            "sealer": engine("sealer", settings.db_sealer_url, 2),
            "results": engine("results", settings.db_results_url, 5),
            **({"replica": replica()} if settings.db_replica_url else {}),
        },
    }


def _mail_config(settings: Settings) -> dict[str, Any]:
    return {
        "MAIL_SERVER": settings.mail_server,
        "MAIL_PORT": settings.mail_port,
        "MAIL_USE_TLS": settings.mail_port != 465,
        "MAIL_USE_SSL": settings.mail_port == 465,
        "MAIL_USERNAME": settings.email_user or None,
        "MAIL_PASSWORD": settings.email_app_password or None,
        "MAIL_DEFAULT_SENDER": settings.email_from,
        "MAIL_CAFILE": settings.mail_cafile or None,
        "MAIL_SUPPRESS_SEND": False,  # the transport decides; Flask-Mail would fall silent in tests
    }
