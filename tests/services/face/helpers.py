"""Fakes and photographs for the face tests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.face_service.engine import FaceEngine
from services.face_service.images import Pixels, decode_image
from services.face_service.service import FaceService
from services.face_service.templates_store import NewTemplate, Template

SHARED = Path(os.environ.get("FACES_FOLDER", Path(__file__).resolve().parents[4] / "shared" / "faces"))


@dataclass
class MemoryTemplates:
    """A repository without a database."""

    rows: dict[int, list[Template]] = field(default_factory=dict)
    stored: int = 0

    def load(self, voter_id: int) -> list[Template]:
        return self.rows.get(voter_id, [])

    def replace(self, voter_id: int, items: Sequence[NewTemplate]) -> list[Template]:
        self.stored += 1
        self.rows[voter_id] = [Template(100 + i, i + 1, item.encoding) for i, item in enumerate(items)]
        return self.rows[voter_id]

    def erase(self, voter_id: int) -> int:
        return len(self.rows.pop(voter_id, []))


def service_with(engine: FaceEngine) -> FaceService:
    return FaceService(engine, MemoryTemplates())


def packaged_portraits() -> list[Pixels]:
    """Return two public-domain portraits that test packages bring along: no photograph lies in this project."""
    import matplotlib
    import skimage

    found = [
        Path(skimage.__file__).parent / "data" / "astronaut.png",
        Path(matplotlib.__file__).parent / "mpl-data" / "sample_data" / "grace_hopper.jpg",
    ]
    return [decode_image(path.read_bytes()) for path in found]
