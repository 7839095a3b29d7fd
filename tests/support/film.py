"""Films for a known liveness challenge, composed from one still photograph, and films of attacks.

A live head is imitated by moving landmarks as a real head with depth would and bending the picture after them
(thin plate spline); a held picture is moved as a plane or a bent sheet. Every frame gets 1 px of hand shake, sensor
noise and JPEG quality 80. Synthetic throughout: it tests rules and plumbing, it does not certify liveness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from services.face_service import signals
from services.face_service.engine import FaceEngine
from services.face_service.images import Pixels
from services.face_service.mean_face import AXIS_DEPTH, MEAN_FACE, NOD_HEIGHT
from tests.support.film_files import SIZE as SIZE
from tests.support.film_files import as_jpegs as as_jpegs
from tests.support.film_files import chunks as chunks
from tests.support.film_files import write_film as write_film

EYE_SPAN = 118.0
"""Distance of the outer eye corners in the film, pixels: a face box of about 180 px."""
FACE_CENTRE = (320.0, 205.0)
TURN, NOD = 30.0, 26.0
"""Degrees of a demanded turn and nod at their peak."""
FPS = 10
GRID = 10
GRAIN = 64
EAR_ROOTS = (0, 2, 14, 16, 78, 79, 80, 81)
EAR_WIDTH, EAR_DEPTH = 0.20, -1.10
"""In eye spans: ears and hair stand out so far beyond jaw, crown and temples, so far behind the tip of the nose."""


@dataclass(frozen=True)
class Pose:
    """yaw > 0 is the person's own left, pitch > 0 is down, degrees; closed: 0 open to 1 shut eyes."""

    yaw: float = 0.0
    pitch: float = 0.0
    closed: float = 0.0


