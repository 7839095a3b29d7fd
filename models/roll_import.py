"""Files of voters on their way into the register: the import, its rows that wait, its rows that were refused."""

from __future__ import annotations

import enum
import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from models.base import Model, TimestampMixin, text_enum


class ImportStatus(enum.StrEnum):
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ExistingVoters(enum.StrEnum):
    """What becomes of a voter who is registered already and stands in the file with other values."""

    KEEP = "keep"
    UPDATE = "update"


class BadRows(enum.StrEnum):
    """Whether one bad row refuses the whole file, or only itself."""

    REFUSE = "refuse"
    SKIP = "skip"


class RollImport(TimestampMixin, Model):
    """One file; `layout` says how it was read, `counts` what it holds, `message` why it ended without an import."""

    __tablename__ = "roll_imports"

    id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()")
    )
    election_id: Mapped[int | None] = mapped_column(ForeignKey("elections.id", ondelete="CASCADE"), index=True)
    staff_user_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id", ondelete="SET NULL"))
    actor: Mapped[str]
    file_name: Mapped[str]
    file_path: Mapped[str | None]
    file_sha256: Mapped[str]
    file_bytes: Mapped[int]
    status: Mapped[ImportStatus] = mapped_column(text_enum(ImportStatus), server_default=ImportStatus.CHECKING)
    existing: Mapped[ExistingVoters] = mapped_column(text_enum(ExistingVoters), server_default=ExistingVoters.KEEP)
    bad_rows: Mapped[BadRows] = mapped_column(text_enum(BadRows), server_default=BadRows.REFUSE)
    layout: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    progress: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    attempts: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]
    message: Mapped[str | None]
    finished_at: Mapped[datetime | None]


class ImportRow(Model):
    """A row that may be imported; `kind` is new, same or changed, `voter_id` the registered voter it belongs to."""

    __tablename__ = "roll_import_rows"

    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("roll_imports.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[str | None]
    email: Mapped[str | None]
    name: Mapped[str | None]
    dob: Mapped[date | None]
    gender: Mapped[str | None]
    phone: Mapped[str | None]
    groups: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    kind: Mapped[str | None]
    voter_id: Mapped[int | None]


class ImportProblem(Model):
    """A row that is not imported: `kind` to count by, `why` in words, `row` as it stands in the file, shortened."""

    __tablename__ = "roll_import_problems"

    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("roll_imports.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    why: Mapped[str]
    row: Mapped[str]
