"""The first start of an installation: a private `.env` with secrets of its own."""

import secrets
from dataclasses import dataclass
from pathlib import Path

import bcrypt
from dotenv import dotenv_values

from services.private_file import write_private

ADMIN = "admin"
BCRYPT_COST = 12
# Without letters and digits that are mistaken for each other when read from a screen: 16 of 31 make 79 bits.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
PASSWORD_GROUPS, GROUP_LENGTH = 4, 4


@dataclass(frozen=True)
class FirstRun:
    """What the first start made. `admin_password` is known only now, so it is shown now or never."""

    created: bool
    admin_user: str
    admin_password: str | None


def generate_password() -> str:
    """A random password of 79 bits that is easy to copy by hand, such as `k7pm-x2vd-9qrt-w4hz`."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(PASSWORD_GROUPS))
    return "-".join(groups)


def prepare_settings(project: Path) -> FirstRun:
    """Write `.env` (mode 0600) after `.env.example` unless there is one; an existing file is never changed.

    Returns the generated sign-in when this call wrote the file. Raises OSError when the folder cannot be written.
    """
    target = project / ".env"
    if target.exists():
        return _existing(target)
    password = generate_password()
    values = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "EMAIL_APP_PASSWORD": "",
        "ADMIN_DEFAULT_USER": ADMIN,
        "ADMIN_DEFAULT_PASS_HASH": bcrypt.hashpw(password.encode(), bcrypt.gensalt(BCRYPT_COST)).decode(),
    }
    try:
        write_private(target, _filled_in((project / ".env.example").read_text(encoding="utf-8"), values), False)
    except FileExistsError:  # another process was first, and its password counts
        return _existing(target)
    return FirstRun(True, ADMIN, password)


def _existing(target: Path) -> FirstRun:
    return FirstRun(False, dotenv_values(target, interpolate=False).get("ADMIN_DEFAULT_USER") or ADMIN, None)


def _filled_in(example: str, values: dict[str, str]) -> str:
    lines = []
    for line in example.splitlines():
        name = line.partition("=")[0]
        lines.append(f"{name}={values[name]}" if name in values else line)
    return "\n".join(lines) + "\n"
