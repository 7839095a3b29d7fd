"""The layers of a check-in: what is asked for, what was found, and the flags that it raised."""

from __future__ import annotations

from typing import Any

from models import AttendanceAttempt, AttendanceSession, FlagKind, Layer

PASSED, DOUBTFUL, MISSING = "passed", "doubtful", "missing"
"""What became of a layer: proven, not proven, not shown at all."""


def of(session: AttendanceSession) -> list[Layer]:
    """Return the layers that a meeting asks for, in the order in which they are shown."""
    return [layer for layer in Layer if layer.value in session.layers]


def left(attempt: AttendanceAttempt) -> list[Layer]:
    """Return the layers that are still to be shown."""
    return [layer for layer in of(attempt.session) if layer.value not in attempt.layers]


def following(attempt: AttendanceAttempt) -> Layer | None:
    """Return the layer that is due now, None when all that the meeting asks for are done."""
    return next(iter(left(attempt)), None)


def note(attempt: AttendanceAttempt, layer: Layer, result: str, **evidence: Any) -> None:
    """Write down what became of a layer."""
    attempt.layers = {**attempt.layers, layer.value: {"result": result, **evidence}}


def flag(attempt: AttendanceAttempt, kind: FlagKind, **evidence: Any) -> None:
    """Raise a flag; one of the same kind gets the newer evidence."""
    others = [one for one in attempt.flags if one["kind"] != kind.value]
    attempt.flags = [*others, {"kind": kind.value, "evidence": evidence}]


def note_device(attempt: AttendanceAttempt, doubtful: bool, **evidence: Any) -> None:
    """Write the device layer down."""
    note(attempt, Layer.DEVICE, DOUBTFUL if doubtful else PASSED, **evidence)


def note_missing(attempt: AttendanceAttempt, layer: Layer, why: str) -> None:
    """Write down that a layer was not shown, and why the member says so."""
    note(attempt, layer, MISSING, why=why)
    missing = sorted(name for name, found in attempt.layers.items() if found["result"] == MISSING)
    flag(attempt, FlagKind.LAYER_MISSING, layers=missing, why=why)
