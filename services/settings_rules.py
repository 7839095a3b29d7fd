"""What settings must hold before the application starts, and what it warns about."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

if TYPE_CHECKING:
    from config import Settings

SECRET_CHARACTERS = 32
# The ordered value is the highest. Measured on the pairs of benchmarks/face_accuracy.py: above it strangers pass.
LOWEST_FACE_THRESHOLD, HIGHEST_FACE_THRESHOLD = 0.35, 0.6
MOST_PROXIES = 10
TOKEN_CHARACTERS = 24
RANGES = (
    ("port", 1, 65535),
    ("mail_port", 1, 65535),
    ("db_pool_size", 1, 200),
    ("db_replica_lag_seconds", 2, 600),
    ("db_pool_overflow", 0, 200),
    ("mail_per_minute", 0, 100_000),
    ("max_upload_mb", 1, 20),
    ("snapshot_days", 1, 3650),
    ("face_erase_days", 1, 3650),
    ("roll_keep_days", 0, 36500),
    ("snapshot_mb", 1, 1_000_000),
    ("disk_floor_mb", 0, 1_000_000),
    ("log_mb", 10, 100_000),
    ("head_every_minutes", 1, 60),
    ("head_mail_minutes", 5, 1440),
    ("voting_link_days", 1, 90),
    ("s3_link_seconds", 0, 3600),
    ("session_idle_minutes", 5, 720),
)
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# It goes into a header of every answer.
ENDPOINT = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?")
PREFIX = re.compile(r"([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?")
SHORTEST_LINK_SECONDS = 30
PLACEHOLDERS = ("replace", "change_me", "changeme", "placeholder", "your_", "<")
CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
BCRYPT_PREFIXES = ("$2a$", "$2b$", "$2y$")
PREHASH_MARK = "sha256+"  # services.security.passwords writes it before a hash of its own


def problems(settings: Settings) -> list[str]:
    """Everything that keeps these settings from being used, one sentence each."""
    found = _value_problems(settings) + mail_problems(settings) + stamp_problems(settings) + storage_problems(settings)
    return found + (_production_problems(settings) if settings.is_production else [])


def warnings(settings: Settings) -> list[str]:
    """What works and is not recommended, one sentence each."""
    roles = (settings.db_url, settings.db_owner_url, settings.db_sealer_url, settings.db_results_url)
    rules = {
        "DB_OWNER_URL, DB_SEALER_URL, DB_RESULTS_URL: one account has several roles; secrecy needs four": bool(
            settings.db_url
        )
        and (not all(roles) or len(set(roles)) < len(roles)),
        "SECRET_KEY: empty, so everybody is signed out at each start": not settings.secret_key,
        "LIVENESS: off, a photograph passes for a voter": not settings.liveness,
        "FACE_ENGINE: fake, no face is checked": settings.face_engine == "fake",
        "TRUSTED_HOSTS: empty, so whoever asks chooses the host in addresses that pages show": settings.is_production
        and not settings.trusted_hosts,
        "RATE_LIMITS: off, passwords can be tried without end": not settings.rate_limits,
        "MAIL_TRANSPORT: development, no mail leaves this computer": settings.mail_transport == "development",
    }
    return [warning for warning, applies in rules.items() if applies]


def _is_placeholder(text: str) -> bool:
    return any(mark in text.lower() for mark in PLACEHOLDERS)


def _value_problems(settings: Settings) -> list[str]:
    found = []
    if settings.secret_key and (len(settings.secret_key) < SECRET_CHARACTERS or _is_placeholder(settings.secret_key)):
        found.append(f"SECRET_KEY: write {SECRET_CHARACTERS} or more random characters")
    for name in ("db_url", "db_owner_url", "db_sealer_url", "db_results_url", "db_direct_url", "db_replica_url"):
        if getattr(settings, name) and not getattr(settings, name).startswith("postgresql+psycopg2://"):
            found.append(f"{name.upper()}: write an address that begins with postgresql://")
    given = settings.admin_default_pass_hash.removeprefix(PREHASH_MARK)
    if given and not given.startswith(BCRYPT_PREFIXES):
        found.append("ADMIN_DEFAULT_PASS_HASH: write a bcrypt hash; `flask hash-password` makes one")
    if not LOWEST_FACE_THRESHOLD <= settings.face_threshold <= HIGHEST_FACE_THRESHOLD:
        found.append(f"FACE_THRESHOLD: write a number from {LOWEST_FACE_THRESHOLD} to {HIGHEST_FACE_THRESHOLD}")
    for name, low, high in RANGES:
        if not low <= getattr(settings, name) <= high:
            found.append(f"{name.upper()}: write a number from {low} to {high}")
    if not 0 <= settings.trusted_proxies <= MOST_PROXIES:
        found.append(f"TRUSTED_PROXIES: write the number of proxies in front, 0 to {MOST_PROXIES}")
    for name in ("metrics_token", "mail_webhook_secret"):
        token = getattr(settings, name)
        if token and (len(token) < TOKEN_CHARACTERS or _is_placeholder(token)):
            found.append(f"{name.upper()}: write {TOKEN_CHARACTERS} or more random characters, or leave it empty")
    if settings.timezone not in available_timezones():
        found.append("TIMEZONE: write a name such as UTC or Europe/Berlin")
    if settings.public_url and not settings.public_url.startswith(("http://", "https://")):
        found.append("PUBLIC_URL: write an address that begins with https://")
    if settings.redis_url and not settings.redis_url.startswith(("redis://", "rediss://", "unix://")):
        found.append("REDIS_URL: write an address that begins with redis://")
    return found


def mail_problems(settings: Settings) -> list[str]:
    """Everything that keeps mail from leaving as it is set, one sentence each."""
    found = [
        f"{name.upper()}: write a mail address"
        for name in ("email_from", "alert_recipient")
        if "@" not in getattr(settings, name)
    ]
    if settings.mail_transport == "smtp":
        names = ("email_user", "email_app_password", "mail_server")
        found += [
            f"{name.upper()}: missing, MAIL_TRANSPORT=smtp needs it"
            for name in names
            if not getattr(settings, name) or _is_placeholder(getattr(settings, name))
        ]
    if settings.mail_cafile and not Path(settings.mail_cafile).is_file():
        found.append("MAIL_CAFILE: there is no such file")
    return found


def stamp_problems(settings: Settings) -> list[str]:
    """Everything that keeps time stamps from being asked for and checked as it is set, one sentence each."""
    found = []
    if settings.timestamp_url and not settings.timestamp_url.startswith(("http://", "https://")):
        found.append("TIMESTAMP_URL: write an address that begins with https:// or http://")
    if settings.timestamp_url and settings.timestamp_ca is None:
        found.append("TIMESTAMP_CA: missing, TIMESTAMP_URL needs it to know whom to trust")
    if settings.timestamp_ca is not None and not settings.timestamp_ca.is_file():
        found.append("TIMESTAMP_CA: there is no such file")
    elif settings.timestamp_ca is not None and CERTIFICATE not in settings.timestamp_ca.read_bytes():
        found.append("TIMESTAMP_CA: the file holds no certificate in PEM")
    return found


def storage_problems(settings: Settings) -> list[str]:
    """Everything that keeps files from being stored as it is set, one sentence each."""
    found = []
    if settings.storage_backend == "s3" and not settings.s3_bucket:
        found.append("S3_BUCKET: missing, STORAGE_BACKEND=s3 needs it")
    if settings.s3_bucket and not BUCKET.fullmatch(settings.s3_bucket):
        found.append("S3_BUCKET: write 3 to 63 small letters, digits, dots or hyphens")
    if bool(settings.s3_access_key) != bool(settings.s3_secret_key):
        found.append("S3_ACCESS_KEY, S3_SECRET_KEY: write both or neither")
    for name in ("s3_endpoint", "s3_public_endpoint"):
        if getattr(settings, name) and not ENDPOINT.fullmatch(getattr(settings, name)):
            found.append(f"{name.upper()}: write an address such as https://minio.example.org:9000")
    if not PREFIX.fullmatch(settings.s3_prefix):
        found.append("S3_PREFIX: write letters, digits, hyphens and slashes")
    if 0 < settings.s3_link_seconds < SHORTEST_LINK_SECONDS:
        found.append(f"S3_LINK_SECONDS: write 0, or {SHORTEST_LINK_SECONDS} and more")
    return found


def _production_problems(settings: Settings) -> list[str]:
    rules = {
        "SECRET_KEY: missing, production has no default": not settings.secret_key,
        "LIVENESS: production needs it on": not settings.liveness,
        "FACE_ENGINE: production needs dlib": settings.face_engine != "dlib",
        "MAIL_TRANSPORT: production needs smtp": settings.mail_transport != "smtp",
        "RATE_LIMITS: production needs them on": not settings.rate_limits,
        "PUBLIC_URL: production needs an address that begins with https://": not settings.public_url.startswith(
            "https"
        ),
        "ALERT_RECIPIENT: write the commissioner's address": settings.alert_recipient.endswith("@example.org"),
    }
    return [problem for problem, broken in rules.items() if broken]
