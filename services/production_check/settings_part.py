"""Settings and secrets that are right for a trial and wrong for an election."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from services.embedded_postgres import EmbeddedPostgres
from services.production_check.rows import Row, judged
from services.security.passwords import verify_password

if TYPE_CHECKING:
    from config import Settings

GUESSES = ("admin", "password", "changeme", "smart-voting")
"""Tried against the first admin's hash; each try takes as long as a sign-in (0.2 s)."""
KNOWN_PASSWORDS = frozenset({"", "postgres", "password", "smart_voting", "smart-voting", "changeme", "secret", "admin"})
KNOWN_S3_SECRETS = frozenset({"minioadmin", "minio123", "secret"})
FEWEST_CHARACTERS = 8
"""Different ones in a secret: 32 random digits of 16 have fewer once in ten million draws, other random texts never."""
LARGEST_SHARE = 1 / 3
"""Of one character in a secret: for 32 random digits of 16 more than that comes once in ten thousand draws."""
NEAR = frozenset({"localhost", "127.0.0.1", "::1", ""})
DATABASES = ("db_url", "db_owner_url", "db_sealer_url", "db_results_url")


def rows(settings: Settings, debug: bool) -> list[Row]:
    """Judge every setting as if it were production, and each secret."""
    strict = replace(settings, app_env="production")
    return [
        *judged("Environment", "production", _environment(settings)),
        *judged("Settings", "nothing that production refuses", strict.problems()),
        *judged("Debug", "off", _debugging(settings, debug)),
        *judged("Secrets", "none that anybody could guess", _secrets(settings)),
        *judged("Mail", "leaves by SMTP", _mail(settings)),
        *judged("Cookies", "over TLS only", _cookies(settings)),
        *judged("Addresses", "one name, behind a proxy that is counted", _addresses(settings), _second_steps(settings)),
        *judged("Database address", "a server of its own", _database(settings), _unencrypted(settings)),
    ]


def _environment(settings: Settings) -> list[str]:
    return [] if settings.is_production else [f"APP_ENV is {settings.app_env}: write APP_ENV=production."]


def _debugging(settings: Settings, debug: bool) -> list[str]:
    found = ["Flask debugs: start without FLASK_DEBUG and --debug; an error would show memory."] if debug else []
    return found + (["LOG_LEVEL=DEBUG: write INFO."] if settings.log_level == "DEBUG" else [])


def _secrets(settings: Settings) -> list[str]:
    found = []
    if settings.secret_key and not _looks_random(settings.secret_key):
        found.append("SECRET_KEY is no random text: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'")
    given = settings.admin_default_pass_hash
    if given and any(verify_password(guess, given)[0] for guess in (*GUESSES, settings.admin_default_user)):
        found.append("ADMIN_DEFAULT_PASS_HASH is of a password that is tried first: flask hash-password.")
    for name in DATABASES:
        if _is_known(getattr(settings, name)):
            found.append(f"{name.upper()}: the password is empty, the name of the account, or one that is tried first.")
    if settings.s3_secret_key in KNOWN_S3_SECRETS:
        found.append("S3_SECRET_KEY is the one that the service was delivered with.")
    return found


def _looks_random(secret: str) -> bool:
    counts = Counter(secret)
    return len(counts) >= FEWEST_CHARACTERS and max(counts.values()) <= LARGEST_SHARE * len(secret)


def _is_known(url: str) -> bool:
    parts = urlsplit(url)
    # Without a host the server asks the system who is there (peer), and no password is needed.
    return bool(parts.hostname) and unquote(parts.password or "") in KNOWN_PASSWORDS | {parts.username}


def _mail(settings: Settings) -> list[str]:
    if settings.mail_transport != "smtp":
        return ["MAIL_TRANSPORT=development: no voter gets a mail, and /ops/mailbox shows all. Write smtp."]
    return ["EMAIL_FROM is at example.org: write an address of yours."] if "@example.org" in settings.email_from else []


def _cookies(settings: Settings) -> list[str]:
    return [] if settings.secure_cookies else ["Cookies travel without TLS: write APP_ENV=production."]


def _addresses(settings: Settings) -> list[str]:
    found = []
    host = urlsplit(settings.public_url).hostname or ""
    if settings.trusted_hosts and host not in settings.trusted_hosts:
        found.append(f"TRUSTED_HOSTS lacks {host or 'the host of PUBLIC_URL'}: every request would be refused.")
    if not settings.trusted_hosts:
        found.append(f"TRUSTED_HOSTS is empty: write {host or 'the host of PUBLIC_URL'}.")
    if not settings.trusted_proxies and not settings.https:
        found.append(
            "TRUSTED_PROXIES=0 and HTTPS=off: behind nginx write TRUSTED_PROXIES=1, else everybody has one address and"
            " shares one limit."
        )
    return found


def _second_steps(settings: Settings) -> list[str]:
    if settings.require_totp != "off":
        return []
    return ["REQUIRE_TOTP=off: a stolen password of an admin is enough. Write admins or all."]


def _database(settings: Settings) -> list[str]:
    folder = settings.embedded_database_folder
    if not folder.exists() or EmbeddedPostgres(folder).urls().web != settings.db_url:
        return []
    return ["DB_URL is empty: the embedded database is for trials. Write the address of a server of your own."]


def _unencrypted(settings: Settings) -> list[str]:
    far = [name.upper() for name in DATABASES if _is_far_and_plain(getattr(settings, name))]
    return [f"{', '.join(far)}: another host without sslmode=verify-full; the line can be read."] if far else []


def _is_far_and_plain(url: str) -> bool:
    parts = urlsplit(url)
    return (parts.hostname or "") not in NEAR and not any(
        mode in parts.query for mode in ("sslmode=verify-full", "sslmode=verify-ca", "sslmode=require")
    )
