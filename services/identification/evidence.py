"""Pictures of faces for the eyes of those who may judge; every view is in the audit log, once an hour."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from models import AuthEvent, Voter, VoterFace, db
from services import audit_logger
from services.actor import Actor
from services.context import platform
from services.errors import NotFound

VIEWED = "staff:evidence:viewed"


def attempt_picture(event: AuthEvent, actor: Actor) -> bytes:
    """Return the JPEG of an attempt; raises NotFound when none was taken or its time is over, and FileDamaged."""
    if event.snapshot_path is None:
        raise NotFound(_("There is no picture of this attempt any more."))
    content = platform().storage.read(event.snapshot_path)
    audit_logger.record_hourly(
        VIEWED, actor, election_id=event.election_id, kind="attempt", subject_id=event.id,
        voter_number=event.voter_id_input,
    )  # fmt: skip
    return content


def enrolled_picture(voter_id: int, slot: int, actor: Actor) -> bytes:
    """Return the JPEG that was enrolled in a slot (1 to 5); raises NotFound and FileDamaged."""
    found = db.session.execute(
        select(VoterFace.image_snapshot_path, Voter.voter_id)
        .join(Voter, Voter.id == VoterFace.voter_id)
        .where(VoterFace.voter_id == voter_id, VoterFace.slot == slot)
    ).one_or_none()
    if found is None or found[0] is None:
        raise NotFound(_("This picture is not enrolled any more."))
    content = platform().storage.read(found[0])
    audit_logger.record_hourly(
        VIEWED, actor, election_id=None, kind="enrolled", subject_id=voter_id, voter_number=found[1]
    )
    return content


def enrolled_slots(voter_id: int | None) -> list[int]:
    """Return the slots of a voter's enrolled pictures; empty for nobody."""
    if voter_id is None:
        return []
    pictures = select(VoterFace.slot).where(VoterFace.voter_id == voter_id, VoterFace.image_snapshot_path.is_not(None))
    return list(db.session.scalars(pictures.order_by(VoterFace.slot)))
