"""Check-ins that somebody looks at again: the list, one beside its evidence and pictures, and the decision."""

from __future__ import annotations

from flask import Response

from blueprints.api import bp
from blueprints.api.operations import documented
from blueprints.api.review_shapes import (
    DoubtedRecords,
    ManyReviewed,
    ManyReviews,
    RecordEvidence,
    RecordReview,
    ReviewQuery,
    doubted_of,
    evidence_of,
)
from blueprints.http import current_actor
from blueprints.policy import requires
from models import transaction
from services.attendance import evidence, review_list, reviews
from services.security import Permission

GROUP = "Reviews of check-ins"
JPEG = "image/jpeg"


@bp.get("/check-ins")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, DoubtedRecords, query=ReviewQuery)
def list_doubted(query: ReviewQuery) -> DoubtedRecords:
    """List check-ins that were doubted: of your meetings, an admin of all. A page beyond the last one is the last
    one."""
    actor = current_actor()
    found = review_list.search(query.wanted(), actor)
    rows = [doubted_of(one, reviews.own_act(one, actor)) for one in found.rows]
    return DoubtedRecords(
        check_ins=rows, total=found.total, page=found.page, pages=found.pages, per_page=review_list.PAGE_SIZE
    )


@bp.get("/check-ins/<int:record_id>")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, RecordEvidence)
def get_check_in(record_id: int) -> RecordEvidence:
    """Show one check-in beside its evidence."""
    return _shown(record_id)


@bp.get("/check-ins/<int:record_id>/pictures/<picture>")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, JPEG, refuses=(410,))
def check_in_picture(record_id: int, picture: str) -> Response:
    """Send one of its pictures: selfie, enrolled, room, or twin (the earlier one that looks the same). Each look
    stands in the audit log."""
    with transaction():
        content = evidence.picture(record_id, picture, current_actor())
    return Response(content, mimetype=JPEG)


@bp.post("/check-ins/<int:record_id>/review")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, RecordEvidence, RecordReview, refuses=(409,))
def review_check_in(record_id: int, body: RecordReview) -> RecordEvidence:
    """Confirm or reject a check-in. A decision about an objection is final."""
    with transaction():
        reviews.decide(record_id, body.decision, body.note, current_actor(), body.seen)
    return _shown(record_id)


@bp.post("/check-ins/reviews")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, ManyReviewed, ManyReviews)
def review_many(body: ManyReviews) -> ManyReviewed:
    """Confirm or reject up to 200 check-ins that wait, with one note."""
    with transaction():
        done = reviews.decide_many(body.records, body.decision, body.note, current_actor())
    return ManyReviewed(done=done.done, skipped=done.skipped, own=done.own)


def _shown(record_id: int) -> RecordEvidence:
    actor = current_actor()
    found = reviews.find(record_id, actor)
    return evidence_of(found, reviews.own_act(found, actor))
