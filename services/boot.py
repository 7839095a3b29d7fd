"""What has to be right before the application starts: adapters, and keys that belong to this database."""

from __future__ import annotations

import logging

from sqlalchemy import inspect
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from config import Settings
from models import InstallationKey, db, transaction
from services import storage
from services.context import Platform, platform
from services.face_service import build_service
from services.security import Keyring, KeyringError

log = logging.getLogger(__name__)


def build_platform(settings: Settings) -> Platform:
    """Build the adapters that the settings ask for; raises KeyringError when a key folder in use is incomplete."""
    keyring = Keyring(settings.key_folder) if settings.is_production else Keyring.ensure(settings.key_folder)
    files = storage.build(settings, keyring.cipher)
    return Platform(settings, keyring, files, build_service(settings, keyring.cipher, files))


def check_keys_at_start() -> None:
    """Do `check_keys` in a transaction of its own; a database that is down is for the health check to report."""
    try:
        with transaction():
            check_keys()
    except OperationalError as error:
        log.warning("The keys could not be compared with the database: %s", type(error.orig).__name__)


def check_keys() -> None:
    """Remember the keys' fingerprints at the first start; raises KeyringError when they differ at a later one."""
    if not inspect(db.session.connection()).has_table(InstallationKey.__tablename__):
        return
    keyring = platform().keyring
    fingerprints = keyring.fingerprints()
    rows = [{"name": name, "fingerprint": fingerprint} for name, fingerprint in fingerprints.items()]
    # Several processes start at once: the first one's fingerprints stand, the others compare theirs with them.
    db.session.execute(insert(InstallationKey).values(rows).on_conflict_do_nothing())
    known = {row.name: row.fingerprint for row in db.session.query(InstallationKey)}
    for name in fingerprints:
        if not keyring.belongs(name, known[name]):
            raise KeyringError(
                f"The {name} key in {platform().settings.key_folder} does not belong to this database."
                " Put the right key folder back; see the README, 'A lost key folder'."
            )
