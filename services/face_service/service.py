"""Enrol, verify and follow a challenge: the face service without HTTP."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from services.face_service import advice, matching
from services.face_service.engine import Encoding, Face, FaceEngine, build_engine
from services.face_service.errors import MultipleFaces, NoFace, WrongCount
from services.face_service.frames import Look, Observation, observe_chunk
from services.face_service.images import Pixels, decode_data_url, decode_image, encode_jpeg
from services.face_service.liveness import STRAIGHT, ChallengeRun, Encryptor, Progress
from services.face_service.quality import Purpose, count_people, error_for, problem_of
from services.face_service.templates_store import DatabaseTemplates, NewTemplate, SnapshotStorage, TemplateRepository

log = logging.getLogger(__name__)

Picture = bytes | str | Pixels
"""A picture as file bytes, as a data URL, or as an RGB array already decoded."""

LIVENESS_SIDE = 640
"""Longest side of a liveness frame in pixels; larger frames cost time and gain nothing."""


def to_pixels(picture: Picture) -> Pixels:
    """Return the picture as RGB array; raises BadImage."""
    if isinstance(picture, str):
        return decode_data_url(picture)
    return decode_image(picture) if isinstance(picture, bytes) else picture


@dataclass(frozen=True)
class FaceService:
    """Engine, store and ceiling together. Build one a process; safe to share between threads."""

    engine: FaceEngine
    templates: TemplateRepository
    face_threshold: float = 0.60

    def find_one(self, image: Pixels, purpose: Purpose) -> Face:
        """Return the one face of the picture; raises NoFace, MultipleFaces or the error of the missed gate."""
        faces = self.engine.detect(image, purpose=purpose)
        if not faces:
            raise NoFace()
        if count_people([float(face.width) for face in faces], purpose) > 1:
            raise MultipleFaces()
        problem = problem_of(faces[0].quality, purpose)
        if problem:
            raise error_for(problem)
        return faces[0]

    def enroll_images(self, voter_id: int, images: Sequence[Picture]) -> list[Encoding]:
        """Replace the voter's templates by those of 3 to 5 pictures; returns their encodings, (128,) float32 each.

        Raises FaceError: BadImage, NoFace, MultipleFaces, a quality error, WrongCount, or PicturesDiffer when two
        of the pictures are more than 0.50 apart. Nothing is stored then. The caller owns the transaction.
        """
        least, most = matching.ENROL_RANGE
        if not least <= len(images) <= most:
            raise WrongCount()
        pictures = [to_pixels(picture) for picture in images]
        faces = [(picture, self.find_one(picture, "enrol")) for picture in pictures]
        plain = self.engine.encode_many(faces)
        matching.check_enrolment(plain)
        mirrored = self.engine.encode_many(faces, mirrored=True)
        # Measured (docs/faces.md): the mean with the mirror image lies nearer to its person and farther from others.
        encodings = [matching.mean_template(pair) for pair in zip(plain, mirrored, strict=True)]
        self.templates.replace(
            voter_id, [_kept(*face, encoding) for face, encoding in zip(faces, encodings, strict=True)]
        )
        return encodings

    def template(self, image: Pixels) -> NewTemplate:
        """Return what is kept of a single picture, as a registration brings it; raises like `find_one`.

        Without the mirror image: at the bar of single pictures (0.60) it lets more strangers in (docs/faces.md).
        """
        face = self.find_one(image, "enrol")
        return _kept(image, face, self.engine.encode(image, face))

    def erase(self, voter_id: int) -> int:
        """Delete the voter's templates and snapshots; returns how many."""
        return self.templates.erase(voter_id)

    def verify_frame(self, voter_id: int, frame: Picture) -> tuple[bool, float | None, int | None]:
        """Return (match, distance, id of the nearest enrolled picture) for one frame at the ceiling.

        Distance and id are None when nobody is enrolled. Raises FaceError for a frame that cannot be judged.
        """
        image = to_pixels(frame)
        probe = self.engine.encode(image, self.find_one(image, "login"))
        match, nearest = self.verify_encodings(voter_id, [probe])
        return match.ok, match.distance, nearest

    def verify_encodings(self, voter_id: int, probes: Sequence[Encoding]) -> tuple[matching.Match, int | None]:
        """Compare averaged probes (the `probes` of a passed challenge) with the voter's templates, adaptive bar.

        Returns the decision and the row id of the nearest enrolled picture.
        """
        enrolled = self.templates.load(voter_id)
        match = matching.verify([item.encoding for item in enrolled], probes, self.face_threshold)
        log.info("face decision ok=%s threshold=%.2f reason=%s", match.ok, match.threshold, match.reason)
        return match, None if match.nearest is None else enrolled[match.nearest].id

    def advance(
        self,
        run: ChallengeRun,
        frames: Sequence[Picture],
        now: float,
        position: int | None = None,
        busy: float = 0.0,
    ) -> Progress:
        """Feed a chunk of at most 8 frames that arrived at `now` (seconds) to a challenge; changes `run`.

        `position` is the step the page shows (0 straight, 1 to 3), `busy` the seconds spent on the answers before.
        Raises BadImage, TooManyFrames, Busy.
        """
        run.check_size(len(frames))
        if run.over:
            return run.feed([], now, _no_encoding)
        images = [_liveness_pixels(frame) for frame in frames]
        eyes = run.demand in (STRAIGHT, "blink")
        seen = observe_chunk(self.engine, images, quick=run.position > 0, last=run.last_box, eyes=eyes)

        def encode(indices: Sequence[int]) -> list[Encoding]:
            return self.engine.encode_many([(images[index], _main_of(seen[index])) for index in indices])

        chunk = [item[0] for item in seen]
        progress = run.feed(chunk, now, encode, position, busy)
        return replace(progress, looks=tuple(Look.of(one) for one in chunk))

    def hint(self, picture: Picture, purpose: Purpose) -> str | None:
        """Return the code of what to change first in a preview picture (see advice.hint), or None when it is good.

        About 30 ms at 640 x 480; nothing is kept, and nobody is recognised. Raises BadImage, Busy, ModelUnavailable.
        """
        image = _liveness_pixels(picture)
        return advice.hint(image, self.engine.detect(image, purpose=purpose), purpose)


class FaceSettings(Protocol):
    """Part of config.Settings that this service reads."""

    @property
    def face_engine(self) -> str: ...

    @property
    def face_model(self) -> str: ...

    @property
    def face_threshold(self) -> float: ...


def build_service(settings: FaceSettings, encryptor: Encryptor, storage: SnapshotStorage) -> FaceService:
    """Return the service that the settings ask for, over the table `voter_faces`."""
    engine = build_engine(settings.face_engine, settings.face_model)
    return FaceService(engine, DatabaseTemplates(encryptor, storage), settings.face_threshold)


def _kept(image: Pixels, face: Face, encoding: Encoding) -> NewTemplate:
    return NewTemplate(encoding, face.quality.as_dict(), encode_jpeg(image))


def _liveness_pixels(picture: Picture) -> Pixels:
    if isinstance(picture, str):
        return decode_data_url(picture, LIVENESS_SIDE)
    return decode_image(picture, LIVENESS_SIDE) if isinstance(picture, bytes) else picture


def _main_of(seen: tuple[Observation, Face | None]) -> Face:
    if seen[1] is None:
        raise NoFace()
    return seen[1]


def _no_encoding(indices: Sequence[int]) -> list[Encoding]:
    raise IndexError(indices)
