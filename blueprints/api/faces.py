"""Faces: staff enrol them and compare a photo; a voter shows the own one before the ballot, where that is asked for."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from flask import g
from flask_babel import gettext as _
from pydantic import Field

from blueprints import camera_words, limits
from blueprints.api import bp
from blueprints.api.check_in import Frame, Frames, Looked, looked
from blueprints.api.operations import documented
from blueprints.api.shapes import Shape, Upload
from blueprints.http import current_actor
from blueprints.policy import requires
from models import MAX_FACES, transaction
from services import enrolment, face_comparison, voter_accounts, voters
from services.enrolment import Enrolment, PicturesRefused
from services.errors import Conflict, ValidationFailed
from services.face_service import FaceError
from services.face_service.liveness import STEP_SECONDS
from services.security import Permission
from services.voter_accounts import BallotState, Paper

GROUP, OWN = "Faces", "Showing the own face"


class NewFace(Shape):
    """Three to five photos of one person, and that the voter agreed to the words of `/faces/consent`."""

    images: Annotated[list[Upload], Field(min_length=enrolment.MIN_PICTURES, max_length=MAX_FACES)]
    consent: Literal["true"]


class OnePhoto(Shape):
    """One photo of one face."""

    photo: Upload


class FaceConsent(Shape):
    """The words that a voter agrees to before the face is enrolled."""

    text: str
    version: str


class Picture(Shape):
    """An enrolled picture; `quality` are its figures at the gates."""

    slot: int
    quality: dict[str, float]


class OneFace(Shape):
    """What is enrolled of a voter. `same_face`: voters under other names whose face is near to the one just
    enrolled; look at both at the desk."""

    voter_id: int
    pictures: list[Picture]
    consented_at: datetime | None
    same_face: int


class FacesDeleted(Shape):
    """How many pictures went."""

    deleted: int


class Compared(Shape):
    """Whether the photo shows the enrolled face. `distance`: Euclidean, accepted up to `threshold`; `confidence`: 1
    less the distance; `reasons`: codes, where it does not match."""

    match: bool
    distance: float
    confidence: float
    threshold: float
    reasons: list[str]


class LiveCheck(Shape):
    """The movements to show, in their order; none: look straight only. Without a `challenge` the Election Commission
    helps: it looks at the attempts before."""

    challenge: uuid.UUID | None
    steps: list[str]
    step_seconds: int
    tries_left: int


class OwnFrames(Frames):
    """Camera pictures for this challenge."""

    challenge: uuid.UUID


class OwnFrame(Shape):
    """One camera picture before the check begins."""

    challenge: uuid.UUID
    frame: Frame


class Advice(Shape):
    """What to change before the check begins; `good`: nothing."""

    good: bool
    advice: str | None


class NothingToShow(Conflict):
    code = "no_face_needed"


@bp.get("/faces/consent")
@requires(Permission.ENROL_FACES)
@documented(GROUP, FaceConsent)
def face_consent() -> FaceConsent:
    """Show the words that a voter agrees to before the face is enrolled."""
    return FaceConsent(text=enrolment.consent_text(), version=enrolment.CONSENT_VERSION)


@bp.get("/voters/<int:voter_id>/face")
@requires(Permission.ENROL_FACES)
@documented(GROUP, OneFace)
def get_face(voter_id: int) -> OneFace:
    """Show what is enrolled of a voter: no pictures, their figures."""
    return _face(voter_id, enrolment.enrolment_of(voters.get_voter(voter_id)))


@bp.put("/voters/<int:voter_id>/face")
@requires(Permission.ENROL_FACES)
@documented(GROUP, OneFace, NewFace, refuses=(409,), multipart=True)
def enrol_face(voter_id: int, body: NewFace) -> OneFace:
    """Enrol a face, in the place of the one before. All pictures must pass the gates, or nothing is enrolled."""
    try:
        with transaction():
            present = enrolment.enrol(voter_id, body.images, True, current_actor())
    except (PicturesRefused, FaceError) as error:
        with transaction():
            enrolment.note_refusal(voter_id, error, current_actor())
        raise (_named(error, "images") if isinstance(error, PicturesRefused) else error) from None
    return _face(voter_id, present)


@bp.delete("/voters/<int:voter_id>/face")
@requires(Permission.ENROL_FACES)
@documented(GROUP, FacesDeleted)
def delete_face(voter_id: int) -> FacesDeleted:
    """Delete the enrolled pictures of a voter who takes the consent back."""
    with transaction():
        return FacesDeleted(deleted=enrolment.withdraw(voter_id, current_actor()))


@bp.post("/voters/<int:voter_id>/face/verify")
@requires(Permission.ENROL_FACES)
@limits.limiter.limit(limits.RECEIPTS, key_func=limits.session_key)
@documented(GROUP, Compared, OnePhoto, refuses=(409,), multipart=True)
def verify_face(voter_id: int, body: OnePhoto) -> Compared:
    """Compare a photo with the enrolled face (1:1). The photo is not kept, no ballot opens by it, and each comparison
    stands in the audit log."""
    try:
        with transaction():
            found = face_comparison.compare(voter_id, body.photo, current_actor())
    except PicturesRefused as error:
        with transaction():
            face_comparison.note_refusal(voter_id, error, current_actor())
        raise _named(error, "photo") from None
    return Compared(
        match=found.match, distance=found.distance, confidence=found.confidence, threshold=found.threshold,
        reasons=list(found.reasons),
    )  # fmt: skip


@bp.post("/me/elections/<uuid:public_id>/identity")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.own_key)
@documented(OWN, LiveCheck, refuses=(409,))
def begin_identity(public_id: uuid.UUID) -> LiveCheck:
    """Draw the movements of the live check before a ballot that asks for the face."""
    with transaction():
        paper = _paper(public_id)
        begun = voter_accounts.identity.begin(paper.session, paper.election, current_actor())
        drawn, steps = (begun.check.id, list(begun.check.steps)) if begun.check else (None, [])
    return LiveCheck(challenge=drawn, steps=steps, step_seconds=int(STEP_SECONDS), tries_left=begun.tries_left)


@bp.post("/me/elections/<uuid:public_id>/identity/frames")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.FRAMES, key_func=limits.own_key)
@documented(OWN, Looked, OwnFrames, refuses=(409,))
def send_identity_frames(public_id: uuid.UUID, body: OwnFrames) -> Looked:
    """Send a chunk of camera pictures of the live check. No answer has a figure: only words, as on the page."""
    with transaction():
        paper = _paper(public_id)
        found = voter_accounts.identity.submit(
            paper.session, paper.election, str(body.challenge), body.step, body.frames, current_actor(), body.seq,
            body.camera,
        )  # fmt: skip
    return looked(found)


@bp.post("/me/elections/<uuid:public_id>/identity/advice")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.ADVICE, key_func=limits.own_key)
@documented(OWN, Advice, OwnFrame, refuses=(409,))
def advise_identity(public_id: uuid.UUID, body: OwnFrame) -> Advice:
    """Say what to change before the check begins. It counts as no attempt, and nothing is kept."""
    with transaction():
        paper = _paper(public_id)
        found = voter_accounts.identity.advise(paper.session, paper.election, str(body.challenge), body.frame)
    return Advice(good=found is None, advice=camera_words.reason(found) if found else None)


def _paper(public_id: uuid.UUID) -> Paper:
    paper = voter_accounts.paper_of(g.principal.session_id, public_id)
    if paper.state is not BallotState.IDENTITY:
        raise NothingToShow(_("No face is asked for now. Ask for the ballot."))
    return paper


def _face(voter_id: int, present: Enrolment) -> OneFace:
    pictures = [Picture(slot=face.slot, quality=face.quality) for face in present.faces]
    return OneFace(
        voter_id=voter_id, pictures=pictures, consented_at=present.consented_at, same_face=len(present.flags)
    )


def _named(error: PicturesRefused, field: str) -> ValidationFailed:
    """Return the refusal with the sentence of each picture, counted from 1."""
    words = [
        _("Picture %(number)s: %(reason)s", number=one["index"] + 1, reason=one["message"]) for one in error.pictures
    ]
    named = ValidationFailed(error.message, fields={field: " ".join(words)})
    named.code = error.code
    return named
