"""What this installation keeps about itself: its keys' fingerprints, rate limit counters, its workers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Model, TimestampMixin


class InstallationKey(TimestampMixin, Model):
    """A key's public fingerprint, remembered at the first start and compared at every later one."""

    __tablename__ = "installation_keys"

    name: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]


class RateLimitHit(Model):
    """A fixed-window counter of Flask-Limiter, shared by all processes; unlogged, so a crash forgets it."""

    __tablename__ = "rate_limit_hits"
    __table_args__ = {"prefixes": ["UNLOGGED"]}

    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[datetime]


class WorkerBeat(Model):
    """The last sign of life of a worker; `name` is that of its computer and its process number, `votes-1:4711`."""

    __tablename__ = "worker_beats"

    name: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]
