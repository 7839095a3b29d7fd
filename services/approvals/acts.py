"""The one registry of dangerous acts.

To add one, write its functions beside the rules they belong to and register it at the end of that module, in one line:

    register(DangerousAct("roll_add", check=_can_add, describe=_describe_adding, perform=_add))

check(election, payload)      raises a DomainError (Conflict, ValidationFailed) when the act is not possible now; called
                              when it is asked for, and again right before it is performed, with the election locked.
describe(election, payload)   returns a `Description`: what will happen, counted, in words for the second person.
perform(election, payload, reason, actor)
                              does it in the caller's transaction, with the service's own audit rows, and returns a
                              `Change`: what was before and after. `actor` is who confirmed.

`payload` is a JSON object that the module itself made; never a choice, an address or a face. Then the view calls
`blueprints.admin.dangerous.submit("roll_add", election, payload, values)`. The module has to be imported by a
blueprint, so that every process knows the act.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from models import Election
from services.actor import Actor

Payload = dict[str, Any]


@dataclass(frozen=True)
class Description:
    """`title` names the act ("Close the election early"), `words` say what will happen, one sentence each, counted."""

    title: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """What an act changed, as JSON values for the audit log; `next_election` where the desk goes to another one."""

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    next_election: int | None = None


@dataclass(frozen=True)
class DangerousAct:
    """One act; `name` is what the database and the audit log call it."""

    name: str
    check: Callable[[Election, Payload], None]
    describe: Callable[[Election, Payload], Description]
    perform: Callable[[Election, Payload, str, Actor], Change]


_registry: dict[str, DangerousAct] = {}


def register(act: DangerousAct) -> DangerousAct:
    """Make an act known; raises ValueError when another one has this name."""
    if _registry.setdefault(act.name, act) is not act:
        raise ValueError(f"There is a dangerous act called {act.name!r} already.")
    return act


def act_named(name: str) -> DangerousAct:
    """Return a registered act; raises KeyError."""
    return _registry[name]
