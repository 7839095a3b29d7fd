"""Runs of the self-attack: when, by whom, and how many ballots each attack linked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model


class SecrecyAudit(Model):
    """One run of `flask audit secrecy`; `findings` hold numbers and sentences, never a voter or a choice."""

    __tablename__ = "secrecy_audits"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    actor: Mapped[str]
    votes: Mapped[int]
    ballots: Mapped[int]
    linked: Mapped[int]
    exposed: Mapped[bool]
    unanimous: Mapped[bool]
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)

    __table_args__ = (
        CheckConstraint("linked >= 0 AND votes >= 0 AND ballots >= 0", name="counts"),
        Index("ix_secrecy_audits_election_id_id", "election_id", "id"),
    )
