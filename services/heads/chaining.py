"""Audit rows enter the chain in blocks, some seconds after they were written; run by the worker, as the sealer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import text

from models import db

Transaction = Callable[[], AbstractContextManager[Any]]
BLOCK_ROWS = 5000
"""Most rows of one block: it is made in one transaction, and whoever closes an election waits for it."""


def chain_due(transaction: Transaction) -> int:
    """Chain what waits, each block in a transaction of its own; return the rows chained."""
    chained = 0
    while True:
        with transaction():
            rows = _call(everything=False)
        chained += rows
        if rows < BLOCK_ROWS:
            return chained


def chain_audit_rows() -> int:
    """Chain all rows that this transaction can see, in blocks, and return how many there were.

    Looks at every row of the log, also at those below the mark that `chain_due` starts from.
    """
    chained = 0
    while rows := _call(everything=True):
        chained += rows
    return chained


def _call(*, everything: bool) -> int:
    statement = text("SELECT chain_audit_rows(:rows, :everything)")
    return int(db.session.scalar(statement, {"rows": BLOCK_ROWS, "everything": everything}) or 0)
