"""Staff compare one photo with the enrolled pictures of a voter (1:1): a figure to judge by, and nothing follows."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from flask_babel import gettext as _

from services import audit_logger, enrolment
from services.actor import Actor
from services.context import platform
from services.enrolment import PicturesRefused, Upload
from services.errors import Conflict
from services.face_service import Match
from services.voters import get_voter

log = logging.getLogger(__name__)

UNUSABLE = "unusable"
"""The result of a comparison whose photo missed a gate."""


@dataclass(frozen=True)
class Comparison:
    """`distance` is Euclidean, the smaller the more alike; `threshold` the largest that is accepted."""

    match: bool
    distance: float
    confidence: float
    threshold: float
    reasons: tuple[str, ...]


def compare(voter_id: int, picture: Upload, actor: Actor) -> Comparison:
    """Compare one photo that passes the gates of the enrolment with what is enrolled; the photo is kept nowhere.

    It proves nobody's presence, so no ballot opens by it. Raises NotFound, PicturesRefused (422), PictureTooLarge
    (413), Conflict without enrolled pictures or a standing consent, Busy and ModelUnavailable (503).
    """
    voter = get_voter(voter_id)
    present = enrolment.enrolment_of(voter)
    if not present.faces or present.consented_at is None:
        raise Conflict(_("No face of this voter is enrolled. Enrol one first."))
    check, pixels = enrolment.judge(picture)
    if pixels is None or not check.ok:
        raise PicturesRefused([{"index": 0, "code": check.code, "message": check.advice}])
    probe = platform().faces.template(pixels).encoding
    try:
        match = platform().faces.verify_encodings(voter.id, [probe])[0]
    except (ValueError, InvalidToken) as error:
        log.exception("An enrolled face of voter row %s cannot be opened", voter.id)
        raise Conflict(_("The enrolled face of this voter is damaged. Enrol it again.")) from error
    if match.distance is None:
        raise Conflict(_("No face of this voter is enrolled. Enrol one first."))
    audit_logger.record(
        "staff:face:compared", actor, voter_number=voter.voter_id, subject_id=voter.id,
        result="match" if match.ok else "no_match", distance=round(match.distance, 2),
    )  # fmt: skip
    return _told(match, match.distance)


def note_refusal(voter_id: int, error: PicturesRefused, actor: Actor) -> None:
    """Write down that a photo could not be compared and why, for the verification log."""
    audit_logger.record(
        "staff:face:compared", actor, voter_number=get_voter(voter_id).voter_id, subject_id=voter_id,
        result=UNUSABLE, reason=str(error.pictures[0]["code"]),
    )  # fmt: skip


def _told(match: Match, distance: float) -> Comparison:
    reasons = () if match.ok else (match.reason or "different_person",)
    return Comparison(match.ok, round(distance, 2), round(match.confidence, 2), match.threshold, reasons)
