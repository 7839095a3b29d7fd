"""The keys of a new installation, made once and on purpose: production makes none by itself.

A wrong path or a disk that is not mounted looks like a new installation. So keys that are there stay, and a database
that knows keys gets no others.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from services.errors import Conflict
from services.security import Keyring, KeyringError

CONNECT_SECONDS = 5


@dataclass(frozen=True)
class Made:
    """What was made: the rights of each file and folder (as `0600`), and a public fingerprint of each key.

    `asked` tells whether the database could be asked if it knows keys already.
    """

    folder: Path
    rights: dict[str, str]
    fingerprints: dict[str, str]
    asked: bool


def make(settings: Settings) -> Made:
    """Make all keys of an installation in KEY_FOLDER, for this account alone. Works without an application.

    Raises Conflict for a folder that holds keys, for a database that knows keys, and for a folder without rights.
    """
    folder = settings.key_folder
    try:
        _refuse_keys_in(folder)
        asked = _refuse_keys_known_to(_database_of(settings))
        keyring = Keyring.ensure(folder)
        keyring.backup_key()
        return Made(folder, _rights(folder), keyring.fingerprints(), asked)
    except OSError as error:
        why = error.strerror or str(error)
        raise Conflict(_("%(folder)s cannot be written to: %(why)s", folder=folder, why=why)) from error
    except KeyringError as error:
        raise Conflict(str(error)) from error


def _refuse_keys_in(folder: Path) -> None:
    found = sorted(path.name for path in folder.rglob("*") if path.is_file())
    if found:
        raise Conflict(
            _("%(folder)s holds keys already (%(names)s), and nothing was changed. A new one has an empty folder.",
              folder=folder, names=", ".join(found[:5]))
        )  # fmt: skip


def _database_of(settings: Settings) -> str:
    if settings.uses_embedded_database and not settings.embedded_database_folder.exists():
        return ""
    return settings.resolve_database(start=False).db_url


def _refuse_keys_known_to(url: str) -> bool:
    """Raise Conflict when the database knows keys; return whether it could be asked."""
    if not url:
        return False
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})
    try:
        with engine.connect() as connection:
            if connection.scalar(text("SELECT to_regclass('installation_keys')")) is None:
                return True
            known = connection.scalar(text("SELECT fingerprint FROM installation_keys WHERE name = 'signing'"))
    except SQLAlchemyError:
        return False
    if known:
        raise Conflict(
            _("The database belongs to keys that exist already (signing key %(fingerprint)s). Put those back:"
              " python -m blueprints.cli.restore_keys FILE", fingerprint=known)
        )  # fmt: skip
    return True


def _rights(folder: Path) -> dict[str, str]:
    paths = [folder, *sorted(folder.rglob("*"))]
    return {str(path): f"{stat.S_IMODE(path.stat().st_mode):04o}" for path in paths}
