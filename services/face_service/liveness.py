"""The liveness challenge: look straight, then three actions in strict order, decided from measured signals.

A pure state machine, fed chunk by chunk with what `frames.observe` saw; it stores as JSON (`dump`, `load`). What it
stops and what not: face.md, section 3.3. It is active liveness, not tested after ISO 30107-3.

No picture is kept, but for a small grey patch of the straight face, sealed, for as long as the challenge is open.

Positions: 0 asks to look straight (its five frames are also what is matched), 1 to 3 ask for the actions.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from services.face_service import gestures, matching, relief, signals
from services.face_service.detection import Box
from services.face_service.engine import Encoding
from services.face_service.errors import TooManyFrames
from services.face_service.frames import FrameSignals, Look, Observation, is_repeat, with_relief
from services.face_service.liveness_reasons import REASONS as REASONS
from services.face_service.liveness_reasons import WEIGHTS as WEIGHTS
from services.face_service.liveness_steps import new_steps as new_steps
from services.face_service.quality import ADVICE

Status = Literal["pending", "step_done", "passed", "failed"]
Encode = Callable[[Sequence[int]], list[Encoding]]

STRAIGHT = "straight"
MAX_CHUNK = 8
NEUTRAL_FRAMES = 5
"""Straight frames in a row: the baseline of the movements, and averaged what is matched (face.md, section 1: of one
person's film against a still the mean distance falls from .388 with three frames to .369 with five)."""
LEAST_FRAMES = 3
"""Frames of a movement before it is judged: one window of the median filter."""
NEUTRAL_SECONDS = 20.0
"""Time to come close and look straight; longer than a step, because light and distance may need changing first."""
STEP_SECONDS = 6.0
MATCH_YAW = 0.20
"""Straight frames, which are also matched, are turned at most this much (24 degrees raise the FRR from 6 to 30 %)."""
BACK_YAW = 0.15
"""After a turn the next step counts from here on: the head is back, or passes through the middle."""
LEAST_OVERLAP = 0.20
"""Overlap of the boxes of neighbouring frames; a real head had at least .39 across three frames, a cut 0."""
MAX_GAP = 4
"""Frames in a row without a face (hard turns lose it) before the track is lost."""
MAX_CROWD = 2
MAX_REPEATS = 3
MAX_FPS = 40.0
MIN_RATE_FRAMES = 24
MAX_STEP_FRAMES = 240
PEAK_YAW = 0.32
BINDING_YAW, BINDING_PARALLAX = 0.20, 0.08
"""The frame that binds the turned head to the straight one must itself be turned and deep, nearest to PEAK_YAW."""
JUMP_YAW = 0.45


class Encryptor(Protocol):
    """Seals stored encodings."""

    def encrypt(self, data: bytes, /) -> bytes: ...

    def decrypt(self, token: bytes, /) -> bytes: ...


@dataclass(frozen=True)
class Progress:
    """What to tell the page: `demand` is straight, left, right, blink, nod or None when over; `advice` a sentence."""

    status: Status
    position: int
    demand: str | None
    reason: str | None = None
    advice_code: str | None = None
    advice: str | None = None
    looks: tuple[Look, ...] = ()


@dataclass
class ChallengeRun:
    """One challenge under way. Times are seconds of any one clock (server arrival), encodings (128,) float32."""

    steps: list[str]
    position: int = 0
    status: Status = "pending"
    reason: str | None = None
    started: float | None = None
    step_started: float | None = None
    """When the step began, on the voter's clock: that one stands still while the server works (`_clock`)."""
    received: int = 0
    repeats: int = 0
    gap: int = 0
    crowd: int = 0
    armed: bool = True
    last_box: Box | None = None
    last_yaw: float | None = None
    last_samples: bytes = b""
    straight_patch: bytes = b""
    """Grey patch of the last straight frame (JPEG), sealed in the store, dropped when the challenge is over."""
    digests: list[str] = field(default_factory=list)
    neutral: list[FrameSignals] = field(default_factory=list)
    frames: list[FrameSignals] = field(default_factory=list)
    probes: list[Encoding] = field(default_factory=list)
    fresh: list[int] = field(default_factory=list)
    """Which frames of the chunk under way are straight and not encoded yet; none between two chunks."""
    peaks: list[Encoding] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    max_fps: float = MAX_FPS

    @property
    def demand(self) -> str | None:
        """Return what is asked now: straight, left, right, blink, nod; None when the challenge is over."""
        if self.status in ("passed", "failed"):
            return None
        return STRAIGHT if self.position == 0 else self.steps[self.position - 1]

    @property
    def suspicion_score(self) -> float:
        """Return 0 (nothing odd) to 1, from the reasons collected."""
        return round(min(1.0, sum(WEIGHTS.get(code, 0.1) for code in self.reasons)), 2)

    @property
    def over(self) -> bool:
        return self.status in ("passed", "failed")

    def feed(
        self, chunk: Sequence[Observation], now: float, encode: Encode, position: int | None = None, busy: float = 0.0
    ) -> Progress:
        """Take at most 8 frames that arrived at `now` (seconds) and answer.

        `busy` is how many seconds the server has worked on the answers before: they are no part of a step's time,
        because the voter reads the next demand, and may send more, only after the answer.

        `encode` must return the encodings of the main faces of chunk[i] for the i it is given: in an untroubled
        challenge 7 in all, the straight ones together. `position` is what the page believes it shows: frames of an
        earlier position prove nothing. Raises TooManyFrames.
        """
        self.check_size(len(chunk))
        if self.over:
            return self._progress()
        self._clock(now, now - busy, len(chunk))
        stale = position is not None and position != self.position
        before, advice = self.position, None
        for index, observation in enumerate(chunk):
            # Once a step is done the rest of the chunk was filmed before the next demand was shown.
            decide = not stale and self.position == before
            advice = self._take(observation, index, now - busy, encode, decide) or advice
            if self.over:
                return self._progress()  # type: ignore[unreachable]  # mypy cannot see that _take() may end it
        self._encode_straight(encode)
        if self.position == before:
            if not stale and self.position > 0:
                self._judge(chunk, now - busy, encode)
            if not self.over and self.position == before:
                return self._progress(advice=advice)
        return self._progress(done=not self.over)

    @staticmethod
    def check_size(frames: int) -> None:
        """Raise TooManyFrames above 8 frames a chunk."""
        if frames > MAX_CHUNK:
            raise TooManyFrames()

    def seconds_left(self, now: float, busy: float = 0.0) -> float:
        """Return the seconds that the present step still has; `now` and `busy` as in `feed`."""
        limit = STEP_SECONDS if self.position else NEUTRAL_SECONDS
        return limit if self.step_started is None else limit - (now - busy - self.step_started)

    def _clock(self, now: float, voter_now: float, count: int) -> None:
        if self.started is None or self.step_started is None:
            self.started, self.step_started = now, voter_now
        # While the server works the camera films on, so that a rate is measured by all the time that passed.
        elapsed = now - self.started
        if self.received >= MIN_RATE_FRAMES and self.received > self.max_fps * max(elapsed, 1e-6):
            self._fail("too_fast")
        if self.seconds_left(voter_now) < 0:
            self._fail("timeout")
        self.received += count

    def _take(self, seen: Observation, index: int, now: float, encode: Encode, decide: bool) -> str | None:
        """Check one frame and keep it; returns the advice code for the voter, if any."""
        if self._repeated(seen):
            return None
        if seen.people > 1:
            return self._crowded()
        self.crowd = 0
        if seen.main is None:
            return self._without_face()
        if not self._continues(seen.main):
            return "no_face"
        if decide and self.position == 0:
            return self._straight(seen, seen.main, index, now, encode)
        if decide:
            measured = with_relief(seen, self.neutral[-1], relief.unpack(self.straight_patch))
            self.frames = [*self.frames, measured][-MAX_STEP_FRAMES:]
        return None

    def _repeated(self, seen: Observation) -> bool:
        repeat = seen.digest in self.digests or is_repeat(self.last_samples, seen.samples)
        self.digests.append(seen.digest)
        self.last_samples = seen.samples
        if repeat:
            self.repeats += 1
            self._note("repeated_frames")
            if self.repeats >= MAX_REPEATS:
                self._fail("repeated_frames")
        return repeat

    def _crowded(self) -> str:
        self.crowd += 1
        if self.position == 0:
            self._restart_neutral()
        elif self.crowd >= MAX_CROWD:
            self._fail("several_faces")
        return "multiple_faces"

    def _without_face(self) -> str:
        self.gap += 1
        if self.position == 0:
            self._restart_neutral()
        elif self.gap > MAX_GAP:
            self._fail("face_lost")
        return "no_face"

    def _continues(self, main: FrameSignals) -> bool:
        """Follow the box; a jump restarts the neutral frames or ends the challenge."""
        jumped = self.last_box is not None and signals.box_overlap(self.last_box, main.box) < LEAST_OVERLAP
        if self.last_yaw is not None and self.gap == 0 and abs(main.yaw - self.last_yaw) > JUMP_YAW:
            self._note("jump")
        self.last_box, self.last_yaw, self.gap = main.box, main.yaw, 0
        if jumped and self.position > 0:
            self._fail("face_changed")
        elif jumped:
            self._restart_neutral()
        return not jumped

    def _straight(self, seen: Observation, main: FrameSignals, index: int, now: float, encode: Encode) -> str | None:
        """Collect five good straight frames in a row; they are the baseline and the probes of the match."""
        problem = main.problem or ("bad_pose" if abs(main.yaw) > MATCH_YAW else None)
        if problem:
            self._restart_neutral()
            return problem
        self.neutral.append(main)
        self.fresh.append(index)
        if len(self.neutral) < NEUTRAL_FRAMES:
            return None
        self._encode_straight(encode)
        if not matching.accepts(matching.widest_pair(self.probes), matching.BINDING_LIMIT):
            self._note("different_person")
            self._restart_neutral()
            return "bad_pose"
        self.straight_patch = b"" if seen.patch is None else relief.pack(seen.patch)
        self._next_step(now)
        return None

    def _encode_straight(self, encode: Encode) -> None:
        """Encode the chunk's straight frames together: a chunk's pictures are gone when the next one comes."""
        if self.fresh:
            self.probes += encode(self.fresh)
            self.fresh = []

    def _restart_neutral(self) -> None:
        self.neutral, self.probes, self.fresh = [], [], []

    def _judge(self, chunk: Sequence[Observation], now: float, encode: Encode) -> None:
        """Decide the current action on all its frames so far; whatever was seen first counts."""
        base = gestures.Baseline.of(self.neutral)
        self._arm(base)
        if not self.armed or len(self.frames) < LEAST_FRAMES:
            return
        seen = gestures.track(base, self.neutral, self.frames)
        action = self.steps[self.position - 1]
        right, wrong = gestures.action_at(seen, action), gestures.wrong_action_at(seen, action)
        if gestures.flat_turn_at(seen) is not None:
            self._note("flat_turn")
        if wrong is not None and (right is None or wrong < right):
            self._fail("wrong_action")
        elif right is not None and (action not in gestures.DIRECTIONS or self._bound(chunk, base, action, encode)):
            self._next_step(now)

    def _arm(self, base: gestures.Baseline) -> None:
        """Drop the frames in which the head still shows the turn of the step before."""
        while not self.armed and self.frames:
            sign = gestures.DIRECTIONS[self.steps[self.position - 2]]
            if sign * (self.frames[0].yaw - base.yaw) <= BACK_YAW:
                self.armed = True
            else:
                self.frames.pop(0)

    def _bound(self, chunk: Sequence[Observation], base: gestures.Baseline, action: str, encode: Encode) -> bool:
        """Encode a turned frame and check that it is the person of the neutral frames; False while there is none."""
        sign = gestures.DIRECTIONS[action]
        depth = signals.nose_parallax
        turned = []
        for index, seen in enumerate(chunk):
            if seen.main is None or seen.people != 1:
                continue
            yaw = sign * (seen.main.yaw - base.yaw)
            lateral = sign * depth(base.anchors, np.array([seen.main.anchors]))[0, 0]
            if yaw >= BINDING_YAW and lateral >= BINDING_PARALLAX:
                turned.append((abs(yaw - PEAK_YAW), index))
        if not turned:
            return False
        [peak] = encode([min(turned)[1]])
        apart = matching.distance(matching.mean_template(self.probes), peak)
        if not matching.accepts(apart, matching.BINDING_LIMIT):
            self._fail("different_person")
            return False
        if apart > matching.BINDING_LIMIT - 0.05:
            self._note("weak_binding")
        self.peaks.append(peak)
        return True

    def _next_step(self, now: float) -> None:
        self.armed = self.position == 0 or self.steps[self.position - 1] not in gestures.DIRECTIONS
        self.position += 1
        self.frames, self.step_started = [], now
        if self.position > len(self.steps):
            self.status, self.straight_patch = "passed", b""

    def _fail(self, reason: str) -> None:
        if not self.over:
            self.status, self.reason, self.straight_patch = "failed", reason, b""
            self._note(reason)

    def _note(self, reason: str) -> None:
        if reason not in self.reasons:
            self.reasons.append(reason)

    def _progress(self, advice: str | None = None, done: bool = False) -> Progress:
        if self.over:
            words = REASONS.get(self.reason or "")
            return Progress(self.status, self.position, None, self.reason, self.reason, words)
        status: Status = "step_done" if done else "pending"
        return Progress(status, self.position, self.demand, None, advice, ADVICE.get(advice or ""))

    def report(self) -> dict[str, Any]:
        """Return what an AuthEvent keeps of the challenge: no faces, no encodings."""
        return {
            "steps": self.steps,
            "position": self.position,
            "status": self.status,
            "reason": self.reason,
            "reasons": self.reasons,
            "suspicion_score": self.suspicion_score,
            "frames": self.received,
            "repeats": self.repeats,
        }


def dump(run: ChallengeRun, encryptor: Encryptor | None = None) -> dict[str, Any]:
    """Return the run as JSON values, about 20 to 50 KB; with an encryptor encodings and face patch are sealed."""
    state = asdict(run)
    state["last_samples"] = base64.b64encode(run.last_samples).decode("ascii")
    state["straight_patch"] = _seal(run.straight_patch, encryptor)
    for name in ("probes", "peaks"):
        state[name] = [_seal(np.asarray(vector, dtype="<f4").tobytes(), encryptor) for vector in getattr(run, name)]
    return state


def load(state: dict[str, Any], encryptor: Encryptor | None = None) -> ChallengeRun:
    """Return the run that `dump` stored."""
    values = dict(state)
    values["last_samples"] = base64.b64decode(values["last_samples"])
    values["last_box"] = tuple(values["last_box"]) if values["last_box"] else None
    values["straight_patch"] = _open(values["straight_patch"], encryptor)
    for name in ("probes", "peaks"):
        values[name] = [_vector(_open(text, encryptor)) for text in values[name]]
    for name in ("neutral", "frames"):
        values[name] = [_frame(item) for item in values[name]]
    return ChallengeRun(**values)


def _frame(item: dict[str, Any]) -> FrameSignals:
    box, points = tuple(item["box"]), tuple((x, y) for x, y in item["anchors"])
    lead = None if item["relief"] is None else tuple(item["relief"])
    return FrameSignals(**(item | {"box": box, "anchors": points, "relief": lead}))


def _seal(data: bytes, encryptor: Encryptor | None) -> str:
    return base64.b64encode(encryptor.encrypt(data) if encryptor else data).decode("ascii")


def _open(text: str, encryptor: Encryptor | None) -> bytes:
    data = base64.b64decode(text)
    return encryptor.decrypt(data) if encryptor else data


def _vector(data: bytes) -> Encoding:
    return np.frombuffer(data, dtype="<f4").astype(np.float32)
