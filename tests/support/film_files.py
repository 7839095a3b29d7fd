"""Films as the files that a browser sends, and as the file of Chromium's fake webcam."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from services.face_service.images import Pixels, encode_jpeg

SIZE = (640, 480)
"""Width and height of every film, px."""


def as_jpegs(frames: Iterable[Pixels], quality: int = 80) -> list[bytes]:
    """Return each frame as the browser would send it."""
    return [encode_jpeg(frame, quality) for frame in frames]


def chunks(frames: Sequence[bytes], size: int = 5) -> Iterator[list[bytes]]:
    """Yield the frames in posts of `size`."""
    for start in range(0, len(frames), size):
        yield list(frames[start : start + size])


def write_film(frames: Iterable[Pixels], path: Path, fps: int = 30) -> Path:
    """Write frames for Chromium's fake webcam, `.y4m` (yuv420p) or `.mjpeg` (yuvj420p, a tenth of it); needs ffmpeg.

    Chromium plays the file over and over and shows a blank picture for any other pixel format.
    """
    kind = ["-pix_fmt", "yuv420p"] if path.suffix == ".y4m" else ["-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "3"]
    width, height = SIZE
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "-"]
    with subprocess.Popen(["ffmpeg", "-v", "error", "-y", *raw, *kind, str(path)], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for frame in frames:
            process.stdin.write(np.ascontiguousarray(frame).tobytes())
        process.stdin.close()
        if process.wait():
            raise RuntimeError(f"ffmpeg could not write {path.name}")
    return path
