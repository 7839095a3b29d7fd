"""The worker's half: one import after the other, each step in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, text
from sqlalchemy.exc import IntegrityError

from models import ImportRow, ImportStatus, db
from services.clock import utc_now
from services.errors import DomainError, StorageAway
from services.roll_import.applying import apply_rows
from services.roll_import.checking import check_file
from services.roll_import.errors import ImportRefused, Superseded
from services.roll_import.queue import MAX_ATTEMPTS, Claim, claim_next, finish, postpone, progress_of

log = logging.getLogger(__name__)
Transaction = Callable[[], AbstractContextManager[Any]]


def run_due(transaction: Transaction) -> int:
    """Do every step that waits and return how many; a worker that dies is followed by another after the lease."""
    steps = 0
    while True:
        with transaction():
            claim = claim_next()
        if claim is None:
            return steps
        _step(claim, transaction)
        steps += 1


def _step(claim: Claim, transaction: Transaction) -> None:
    try:
        if claim.attempts > MAX_ATTEMPTS:
            raise ImportRefused(_("This did not work after several tries. Nothing was imported. Tell the operator."))
        with progress_of(claim) as progress, transaction():
            work = check_file if claim.status is ImportStatus.CHECKING else apply_rows
            work(claim, progress)
    except Superseded:
        log.info("The import %s was cancelled or is done elsewhere.", claim.id)
    except StorageAway:
        log.warning("The file of the import %s cannot be read now; it is tried again.", claim.id)
        with transaction():
            postpone(claim)
    except (ImportRefused, DomainError) as refused:
        _give_up(claim, str(refused), transaction)
    except IntegrityError:
        # Somebody added one of these voters in this moment: compared once more, it is a registered one.
        log.warning("The import %s met a change of the register and starts over.", claim.id)
        _release(claim, transaction)
    else:
        _look_at_tables(claim)


def _give_up(claim: Claim, words: str, transaction: Transaction) -> None:
    status = ImportStatus.FAILED if claim.attempts > MAX_ATTEMPTS else ImportStatus.REFUSED
    with transaction():
        finish(claim, status=status, message=words, finished_at=utc_now())
        db.session.execute(delete(ImportRow).where(ImportRow.import_id == claim.id))


def _release(claim: Claim, transaction: Transaction) -> None:
    with transaction():
        finish(claim)


def _look_at_tables(claim: Claim) -> None:
    """Tell the planner of the new rows now: the next search comes sooner than autovacuum."""
    if claim.status is not ImportStatus.IMPORTING:
        return
    engine = db.session.get_bind().engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for table in ("voters", "roll_entries", "group_members"):
            connection.execute(text(f"ANALYZE {table}"))