@dataclass(frozen=True)
class Sitter:
    """One person ready to be filmed: a 640 x 480 picture and its landmarks (68, 2), head upright."""

    image: Pixels
    landmarks: NDArray[np.float64]
    resting: Pose
    views: dict[Pose, Pixels] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_photo(cls, engine: FaceEngine, photo: Pixels) -> Sitter:
        """Crop, level and scale the main face of an RGB photograph; raises IndexError without a face."""
        face = engine.detect(photo)[0]
        points = face.landmarks.astype(np.float64)
        points[36:48] = engine.eye_landmarks(photo, face)[36:48]
        across = points[45] - points[36]
        # A turned head has a shorter eye line; the height of the face keeps its size right.
        span = max(float(np.hypot(*across)), float(np.hypot(*(points[8] - points[27]))) / 1.40)
        middle = (points[36] + points[45]) / 2
        turn = cv2.getRotationMatrix2D(tuple(middle), float(signals.roll_degrees(points)), EYE_SPAN / span)
        turn[:, 2] += np.array(FACE_CENTRE) - middle
        shrink = EYE_SPAN / span
        source = cv2.GaussianBlur(photo, (0, 0), 0.4 / shrink) if shrink < 0.6 else photo
        image = cv2.warpAffine(source, turn, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        image = np.ascontiguousarray(image)
        again = engine.detect(image)
        # Landmarks vary with the size of the face; what counts is how the film will be read.
        seen = again[0].landmarks.astype(np.float64) if again else points @ turn[:, :2].T + turn[:, 2]
        if again:
            seen[36:48] = engine.eye_landmarks(image, again[0])[36:48]
        return cls(image, seen, _resting_pose(seen))


def _resting_pose(points: NDArray[np.float64]) -> Pose:
    """Estimate how far the head is turned in the photograph, from the yaw ratio of a head of average depth."""
    ratio = float(signals.yaw_ratio(points))
    angles = np.linspace(-40, 40, 161)
    ratios = [float(signals.yaw_ratio(_project(MEAN_FACE, Pose(yaw=float(a))))) for a in angles]
    return Pose(yaw=float(np.interp(ratio, ratios, angles)))


def _project(points: NDArray[np.float64], pose: Pose) -> NDArray[np.float64]:
    """Turn (n, 3) points in eye-span units, origin between the eyes; returns (n, 2)."""
    a, b = np.radians(pose.yaw), np.radians(pose.pitch)
    x, y, z = points[:, 0], points[:, 1] - NOD_HEIGHT, points[:, 2] - AXIS_DEPTH
    across, depth = x * np.cos(a) + z * np.sin(a), z * np.cos(a) - x * np.sin(a)
    return np.stack([across, y * np.cos(b) + depth * np.sin(b) + NOD_HEIGHT], axis=1)


def _unproject(flat: NDArray[np.float64], depth: NDArray[np.float64], yaw: float) -> NDArray[np.float64]:
    """Give (n, 2) points seen under `yaw` their place on the straight head, whose depths are known: (n, 3)."""
    a = np.radians(yaw)
    x = (flat[:, 0] - (depth - AXIS_DEPTH) * np.sin(a)) / np.cos(a)
    return np.stack([x, flat[:, 1], depth], axis=1)


def bend(sitter: Sitter, pose: Pose) -> Pixels:
    """Return the sitter's picture with the head held as `pose` says; each pose is composed once."""
    if pose not in sitter.views:
        sitter.views[pose] = _bend(sitter, pose)
    return sitter.views[pose]


def _bend(sitter: Sitter, pose: Pose) -> Pixels:
    centre = np.array(FACE_CENTRE)
    flat, depth = _with_skull((sitter.landmarks - centre) / EYE_SPAN)
    start = _project(np.column_stack([flat, depth]), Pose())
    head = _unproject(start, depth, sitter.resting.yaw)
    moved = _hide_far_ear(_project(head, pose))
    border = np.array(
        [(x, y) for x in (-2.9, -1.9, 0, 1.9, 2.9) for y in (-1.9, 2.5)]
        + [(s * 2.9, y) for s in (-1, 1) for y in (-0.8, 0.4, 1.4)]
    )
    target = np.concatenate([moved, border]) * EYE_SPAN + centre
    source = np.concatenate([flat, border]) * EYE_SPAN + centre
    held = _spline_warp(sitter.image, target, source)
    return _lower_lids(held, target[:68], pose.closed) if pose.closed else held


def _lower_lids(image: Pixels, points: NDArray[np.float64], closed: float) -> Pixels:
    """Pull the skin between brow and upper lid down over the eyes, column by column, and draw the lashes' line."""
    height, width = image.shape[:2]
    across, down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    lashes = np.zeros((height, width, 1), np.float32)
    for start in (36, 42):
        eye = points[start : start + 6]
        left, right = int(eye[0, 0]) - 3, int(eye[3, 0]) + 4
        xs = np.arange(left, right)
        upper, lower = np.interp(xs, *eye[[0, 1, 2, 3]].T), np.interp(xs, *eye[[0, 5, 4, 3]].T)
        opening = np.maximum(lower - upper, 0) + 2
        upper, lower = upper + 0.05 * opening, lower - 0.05 * opening
        lid = upper + closed * (lower - upper)
        top, bottom = upper - 0.20 * EYE_SPAN, lower + 0.10 * EYE_SPAN
        ys = down[:, left:right]
        above = top + (ys - top) * (upper - top) / (lid - top)
        below = upper + (ys - lid) * (bottom - upper) / (bottom - lid)
        moved = np.where(ys < lid, above, below)
        lashes[:, left:right, 0] = closed * 0.7 * np.exp(-(((ys - lid) / 2.5) ** 2))
        down[:, left:right] = np.where((ys > top) & (ys < bottom), moved, ys)
    shut = cv2.remap(image, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return (shut * (1 - lashes)).astype(np.uint8)


def _with_skull(flat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Add forehead, crown and temples, which have no landmarks, so that the whole head moves: points and depths."""
    brows = flat[17:27]
    forehead = brows + np.array([0, -0.45])
    crown = flat[[0, 16]] * 0.75 + flat[27] * 0.25 + np.array([0, -1.15])
    temples = flat[[0, 16]] + np.array([0, -0.45])
    head = np.concatenate([flat, forehead, crown, temples])
    ears = head[list(EAR_ROOTS)] + np.sign(head[list(EAR_ROOTS), :1]) * [[EAR_WIDTH, 0]]
    extra_depth = (
        [*(MEAN_FACE[17:27, 2] - 0.12)] + [-0.75] * len(crown) + [-0.70] * len(temples) + [EAR_DEPTH] * len(ears)
    )
    return np.concatenate([head, ears]), np.concatenate([MEAN_FACE[:, 2], extra_depth])


def _hide_far_ear(moved: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep ears and hair on their side of the face, as a sliver when the turn hides them: a warp covers nothing.

    Without this the far ear stays beside the narrowed cheek, where no camera sees it, and landmarks jump onto it.
    """
    hidden, roots = moved.copy(), moved[list(EAR_ROOTS)]
    side = np.sign(roots[:, 0])
    beyond = np.maximum(side * (moved[-len(EAR_ROOTS) :, 0] - roots[:, 0]), 0.02)
    hidden[-len(EAR_ROOTS) :, 0] = roots[:, 0] + side * beyond
    return hidden


def _spline_warp(image: Pixels, target: NDArray[np.float64], source: NDArray[np.float64]) -> Pixels:
    """Move the picture so that what lies at `source` comes to lie at `target`, both (n, 2) px."""
    count = len(target)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(target, target) + 1e-3 * np.eye(count)
    system[:count, count:] = np.column_stack([np.ones(count), target])
    system[count:, :count] = system[:count, count:].T
    weights = np.linalg.solve(system, np.concatenate([source, np.zeros((3, 2))]))
    width, height = SIZE
    across, down = np.meshgrid(np.arange(0, width + GRID, GRID), np.arange(0, height + GRID, GRID))
    nodes = np.column_stack([across.ravel(), down.ravel()]).astype(float)
    coarse = _kernel(nodes, target) @ weights[:count] + np.column_stack([np.ones(len(nodes)), nodes]) @ weights[count:]
    coarse = coarse.reshape(*across.shape, 2).astype(np.float32)
    # remap on the node grid: node i lies at pixel 10 i, which cv2.resize would not honour.
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32) / GRID, np.arange(height, dtype=np.float32) / GRID)
    maps = cv2.remap(coarse, xs, ys, cv2.INTER_LINEAR)
    return cv2.remap(image, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    squared = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)
    return squared * np.log(squared + 1e-9)


# The motions: one list of poses a step, at FPS frames a second.


def straight(count: int = 8) -> list[Pose]:
    """Return `count` frames of looking straight: more than the five needed, as a camera goes on filming."""
    return [Pose()] * count


def motion(step: str, peak: float = 1.0) -> list[Pose]:
    """Return the poses of one action (left, right, blink, nod) from straight and back, about 1.3 seconds."""
    if step == "blink":
        return [Pose(closed=c) for c in (0, 0, 0, 0.6, 1, 1, 1, 0.5, 0, 0, 0, 0)]
    shares = (0, 0, 0.3, 0.6, 0.85, 1, 1, 1, 0.8, 0.5, 0.2, 0, 0)
    if step == "nod":
        return [Pose(pitch=NOD * peak * share) for share in shares]
    sign = 1 if step == "left" else -1
    return [Pose(yaw=sign * TURN * peak * share) for share in shares]


def challenge_poses(steps: Sequence[str]) -> list[list[Pose]]:
    """Return the poses of looking straight and then of each step: one list a position of the challenge."""
    return [straight(), *(motion(step) for step in steps)]


def genuine(sitter: Sitter, steps: Sequence[str], seed: int = 0) -> list[list[Pixels]]:
    """Return the frames of a live person who does the steps: one list a position, 0 being straight."""
    return shaken([[bend(sitter, pose) for pose in poses] for poses in challenge_poses(steps)], seed)


# The attacks: a picture held before the camera.


def still(sitter: Sitter, steps: Sequence[str], seed: int = 0) -> list[list[Pixels]]:
    """Return the film of a photograph held still."""
    front = bend(sitter, Pose())
    return shaken([[front for _ in poses] for poses in challenge_poses(steps)], seed)


def tilted(sitter: Sitter, steps: Sequence[str], seed: int = 0) -> list[list[Pixels]]:
    """Return the film of a flat print that is turned (38 degrees) and pitched (34) as the steps demand."""
    return _held(sitter, steps, seed, lambda turn, nod: Sheet(38 * turn, 34 * nod))


def shifted(sitter: Sitter, steps: Sequence[str], seed: int = 0) -> list[list[Pixels]]:
    """Return the film of a flat print that is moved, rolled, scaled and turned a little as the steps demand."""
    return _held(
        sitter,
        steps,
        seed,
        lambda turn, nod: Sheet(22 * turn, 20 * nod, 10 * turn, (45 * turn, 35 * nod), 1 + 0.12 * abs(turn)),
    )


def bent(sitter: Sitter, steps: Sequence[str], seed: int = 0, radius: float = 2.0) -> list[list[Pixels]]:
    """Return the film of a print bent round a cylinder (radius in half face widths) and turned 34 degrees."""
    return _held(sitter, steps, seed, lambda turn, nod: Sheet(34 * turn, 30 * nod, radius=radius))


def bent_more(sitter: Sitter, steps: Sequence[str], seed: int = 0) -> list[list[Pixels]]:
    """Return the film of a print bent round a cylinder of 1.3 half face widths."""
    return bent(sitter, steps, seed, radius=1.3)


def bending(sitter: Sitter, steps: Sequence[str], seed: int = 0) -> list[list[Pixels]]:
    """Return the film of a print that is flat when straight and bent ever more, to r = 1.3, while it turns."""
    return _held(sitter, steps, seed, _more(34, 1.3))


def bending_tightly(sitter: Sitter, steps: Sequence[str], seed: int = 0) -> list[list[Pixels]]:
    """Return the same with a turn of 38 degrees and a bend to r = 1.0, which shows as much yaw as a live turn."""
    return _held(sitter, steps, seed, _more(38, 1.0))


def _more(degrees: float, tightest: float) -> Callable[[float, float], Sheet]:
    def hold(turn: float, nod: float) -> Sheet:
        share = max(abs(turn), abs(nod))
        return Sheet(degrees * turn, 30 * nod, radius=tightest / share if share > 0.05 else None)

    return hold


def replay(sitter: Sitter, steps: Sequence[str], seed: int = 0) -> list[list[Pixels]]:
    """Return a genuine film of another challenge: the turns in the other order, the other third action."""
    other = {"left": "right", "right": "left", "blink": "nod", "nod": "blink"}
    return genuine(sitter, [other[step] for step in steps], seed)


def frozen(sitter: Sitter, steps: Sequence[str], seed: int = 0) -> list[list[Pixels]]:
    """Return a genuine film of the right challenge in which every frame is sent twice, byte for byte."""
    return [[frame for frame in part for _ in range(2)] for part in genuine(sitter, steps, seed)]


def loop(sitter: Sitter, seed: int = 0) -> list[Pixels]:
    """Return one round of a film that shows all four actions, to be played over and over."""
    order = ("left", "right", "blink", "nod")
    parts = [[bend(sitter, pose) for pose in [*motion(step), *straight(4)]] for step in order]
    return [frame for part in shaken(parts, seed) for frame in part]


ATTACKS: dict[str, Callable[[Sitter, Sequence[str], int], list[list[Pixels]]]] = {
    "still photograph": still,
    "flat, tilted": tilted,
    "flat, shifted": shifted,
    "bent r=2.0": bent,
    "bent r=1.3": bent_more,
    "progressively bent": bending,
    "tightly bent": bending_tightly,
    "replay of another challenge": replay,
    "byte-identical frames": frozen,
}


@dataclass(frozen=True)
class Sheet:
    """How a print is held: degrees, px, factor; radius of its bend in half face widths, None for flat."""

    yaw: float
    pitch: float
    roll: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    radius: float | None = None


def _held(sitter: Sitter, steps: Sequence[str], seed: int, hold: Callable[[float, float], Sheet]) -> list[list[Pixels]]:
    """Film a print; `hold` gets the shares (-1 to 1) of the demanded turn and nod."""
    front = bend(sitter, Pose())
    parts = [[hold(pose.yaw / TURN, pose.pitch / NOD) for pose in part] for part in challenge_poses(steps)]
    views = {sheet: film_sheet(front, sheet) for part in parts for sheet in part}
    return shaken([[views[sheet] for sheet in part] for part in parts], seed)


def film_sheet(photo: Pixels, sheet: Sheet) -> Pixels:
    """Film a printed picture, flat or bent about a vertical cylinder, turned in space, on a plain ground."""
    width, height = SIZE
    focal, middle = 900.0, np.array(FACE_CENTRE) + np.array([0, 0.5 * EYE_SPAN])
    # A strip of a cylinder is a plane, so that strips as high as the picture are exact.
    u, v = np.meshgrid(np.arange(0, width + 1, 640.0 if sheet.radius is None else 16.0), [0.0, height])
    x, y, z = u - middle[0], v - middle[1], np.zeros_like(u)
    if sheet.radius is not None:
        r = sheet.radius * 0.8 * EYE_SPAN
        angle = np.clip(x / r, -1.5, 1.5)
        x, z = r * np.sin(angle), r * (np.cos(angle) - 1)
    a, b, c = np.radians([sheet.yaw, sheet.pitch, sheet.roll])
    x, z = x * np.cos(a) + z * np.sin(a), z * np.cos(a) - x * np.sin(a)
    y, z = y * np.cos(b) + z * np.sin(b), z * np.cos(b) - y * np.sin(b)
    x, y = x * np.cos(c) - y * np.sin(c), x * np.sin(c) + y * np.cos(c)
    zoom = sheet.scale * focal / (focal - z)
    place = np.stack([x * zoom, y * zoom], axis=-1) + middle + sheet.shift
    maps = _strip_maps(np.stack([u, v], axis=-1), place, z)
    return cv2.remap(
        photo, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(96, 92, 88)
    )


def _strip_maps(
    source: NDArray[np.float64], place: NDArray[np.float64], depth: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return for each pixel of the film the place in the photo (or -100), nearer strips over farther ones."""
    width, height = SIZE
    maps = np.full((height, width, 2), -100.0, np.float32)
    for j in np.argsort(depth[:, :-1].mean(axis=0) + depth[:, 1:].mean(axis=0)):
        corners = ([0, 0, 1, 1], [j, j + 1, j + 1, j])
        quad, origin = place[corners].astype(np.float32), source[corners].astype(np.float32)
        left, top = np.maximum(np.floor(quad.min(axis=0)).astype(int), 0)
        right, bottom = np.minimum(np.ceil(quad.max(axis=0)).astype(int) + 1, SIZE)
        if right <= left or bottom <= top:
            continue
        back = cv2.getPerspectiveTransform(quad, origin)
        xs, ys = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
        found = np.stack([xs, ys, np.ones_like(xs)], axis=-1) @ back.T
        found = found[..., :2] / found[..., 2:]
        inside = ((found >= origin[0] - 0.02) & (found <= origin[2] + 0.02)).all(axis=-1)
        maps[top:bottom, left:right][inside] = found[inside]
    return maps


# The camera: shake, noise, JPEG.


def shaken(parts: Iterable[Iterable[Pixels]], seed: int = 0, noise: float = 2.0) -> list[list[Pixels]]:
    """Return the frames with about 1 px of hand shake and sensor noise (grey levels, standard deviation)."""
    rng = np.random.default_rng(seed)
    grain = _grain(rng, noise)
    return [[_camera(frame, rng, grain) for frame in part] for part in parts]


def _grain(rng: np.random.Generator, noise: float) -> NDArray[np.int16]:
    field_size = (SIZE[1] + GRAIN, SIZE[0] + GRAIN, 3)
    return (rng.standard_normal(field_size, dtype=np.float32) * noise).astype(np.int16)


def _camera(frame: Pixels, rng: np.random.Generator, grain: NDArray[np.int16]) -> Pixels:
    shift = np.array([[1, 0, rng.normal(0, 1)], [0, 1, rng.normal(0, 1)]])
    moved = cv2.warpAffine(frame, shift, SIZE, borderMode=cv2.BORDER_REPLICATE)
    # A window at a random place of one large field of noise: as good as fresh noise, and far quicker.
    x, y = rng.integers(0, GRAIN, 2)
    return np.clip(moved + grain[y : y + SIZE[1], x : x + SIZE[0]], 0, 255).astype(np.uint8)
