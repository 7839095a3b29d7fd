"""Voters from a CSV file: sent in, looked at by the worker, decided upon, imported whole or not at all."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from flask import request
from flask_babel import gettext as _
from pydantic import Field

from blueprints.api import bp
from blueprints.api.election_shapes import Number
from blueprints.api.operations import documented
from blueprints.api.shapes import Shape, Upload
from blueprints.http import current_actor
from blueprints.policy import requires
from models import BadRows, ExistingVoters, ImportStatus, RollImport, transaction
from services import desk, roll_import
from services.api_requests import Repeatable, once
from services.security import Permission

GROUP = "Voters from a file"


class NewImport(Shape):
    """A CSV file. With `election_id` its voters come onto the roll of that draft, too."""

    file: Upload
    election_id: Number | None = None


class Wishes(Shape):
    """`existing`: what becomes of voters who are registered with other values. `bad_rows`: refuse the whole file, or
    skip them."""

    existing: ExistingVoters = ExistingVoters.KEEP
    bad_rows: BadRows = BadRows.REFUSE


class Kind(Shape):
    """How many rows are refused for this reason first."""

    reason: str
    rows: int


class OneImport(Shape):
    """How far a file is: checking, checked (decide now), importing, done; or refused, failed, cancelled, with a
    `message`. `counts`: rows that are new, same, changed or bad."""

    id: uuid.UUID
    election_id: int | None
    file_name: str
    sha256: str
    status: ImportStatus
    progress: int
    total: int
    counts: dict[str, int]
    problems: list[Kind]
    message: str | None
    existing: ExistingVoters
    bad_rows: BadRows
    created_at: datetime
    finished_at: datetime | None


class Imports(Shape):
    """The last files, the newest first."""

    imports: list[OneImport]


class RowQuery(Shape):
    """Bad rows after this line of the file."""

    after: Annotated[int, Field(ge=0, le=10**9)] = 0


class BadRow(Shape):
    """A row that is not imported: its line, why, and how it stands in the file."""

    line: int
    why: str
    row: str


class BadRowPage(Shape):
    """Fifty bad rows; ask on with `after` as long as there is a `next_after`."""

    rows: list[BadRow]
    next_after: int | None


@bp.get("/voters/imports")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, Imports)
def list_imports() -> Imports:
    """List the last files."""
    return Imports(imports=[_import_of(job) for job in roll_import.latest_imports(current_actor())])


@bp.post("/voters/imports")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, OneImport, NewImport, status=202, refuses=(409,), multipart=True, repeatable=True)
def create_import(body: NewImport, asked: Repeatable | None) -> OneImport:
    """Send a CSV file in. The worker checks it; ask for it again until it is `checked`, then start or cancel it."""
    election = desk.visible_election(body.election_id, current_actor()) if body.election_id else None
    actor, upload = current_actor(), roll_import.Upload(_file_name(), body.file)
    with transaction():
        made = once(asked, actor, lambda: roll_import.take_in(upload, election, actor).id)
    return _import_of(roll_import.get_import(uuid.UUID(made)))


@bp.get("/voters/imports/<uuid:import_id>")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, OneImport)
def get_import(import_id: uuid.UUID) -> OneImport:
    """Show how far a file is, and what is wrong with its rows."""
    return _import_of(_visible(import_id))


@bp.get("/voters/imports/<uuid:import_id>/bad-rows")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, BadRowPage, query=RowQuery)
def list_bad_rows(import_id: uuid.UUID, query: RowQuery) -> BadRowPage:
    """List the rows that cannot be imported, in the order of the file."""
    found = roll_import.problems(_visible(import_id), query.after)
    rows = [BadRow(line=one.line, why=one.why, row=one.row) for one in found]
    return BadRowPage(rows=rows, next_after=rows[-1].line if len(rows) == roll_import.PROBLEMS_SHOWN else None)


@bp.post("/voters/imports/<uuid:import_id>/start")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, OneImport, Wishes, status=202, refuses=(409,))
def start_import(import_id: uuid.UUID, body: Wishes) -> OneImport:
    """Import a checked file, all in one transaction."""
    _visible(import_id)
    with transaction():
        job = roll_import.start(import_id, body.existing, body.bad_rows, current_actor())
    return _import_of(job)


@bp.post("/voters/imports/<uuid:import_id>/cancel")
@requires(Permission.MANAGE_VOTERS)
@documented(GROUP, OneImport, refuses=(409,))
def cancel_import(import_id: uuid.UUID) -> OneImport:
    """Stop an import; nothing of it stays."""
    _visible(import_id)
    with transaction():
        job = roll_import.cancel(import_id, current_actor())
    return _import_of(job)


def _visible(import_id: uuid.UUID) -> RollImport:
    job = roll_import.get_import(import_id)
    if job.election_id is not None:
        desk.visible_election(job.election_id, current_actor())
    return job


def _file_name() -> str:
    sent = request.files.get("file")
    return (sent.filename if sent is not None else None) or _("without a name")


def _import_of(job: RollImport) -> OneImport:
    kinds = [Kind(reason=reason, rows=rows) for reason, rows in roll_import.problem_kinds(job)]
    same = {name: getattr(job, name) for name in OneImport.model_fields if name not in ("sha256", "problems", "counts")}
    counts = {name: count for name, count in job.counts.items() if isinstance(count, int)}
    return OneImport(**same, sha256=job.file_sha256, problems=kinds, counts=counts)
