"""Check-ins that somebody looks at again, as the API takes and gives them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from blueprints import check_in_words
from blueprints.api.election_shapes import Number
from blueprints.api.meeting_shapes import OneFlag, OneRecord, Page, Words, record_of
from blueprints.api.shapes import TEXT, Shape
from models import AttendanceRecord, FlagKind, Layer
from services.attendance import device_names, evidence, fence, review_list, reviews
from services.identification import attempt_words

Note = Annotated[str, StringConstraints(max_length=reviews.MAX_NOTE, pattern=TEXT), Field(examples=["She sat here."])]
Decision = Literal["confirmed", "rejected"]
State = Literal["waiting", "objected", "confirmed", "rejected", "all"]


class ReviewQuery(Shape):
    """Which check-ins. `kind`: with this doubt; `q`: a voter ID, or a part of a name or of a meeting's title."""

    state: State = "waiting"
    kind: FlagKind | None = None
    group_id: Number | None = None
    meeting_id: Number | None = None
    q: Words = ""
    page: Page = 1

    def wanted(self) -> review_list.Query:
        """Return what was asked for as the service takes it."""
        state = review_list.WAITING if self.state == "waiting" else self.state
        return review_list.Query(state, self.kind, self.group_id, self.meeting_id, self.q.strip(), self.page)


class DoubtedRecord(OneRecord):
    """A check-in, and what was decided about it.

    `seen`: send it back with a decision, which is refused when somebody decided or the member objected since.
    `not_you`: why somebody else decides, null when you may. `final`: the decision came after the objection and stands.
    """

    voter_id: str
    name: str
    meeting_id: int
    meeting: str
    group: str
    review_note: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None
    objection: str | None
    objected_at: datetime | None
    final: bool
    not_you: str | None
    seen: str


class DoubtedRecords(Shape):
    """A page of check-ins: objections first, then the newest."""

    check_ins: list[DoubtedRecord]
    total: int
    page: int
    pages: int
    per_page: int


class Doubt(OneFlag):
    """A doubt in a few words, and in a sentence with its figures."""

    title: str
    words: str


class Step(Shape):
    """A step of the check-in: `result` is null where it was not reached, `known` what is known of it, in words."""

    layer: Layer
    result: Literal["passed", "doubtful", "missing"] | None
    known: str


class FaceTry(Shape):
    """A try of the live check of the face; accepted up to `accepted_up_to` of the check-in."""

    at: datetime
    title: str
    reason: str | None
    distance: float | None


class Whereabouts(Shape):
    """How far the phone was from the middle of the meeting's place, in metres."""

    distance_m: int
    accuracy_m: int
    radius_m: int


class Before(Shape):
    """The member's check-in before this one: the way from there at the best of both accuracies."""

    title: str
    at: datetime
    metres: int
    seconds: int
    km_per_hour: int


class UsedDevice(Shape):
    """The bound device that proved this check-in."""

    name: str
    kind: Literal["key", "platform"]
    bound_at: datetime


class RecordEvidence(DoubtedRecord):
    """A check-in beside its evidence. `pictures` can be got one by one; each look stands in the audit log."""

    doubts: list[Doubt]
    steps: list[Step]
    live_checks: list[FaceTry]
    accepted_up_to: float
    place: Whereabouts | None
    before: Before | None
    device: UsedDevice | None
    pictures: list[Literal["selfie", "enrolled", "room", "twin"]]
    twin_of: str | None
    entered_by: str | None
    reason: str | None


class Judged(Shape):
    """The decision. The member reads the note, which a rejection, a change of mind and an objection need."""

    decision: Decision
    note: Note = ""


class RecordReview(Judged):
    """A decision about one check-in; without `seen` it counts whatever happened since."""

    seen: Annotated[str, StringConstraints(max_length=100, pattern=TEXT)] | None = None


class ManyReviews(Judged):
    """One decision about many check-ins; those that were decided before or are objected to stay as they are."""

    records: Annotated[list[Number], Field(min_length=1, max_length=reviews.MOST_AT_ONCE)]


class ManyReviewed(Shape):
    """How many were decided, how many were skipped, and how many are your own acts: somebody else decides them."""

    done: int
    skipped: int
    own: int


def doubted_of(found: AttendanceRecord, not_you: str) -> DoubtedRecord:
    """Return a line of the list."""
    return DoubtedRecord(**_doubted(found, not_you))


def evidence_of(found: AttendanceRecord, not_you: str) -> RecordEvidence:
    """Return a check-in with its evidence; no picture and no position, but the way between."""
    known, drawn = evidence.of(found), fence.drawing(found)
    before, device = known.earlier, known.device
    same = ("title", "at", "metres", "seconds", "km_per_hour")
    return RecordEvidence(
        **_doubted(found, not_you), doubts=[_doubt(flag) for flag in found.flags],
        steps=[Step(layer=layer, result=result or None, known=known_of)
               for layer, result, known_of in check_in_words.steps_of(found)],
        live_checks=[
            FaceTry(at=one.created_at, title=attempt_words.title(one), distance=one.distance,
                    reason=attempt_words.reason(one.reason) if one.reason else None)
            for one in known.live_checks
        ],
        accepted_up_to=known.accepted_up_to,
        place=drawn and Whereabouts(**{name: getattr(drawn, name) for name in Whereabouts.model_fields}),
        before=before and Before(**{name: getattr(before, name) for name in same}),
        device=device and UsedDevice(
            name=device_names.spoken(device.label), kind=device.kind.value, bound_at=device.created_at),
        pictures=[name for name in evidence.PICTURES if name in known.shown], twin_of=known.twin_of or None,
        entered_by=found.enterer.username if found.enterer else None, reason=found.reason,
    )  # fmt: skip


def _doubt(flag: Any) -> Doubt:
    return Doubt(
        kind=flag.kind, evidence=flag.evidence, title=check_in_words.title(flag), words=check_in_words.sentence(flag)
    )


def _doubted(found: AttendanceRecord, not_you: str) -> dict[str, Any]:
    same = ("review_note", "reviewed_at", "objection", "objected_at")
    return {
        **dict(record_of(found)), **{name: getattr(found, name) for name in same},
        "voter_id": found.voter.voter_id, "name": found.voter.name, "meeting_id": found.session_id,
        "meeting": found.session.title, "group": found.session.group.name, "final": found.is_final,
        "reviewed_by": found.reviewer.username if found.reviewer else None, "not_you": not_you or None,
        "seen": found.review_mark,
    }  # fmt: skip
