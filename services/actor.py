"""Who asks a service to do something: handed in explicitly, never read from a request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A principal: `role` is admin, officer, observer, kiosk, voter, system or anonymous."""

    role: str
    id: int | None = None
    name: str = ""
    ip: str | None = None
    user_agent: str | None = None

    def __str__(self) -> str:
        return self.name or (f"{self.role}:{self.id}" if self.id else self.role)


SYSTEM = Actor(role="system", name="system")
OPERATOR = Actor(role="operator", name="operator")
"""Whoever types `flask` commands."""
WORKER = Actor(role="worker", name="worker")
