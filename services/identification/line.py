"""The line between the camera and the server, measured by the server's own clock: how fast, how gapless, which camera.

What the page says of itself proves nothing, so nothing here trusts it: a rate is frames divided by times of arrival.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

FEWEST_FRAMES, MOST_FRAMES = 6.0, 30.0
"""Frames a second in which a challenge is filmed (face.md 3.3); a blink of 0.15 s needs the lower one."""
TOLERANCE = 0.25
"""Share by which the measured rate may lie outside: arrivals jitter by a chunk more or less."""
TOO_FEW = FEWEST_FRAMES * (1 - TOLERANCE)
TOO_MANY = MOST_FRAMES * (1 + TOLERANCE)
LEAST_SECONDS = 3.0
"""A shorter stretch of the line says nothing about its pace."""


@dataclass
class Line:
    """What arrived. Times are seconds of the server's clock; `frames` are those after the first chunk.

    `busy` is the time the server itself spent on its answers: while it works the page films on but may not send, so
    that time is taken off before a line is called slow, and it is no part of a movement's six seconds. A slow server
    must not cost anybody a vote. It is not taken off when the line is too fast: `services.face_service.liveness`
    compares frames with all the time that passed.
    """

    first: float | None = None
    last: float = 0.0
    answered_at: float = 0.0
    frames: int = 0
    busy: float = 0.0
    waited: float = 0.0
    gaps: int = 0
    camera: str | None = None
    size: tuple[int, int] | None = None

    def arrive(self, now: float, frames: int, missing: int) -> None:
        """Count a chunk of frames that arrived at `now`; `missing` chunks before it never came."""
        if self.first is None:
            self.first = now
        else:
            self.frames += frames
            self.waited = self.busy
        self.last = now
        self.gaps += missing

    def answered(self, now: float) -> None:
        """Note the end of the work on the chunk that arrived last."""
        self.busy += max(0.0, now - self.last)
        self.answered_at = max(self.answered_at, now)

    def silence(self, now: float) -> float:
        """Return the seconds since this server last answered a chunk; 0 while none arrived."""
        return 0.0 if self.first is None else max(0.0, now - max(self.last, self.answered_at))

    @property
    def seconds(self) -> float:
        """Return how long the line was waited for between the first and the last arrival."""
        return 0.0 if self.first is None else max(0.0, self.last - self.first - self.waited)

    @property
    def rate(self) -> float | None:
        """Return frames a second, None while too little arrived to tell."""
        return self.frames / self.seconds if self.seconds >= LEAST_SECONDS else None

    @property
    def slow(self) -> bool:
        """Tell whether fewer frames arrive than a movement needs, through no fault of this server."""
        return self.rate is not None and self.rate < TOO_FEW

    def is_other_camera(self, camera: str | None, size: tuple[int, int]) -> bool:
        """Tell whether this chunk comes from another camera than the first, or in another size; remembers the first."""
        if self.size is None:
            self.camera, self.size = camera, size
            return False
        return camera != self.camera or size != self.size

    def report(self) -> dict[str, Any]:
        """Return what an AuthEvent keeps: the rate, the server's own seconds, chunks that never came."""
        rate = None if self.rate is None else round(self.rate, 1)
        return {"fps": rate, "server_seconds": round(self.busy, 1), "gaps": self.gaps}


def dump(line: Line) -> dict[str, Any]:
    """Return the line as JSON values."""
    return asdict(line)


def load(state: dict[str, Any]) -> Line:
    """Return the line that `dump` stored."""
    size = state.get("size")
    return Line(**(state | {"size": (int(size[0]), int(size[1])) if size else None}))
