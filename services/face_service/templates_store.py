"""Where the encodings of enrolled voters rest: encrypted, bound to their voter, at most five a person.

The plaintext holds the voter's id besides the 128 numbers, so that a row copied to another voter opens to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import delete, select

from models.base import db
from models.voters import VoterFace
from services.face_service.engine import Encoding
from services.face_service.liveness import Encryptor
from services.face_service.means import Means
from services.face_service.sealing import open_encoding, seal_encoding

SNAPSHOT_FOLDER = "faces"


class SnapshotStorage(Protocol):
    """Part of services.storage.Storage that keeps the enrolment pictures, encrypted."""

    def save_private(self, folder: str, content: bytes) -> str: ...

    def delete(self, path: str) -> None: ...


@dataclass(frozen=True)
class Template:
    """One enrolled picture: row id, slot 1 to 5, encoding (128,) float32."""

    id: int
    slot: int
    encoding: Encoding


@dataclass(frozen=True)
class NewTemplate:
    """One picture to enrol: encoding, quality figures, and the re-encoded picture as JPEG bytes."""

    encoding: Encoding
    quality: dict[str, float]
    snapshot: bytes


class TemplateRepository(Protocol):
    """Load, replace and erase the templates of a voter."""

    def load(self, voter_id: int) -> list[Template]: ...

    def replace(self, voter_id: int, items: Sequence[NewTemplate]) -> list[Template]: ...

    def erase(self, voter_id: int) -> int: ...

    @property
    def means(self) -> Means: ...


class DatabaseTemplates:
    """The repository over `voter_faces`; works in the transaction of the caller and never commits."""

    def __init__(self, encryptor: Encryptor, storage: SnapshotStorage) -> None:
        self._encryptor, self._storage = encryptor, storage
        self.means = Means(encryptor)

    def load(self, voter_id: int) -> list[Template]:
        """Return the voter's templates by slot."""
        rows = db.session.scalars(select(VoterFace).where(VoterFace.voter_id == voter_id).order_by(VoterFace.slot))
        return [Template(row.id, row.slot, open_encoding(voter_id, row.encoding, self._encryptor)) for row in rows]

    def replace(self, voter_id: int, items: Sequence[NewTemplate]) -> list[Template]:
        """Erase what was enrolled and store `items` in slots 1, 2, ..."""
        self.erase(voter_id)
        rows = [
            VoterFace(
                voter_id=voter_id,
                slot=slot,
                encoding=seal_encoding(voter_id, item.encoding, self._encryptor),
                quality=item.quality,
                image_snapshot_path=self._storage.save_private(SNAPSHOT_FOLDER, item.snapshot),
            )
            for slot, item in enumerate(items, start=1)
        ]
        db.session.add_all(rows)
        db.session.flush()
        self.means.save(voter_id, [item.encoding for item in items])
        return [Template(row.id, row.slot, item.encoding) for row, item in zip(rows, items, strict=True)]

    def erase(self, voter_id: int) -> int:
        """Delete rows, mean and snapshots of the voter; returns how many rows went."""
        paths = list(db.session.scalars(select(VoterFace.image_snapshot_path).where(VoterFace.voter_id == voter_id)))
        db.session.execute(delete(VoterFace).where(VoterFace.voter_id == voter_id))
        self.means.erase([voter_id])
        for path in paths:
            if path:
                self._storage.delete(path)
        return len(paths)
