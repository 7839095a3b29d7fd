"""The register, or one roll, as CSV with the columns that the import reads; sent part by part."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from models import Election, Group, GroupMember, RollEntry, Voter, db
from services.exports.csv import BYTE_ORDER_MARK, safe_cell

COLUMNS = ("voter_id", "name", "email", "dob", "gender", "phone", "status", "groups")
PART = 1000
"""Rows read and sent at once."""


def voters_csv(mark: bool) -> Iterator[str]:
    """Yield the register by voter ID; `mark` puts a byte order mark first, without which Excel misreads accents."""
    yield from _parts(_voters().order_by(Voter.voter_id), COLUMNS, mark)


def roll_csv(election: Election, mark: bool) -> Iterator[str]:
    """Yield a roll by voter ID, with a last column `has_voted` (yes or no)."""
    wanted = _voters().add_columns(RollEntry.has_voted).join(RollEntry, RollEntry.voter_id == Voter.id)
    on_roll = wanted.where(RollEntry.election_id == election.id).order_by(Voter.voter_id)
    yield from _parts(on_roll, (*COLUMNS, "has_voted"), mark)


def _voters() -> Any:
    groups = (
        select(func.string_agg(Group.name, "; "))
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.voter_id == Voter.id)
        .correlate(Voter)
        .scalar_subquery()
    )
    return select(Voter.voter_id, Voter.name, Voter.email, Voter.dob, Voter.gender, Voter.phone, Voter.status, groups)


def _parts(wanted: Any, columns: tuple[str, ...], mark: bool) -> Iterator[str]:
    yield (BYTE_ORDER_MARK if mark else "") + ",".join(columns) + "\r\n"
    for part in db.session.execute(wanted.execution_options(yield_per=PART)).partitions():
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in part)
        yield buffer.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else safe_cell(str(value))
