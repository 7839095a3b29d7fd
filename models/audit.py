"""The audit log: rows immutable from insertion, hashed by the database, chained in blocks by the worker."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, text_enum

PARTITIONS = "audit_logs_"
"""How the names of its partitions begin."""


def is_no_partition(item: Any, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    """Tell Alembic what to compare with the models: partitions, which the worker makes, are none of them."""
    if kind == "foreign_key_constraint":
        return not any(element.target_fullname.startswith(PARTITIONS) for element in item.elements)
    return kind != "table" or not (name or "").startswith(PARTITIONS)


class AuditLog(Model):
    """A fact: `event_type` is `source:subject:action`; never a choice, a receipt or an address.

    `election_id` is no reference: a draft may be deleted, and what was done to it stays on record.
    In partitions by number, which the worker makes ahead (`migrations/sql/audit_partitions.sql`).
    """

    __tablename__ = "audit_logs"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_type: Mapped[str]
    actor: Mapped[str]
    election_id: Mapped[int | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    row_hash: Mapped[bytes | None]

    __table_args__ = (
        Index("ix_audit_logs_election_id_created_at", "election_id", "created_at"),
        Index("ix_audit_logs_election_id_id", "election_id", "id"),
        Index("ix_audit_logs_event_type_id", "event_type", "id"),
        Index("ix_audit_logs_actor_id", "actor", "id"),
        Index("ix_audit_logs_created_at", "created_at"),
        {"postgresql_partition_by": "RANGE (id)"},
    )


class Refusal(enum.StrEnum):
    """Why a request was refused; `burst` marks that one address was refused suspiciously often."""

    SIGN_IN = "sign_in"
    NOT_SIGNED_IN = "not_signed_in"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    TOO_MANY = "too_many"
    CSRF = "csrf"
    BURST = "burst"


class RequestAudit(Model):
    """Refused requests, counted by minute: no address of a page, no query, no body. The caller's address goes first."""

    __tablename__ = "request_audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    minute: Mapped[datetime]
    kind: Mapped[Refusal] = mapped_column(text_enum(Refusal))
    endpoint: Mapped[str] = mapped_column(server_default="", default="")
    role: Mapped[str] = mapped_column(server_default="", default="")
    ip_address: Mapped[str | None] = mapped_column(INET)
    count: Mapped[int] = mapped_column(server_default="1")

    __table_args__ = (
        UniqueConstraint("minute", "kind", "endpoint", "role", "ip_address"),
        Index("ix_request_audit_ip_address_minute", "ip_address", "minute"),
        CheckConstraint("count >= 1", name="counts"),
    )
