"""Other keys while elections run: what was signed stays signed, what was encrypted stays readable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from cryptography.fernet import InvalidToken
from flask_babel import gettext as _
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import InstrumentedAttribute

from models import AttendanceSession, EmailMessage, FaceMean, Registration, StaffUser, VoterFace, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, FileDamaged, NotFound
from services.security import Handover

ROWS = 500
UNDER_WAY = timedelta(days=1)
"""What is encrypted for the moment, such as a check of a face or the second half of signing in, is over by then."""
Column = tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any]]
COLUMNS: tuple[Column, ...] = (
    (VoterFace.id, VoterFace.encoding),
    (FaceMean.voter_id, FaceMean.encoding),
    (Registration.id, Registration.encoding),
    (StaffUser.id, StaffUser.totp_secret),
    (EmailMessage.id, EmailMessage.body),
    (AttendanceSession.id, AttendanceSession.code_secret),
)
"""Every column that holds Fernet tokens for longer than a day, with the key of its rows."""


@dataclass
class Renewed:
    """What was looked at: `renewed` is encrypted with the newest key now, `unreadable` with none of ours."""

    looked_at: int = 0
    renewed: int = 0
    unreadable: list[str] = field(default_factory=list)


def rotate_signing_key(actor: Actor) -> Handover:
    """Make a new signing key, let the old one hand over to it, and destroy the old one.

    Web server and worker sign with the new key from their next signature on. Run it in a transaction: its row in the
    audit log is missing when the machine stops between the two; the hand-over itself is in the key folder then.
    """
    made = platform().keyring.signing_keys.rotate(utc_now())
    audit_logger.record("operator:signing_key:rotated", actor, fingerprint=platform().keyring.fingerprints()["signing"])
    return made


def add_fernet_key(actor: Actor) -> None:
    """Add a Fernet key, with which everything is encrypted from now on; run in a transaction."""
    platform().keyring.add_fernet_key()
    audit_logger.record("operator:fernet_key:rotated", actor)


def renew_all(
    transaction: Callable[[], AbstractContextManager[Any]], progress: Callable[[Renewed], None] = lambda done: None
) -> Renewed:
    """Encrypt rows and files anew with the newest key, some hundred at a time, each time in a transaction of its own.

    Run as the owner of the database. It may be stopped at any moment and run again: what is done costs a look.
    A row that somebody changes meanwhile is left as they wrote it, which is with the newest key.
    """
    done = Renewed()
    for column in COLUMNS:
        after = None
        while True:
            with transaction():
                after = _renew_rows(column, after, done)
            if after is None:
                break
            progress(done)
    for path in _private_files():
        _renew_file(path, done)
        if done.looked_at % ROWS == 0:
            progress(done)
    return done


def retire_fernet_keys(actor: Actor, transaction: Callable[[], AbstractContextManager[Any]]) -> int:
    """Forget every Fernet key but the newest, once nothing needs them; return how many went.

    Raises Conflict when there is none to forget, when the newest is younger than a day, or while anything needs them.
    """
    since = platform().keyring.fernet_keys_since()
    if since is None:
        raise Conflict(_("There is one Fernet key only. Replace it first."))
    if utc_now() - since < UNDER_WAY:
        raise Conflict(_("The newest Fernet key is not a day old. What is under way still needs the old one."))
    left = renew_all(transaction)
    if left.unreadable:
        raise Conflict(_("Nothing was removed: %(what)s cannot be read.", what=", ".join(left.unreadable[:5])))
    with transaction():
        gone = platform().keyring.retire_fernet_keys()
        audit_logger.record("operator:fernet_key:retired", actor, count=gone)
    return gone


def _renew_rows(column: Column, after: Any, done: Renewed) -> Any:
    """Renew the rows after this key and return the last one's, None when there are no more."""
    key, content = column
    wanted = select(key, content).where(content.is_not(None)).order_by(key).limit(ROWS)
    rows = db.session.execute(wanted if after is None else wanted.where(key > after)).all()
    for number, stored in rows:
        done.looked_at += 1
        try:
            renewed = platform().cipher.renewed(bytes(stored))
        except InvalidToken:
            done.unreadable.append(f"{key.class_.__tablename__} {number}")
            continue
        if renewed is not None:
            changed = update(key.class_).where(key == number, content == stored).values({content.key: renewed})
            result = db.session.execute(changed.execution_options(synchronize_session=False))
            done.renewed += cast("CursorResult[Any]", result).rowcount
    return rows[-1][0] if rows else None


def _private_files() -> Iterator[str]:
    return (found.path for found in platform().storage.files() if found.path.endswith(".enc"))


def _renew_file(path: str, done: Renewed) -> None:
    done.looked_at += 1
    try:
        done.renewed += platform().storage.renew(path)
    except NotFound:
        pass
    except FileDamaged:
        done.unreadable.append(path)
