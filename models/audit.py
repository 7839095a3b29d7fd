"""The audit log: rows immutable from insertion, hashed by the database, chained in blocks by the worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model


class AuditLog(Model):
    """A fact: `event_type` is `source:subject:action`; never a choice, a receipt or an address.

    `election_id` is no reference: a draft may be deleted, and what was done to it stays on record.
    """

    __tablename__ = "audit_logs"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_type: Mapped[str]
    actor: Mapped[str]
    election_id: Mapped[int | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    row_hash: Mapped[bytes | None]

    __table_args__ = (Index("ix_audit_logs_election_id_created_at", "election_id", "created_at"),)
