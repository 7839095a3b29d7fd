"""Enrolment of a voter's face: consent, three to five good pictures of one person, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from models import MAX_FACES, Consent, DuplicateFlag, Voter, VoterFace, VoterStatus, db
from services import audit_logger, same_face
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, NotFound, ValidationFailed
from services.face_service import Busy, FaceError, ModelUnavailable, Pixels, advice, data_url_bytes, decode_image
from services.face_service.matching import ENROL_RANGE
from services.face_service.quality import ADVICE, GATES, Quality, count_people, problem_of
from services.pictures import check_size
from services.voters import get_voter

CONSENT_VERSION = "2026-11-27"
"""Changes with every change of `consent_text`; stored with each consent."""
MIN_PICTURES = ENROL_RANGE[0]
"""With three the bar may be tightened to 0.50 (face.md, section 1)."""

Upload = bytes | str
"""A picture as the content of a file, or as a data URL."""


class ConsentMissing(ValidationFailed):
    code = "consent_missing"


class PicturesRefused(ValidationFailed):
    """At least one picture cannot be used; `pictures` lists index (from 0), code and sentence of each."""

    code = "pictures_refused"

    def __init__(self, pictures: list[dict[str, Any]]) -> None:
        super().__init__(_("Nothing was enrolled. Take the pictures named here again."))
        self.pictures = pictures


@dataclass(frozen=True)
class Check:
    """What one picture is worth: `code` None means good; `quality` is None without a single face.

    `gates` tells for distance, one_face, light, sharp and straight whether it is good, None where nothing is known.
    """

    code: str | None
    advice: str | None
    quality: dict[str, float] | None = None
    gates: dict[str, bool | None] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.code is None


@dataclass(frozen=True)
class Enrolment:
    """What is enrolled of a voter now."""

    faces: list[VoterFace]
    consented_at: datetime | None
    flags: list[DuplicateFlag] = field(default_factory=list)
    """Voters whose face is near to the one just enrolled."""


def consent_text() -> str:
    """Return the words that the voter agrees to; their version is CONSENT_VERSION."""
    words: str = _(
        "I agree that %(least)s to %(most)s pictures of my face are taken and kept, encrypted, to recognise me at the"
        " polling booth, and to notice when one face is enrolled under two names. They serve nothing else. They are"
        " erased %(days)s days after the last election whose electoral roll I am on. I can take this back at any time:"
        " the pictures are then deleted, and I identify myself with a document instead.",
        least=MIN_PICTURES,
        most=MAX_FACES,
        days=platform().settings.face_erase_days,
    )
    return words


def enrolment_of(voter: Voter) -> Enrolment:
    """Return the enrolled pictures and the date of the consent they rest on."""
    consented_at = db.session.scalar(
        select(func.max(Consent.created_at)).where(Consent.voter_id == voter.id, Consent.withdrawn_at.is_(None))
    )
    faces = db.session.scalars(select(VoterFace).where(VoterFace.voter_id == voter.id).order_by(VoterFace.slot))
    return Enrolment(list(faces), consented_at)


def enrol(voter_id: int, images: Sequence[Upload], consent: bool, actor: Actor) -> Enrolment:
    """Replace the voter's enrolled pictures by these three to five, with the voter's consent; all or nothing.

    Raises NotFound, ConsentMissing, PictureTooLarge (413), PicturesRefused (422, a reason for each bad picture),
    FaceError (422: WrongCount, PicturesDiffer; 503: Busy, ModelUnavailable) and Conflict for a suspended voter.
    """
    get_voter(voter_id)
    if consent is not True:
        raise ConsentMissing(fields={"consent": _("Ask the voter for consent first, then tick the box.")})
    if not MIN_PICTURES <= len(images) <= MAX_FACES:
        raise ValidationFailed(
            fields={"images": _("Send %(least)s to %(most)s pictures.", least=MIN_PICTURES, most=MAX_FACES)}
        )
    pixels = _good_pictures(images)
    # Before the lock that orders enrolments, so that nobody waits while many means are opened.
    platform().faces.templates.means.refresh()
    voter = get_voter(voter_id, lock=True)
    if voter.status is VoterStatus.SUSPENDED:
        raise Conflict(_("This voter is suspended. Lift the suspension first, then enrol the face."))
    again = bool(enrolment_of(voter).faces)
    platform().faces.enroll_images(voter.id, pixels)
    db.session.add(Consent(voter_id=voter.id, text_version=CONSENT_VERSION))
    db.session.flush()
    db.session.expire(voter, ["faces"])
    audit_logger.record(
        "staff:face:enrolled_again" if again else "staff:face:enrolled", actor,
        voter_number=voter.voter_id, subject_id=voter.id, pictures=len(pixels),
    )  # fmt: skip
    flags = same_face.look_for(voter, actor)
    return replace(enrolment_of(voter), flags=flags)


def note_refusal(voter_id: int, error: Exception, actor: Actor) -> None:
    """Write down that pictures were refused and why, for the verification log; other errors are no attempts."""
    if isinstance(error, PicturesRefused):
        code = str(error.pictures[0]["code"])
    elif isinstance(error, FaceError) and not isinstance(error, (Busy, ModelUnavailable)):
        code = error.code
    else:
        return
    audit_logger.record("staff:face:enrolment_refused", actor, voter_number=get_voter(voter_id).voter_id, reason=code)


def withdraw(voter_id: int, actor: Actor) -> int:
    """Delete the voter's pictures and mark the consent withdrawn; return how many pictures went.

    Raises NotFound, also when nothing is enrolled and no consent stands.
    """
    voter = get_voter(voter_id, lock=True)
    present = enrolment_of(voter)
    if not present.faces and present.consented_at is None:
        raise NotFound(_("No picture of this voter is enrolled."))
    standing = update(Consent).where(Consent.voter_id == voter.id, Consent.withdrawn_at.is_(None))
    db.session.execute(standing.values(withdrawn_at=utc_now()))
    audit_logger.record("staff:face:deleted", actor, voter_number=voter.voter_id, pictures=len(present.faces))
    # Last, because the files do not come back when the transaction fails.
    erased = platform().faces.erase(voter.id)
    db.session.expire(voter, ["faces"])
    return erased


def check_picture(voter_id: int, picture: Upload) -> Check:
    """Look at one camera frame before it is taken; raises NotFound, and Busy or ModelUnavailable (503)."""
    get_voter(voter_id)
    return judge(picture, preview=True)[0]


def judge(picture: Upload, preview: bool = False) -> tuple[Check, Pixels | None]:
    """Return what a picture is worth for enrolment, and the picture decoded; None for what is no picture.

    A preview also asks for the whole face in the middle, because there it can still be moved.
    Raises PictureTooLarge (413), and Busy or ModelUnavailable (503).
    """
    try:
        pixels = _to_pixels(picture)
        return _look_at(pixels, preview), pixels
    except (Busy, ModelUnavailable):
        raise
    except FaceError as error:
        return Check(error.code, error.message), None


def _look_at(pixels: Pixels, preview: bool) -> Check:
    """Return the first gate that the picture misses, with the figures of its one face."""
    faces = platform().faces.engine.detect(pixels)
    people = count_people([float(face.width) for face in faces], "enrol")
    if people != 1:
        code = "no_face" if people == 0 else "multiple_faces"
        return Check(code, str(ADVICE[code]), gates={"one_face": False})
    quality = faces[0].quality
    problem = problem_of(quality, "enrol")
    where = advice.place(pixels, faces[0]) if preview else None
    if where and problem in (None, "bad_pose", "too_blurry"):
        return Check(where, str(advice.PLACES[where]), quality.as_dict(), _gates(quality) | {"distance": False})
    return Check(problem, str(ADVICE[problem]) if problem else None, quality.as_dict(), _gates(quality))


def _gates(quality: Quality) -> dict[str, bool | None]:
    """Return gate by gate what `problem_of` decides as a whole, for the list beside the camera."""
    gate = GATES["enrol"]
    lowest, highest = gate.pitch or (float("-inf"), float("inf"))
    return {
        "distance": quality.px >= gate.px,
        "one_face": True,
        "light": gate.darkest <= quality.mean <= gate.brightest and quality.std >= gate.contrast,
        "sharp": quality.sharpness >= gate.sharpness,
        "straight": abs(quality.yaw) <= gate.yaw
        and abs(quality.roll) <= gate.roll
        and lowest <= quality.pitch <= highest,
    }


def _good_pictures(images: Sequence[Upload]) -> list[Pixels]:
    """Return every picture decoded; raises PicturesRefused with a reason for each one that misses a gate."""
    decoded: list[Pixels] = []
    refused: list[dict[str, Any]] = []
    for index, image in enumerate(images):
        check, pixels = judge(image)
        if check.ok and pixels is not None:
            decoded.append(pixels)
        else:
            refused.append({"index": index, "code": check.code, "message": check.advice})
    if refused:
        raise PicturesRefused(refused)
    return decoded


def _to_pixels(image: Upload) -> Pixels:
    content = data_url_bytes(image) if isinstance(image, str) else image
    check_size(content, "images")
    return decode_image(content)
