"""Meetings in figures, as at the desk: who came by month, meeting, group and member, doubts, and layers that fail."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from flask import g

from blueprints.api import bp
from blueprints.api.election_shapes import Moment, Number
from blueprints.api.operations import documented
from blueprints.api.shapes import Shape
from blueprints.api.voter_shapes import Page, Words
from blueprints.http import current_actor
from blueprints.policy import requires
from models import FlagKind, Layer
from services.attendance import device_changes, member_rates
from services.attendance.overview import Held, Part, Span, Tally, overview
from services.context import platform
from services.security import Permission, has_permission

GROUP = "Analytics"
ONE_DECIMAL = 1


class SpanQuery(Shape):
    """Meetings that began from `since` to before `until`, of one group or of all."""

    since: Moment | None = None
    until: Moment | None = None
    group_id: Number | None = None

    def span(self) -> Span:
        """Return the span as the service takes it."""
        return Span(self.since, self.until, self.group_id)


class MemberQuery(SpanQuery):
    """`q`: a part of the name, or the beginning of the voter ID. Fifty a page."""

    q: Words = ""
    sort: Literal["name", "attended", "late", "missed", "share"] = "name"
    order: Literal["asc", "desc"] = "asc"
    page: Page = 1


class Came(Shape):
    """Members who were expected, and of them those `present`; `share` in percent."""

    members: int
    present: int
    share: float
    late: int
    to_review: int
    rejected: int


class PartCame(Came):
    """A group, or a month as 2026-11."""

    name: str
    meetings: int


class MeetingCame(Came):
    """One meeting; `by_phone` check-ins went through the layers, the others were entered by hand."""

    meeting_id: int
    title: str
    group: str
    starts_at: datetime
    by_phone: int


class LayerFails(Shape):
    """How many check-ins were asked for a layer, and how often it was doubtful or missing."""

    layer: Layer
    asked: int
    doubtful: int
    missing: int


class MeetingFigures(Came):
    """The sum, and its parts. `devices_waiting`: members who ask for another phone, null for who does not decide it."""

    held: list[MeetingCame]
    groups: list[PartCame]
    months: list[PartCame]
    flags: dict[FlagKind, int]
    layers: list[LayerFails]
    devices_waiting: int | None


class MemberCame(Shape):
    """A member: meetings of the own groups that were held, and what came of them; `share` in percent."""

    voter_id: str
    name: str
    meetings: int
    attended: int
    late: int
    missed: int
    share: float


class MemberFigures(Shape):
    """A page of members."""

    members: list[MemberCame]
    total: int
    page: int
    pages: int
    per_page: int


@bp.get("/figures/meetings")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, MeetingFigures, query=SpanQuery)
def meeting_figures(query: SpanQuery) -> MeetingFigures:
    """Show how many came to the meetings that you may see, and what was doubtful."""
    found = overview(query.span(), current_actor(), platform().settings.timezone)
    decides = has_permission(g.principal.role, Permission.DECIDE_DEVICES)
    return MeetingFigures(
        **_came(found.tally), held=[_meeting(one) for one in found.held], groups=[_part(one) for one in found.groups],
        months=[_part(one) for one in found.months], flags=dict(found.flags),
        layers=[
            LayerFails(layer=one.layer, asked=one.asked, doubtful=one.doubtful, missing=one.missing)
            for one in found.doubts
        ],
        devices_waiting=device_changes.count_waiting() if decides else None,
    )  # fmt: skip


@bp.get("/figures/members")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, MemberFigures, query=MemberQuery)
def member_figures(query: MemberQuery) -> MemberFigures:
    """List the members with what they attended and missed."""
    found = member_rates.search(
        query.span(), query.q.strip(), query.sort, query.order == "desc", query.page, current_actor()
    )
    rows = [
        MemberCame(
            voter_id=one.voter_id, name=one.name, meetings=one.expected, attended=one.attended, late=one.late,
            missed=one.missed, share=round(one.share, ONE_DECIMAL),
        )
        for one in found.rows
    ]  # fmt: skip
    return MemberFigures(
        members=rows, total=found.total, page=found.page, pages=found.pages, per_page=member_rates.PAGE_SIZE
    )


def _came(tally: Tally) -> dict[str, Any]:
    return {
        "members": tally.members, "present": tally.there, "share": round(tally.share, ONE_DECIMAL), "late": tally.late,
        "to_review": tally.flagged, "rejected": tally.rejected,
    }  # fmt: skip


def _part(part: Part) -> PartCame:
    return PartCame(**_came(part.tally), name=part.name, meetings=part.meetings)


def _meeting(held: Held) -> MeetingCame:
    session = held.session
    return MeetingCame(
        **_came(held.tally), meeting_id=session.id, title=session.title, group=held.group,
        starts_at=session.starts_at, by_phone=held.by_phone,
    )  # fmt: skip
