"""Meetings as their officer keeps them: the code, the end, the attendance table, checking in by hand."""

from __future__ import annotations

from flask import Response

from blueprints.api import bp
from blueprints.api.meeting_shapes import (
    Attendance,
    AttendanceQuery,
    ByHand,
    Groups,
    MeetingQuery,
    Meetings,
    MoreMinutes,
    NewMeeting,
    OneGroup,
    OneMeeting,
    OneRecord,
    ShownCode,
    code_of,
    line_of,
    meeting_of,
    record_of,
    row_of,
)
from blueprints.api.operations import documented
from blueprints.http import current_actor
from blueprints.policy import requires
from models import transaction
from services import voters
from services.api_requests import Repeatable, once
from services.attendance import records, reviews, sessions
from services.security import Permission

GROUP, TABLE = "Meetings", "Attendance"
ROWS = 50
CSV = "text/csv"


@bp.get("/groups")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, Groups)
def list_groups() -> Groups:
    """List the groups that can meet."""
    rows = voters.list_groups()
    return Groups(groups=[OneGroup(id=row.group.id, name=row.group.name, members=row.members) for row in rows])


@bp.get("/meetings")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, Meetings, query=MeetingQuery)
def list_meetings(query: MeetingQuery) -> Meetings:
    """List your meetings; an admin sees all."""
    found = sessions.search(query.q.strip(), query.page, current_actor())
    shown = [row_of(row) for row in found.rows] if query.page == found.page else []
    return Meetings(meetings=shown, total=found.total, page=query.page, per_page=sessions.PAGE_SIZE)


@bp.post("/meetings")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, OneMeeting, NewMeeting, status=201, refuses=(409,), repeatable=True)
def create_meeting(body: NewMeeting, asked: Repeatable | None) -> OneMeeting:
    """Make a meeting of a group."""
    actor = current_actor()
    with transaction():
        made = once(asked, actor, lambda: sessions.create(body.entries(), actor).id)
    return meeting_of(sessions.find(int(made), actor))


@bp.get("/meetings/<int:meeting_id>")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, OneMeeting)
def get_meeting(meeting_id: int) -> OneMeeting:
    """Show one meeting."""
    return meeting_of(sessions.find(meeting_id, current_actor()))


@bp.get("/meetings/<int:meeting_id>/code")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, ShownCode)
def show_code(meeting_id: int) -> ShownCode:
    """Show the code of this moment, for the screen in the room."""
    return code_of(sessions.find(meeting_id, current_actor()))


@bp.post("/meetings/<int:meeting_id>/code")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, ShownCode, refuses=(409,))
def new_code(meeting_id: int) -> ShownCode:
    """Give the meeting another code. The one before is worth nothing from now on."""
    with transaction():
        sessions.new_code(meeting_id, current_actor())
    return _shown(meeting_id)


@bp.post("/meetings/<int:meeting_id>/code/expire")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, ShownCode, refuses=(409,))
def expire_code(meeting_id: int) -> ShownCode:
    """End the code now. Whoever still types it is marked for a review."""
    with transaction():
        sessions.expire_code(meeting_id, current_actor())
    return _shown(meeting_id)


@bp.post("/meetings/<int:meeting_id>/extend")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, OneMeeting, MoreMinutes, refuses=(409,))
def extend_meeting(meeting_id: int, body: MoreMinutes) -> OneMeeting:
    """Let the meeting end later."""
    with transaction():
        found = sessions.extend(meeting_id, body.minutes, current_actor())
    return meeting_of(found)


@bp.post("/meetings/<int:meeting_id>/close")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(GROUP, OneMeeting, refuses=(409,))
def close_meeting(meeting_id: int) -> OneMeeting:
    """Close the meeting now. Check-ins that come later are marked for a review."""
    with transaction():
        found = sessions.close(meeting_id, current_actor())
    return meeting_of(found)


@bp.get("/meetings/<int:meeting_id>/records")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(TABLE, Attendance, query=AttendanceQuery)
def list_attendance(meeting_id: int, query: AttendanceQuery) -> Attendance:
    """Show the attendance table by name: who is there, how each layer went, and what is doubtful."""
    lines = records.table(meeting_id, current_actor())
    chosen = [line for line in lines if query.status in (None, line.state)]
    counted, begin = records.figures(lines), (query.page - 1) * ROWS
    return Attendance(
        attendance=[line_of(line) for line in chosen[begin : begin + ROWS]], members=counted.members,
        present=counted.there, flagged=counted.flagged, late=counted.late, left=counted.left, total=len(chosen),
        page=query.page, per_page=ROWS,
    )  # fmt: skip


@bp.post("/meetings/<int:meeting_id>/records")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(TABLE, OneRecord, ByHand, status=201, refuses=(409,), repeatable=True)
def enter_by_hand(meeting_id: int, body: ByHand, asked: Repeatable | None) -> OneRecord:
    """Check a member in by hand, with the reason."""
    actor = current_actor()
    with transaction():
        made = once(asked, actor, lambda: records.enter_by_hand(meeting_id, body.voter_id, body.reason, actor).id)
    return record_of(reviews.find(int(made), actor))


@bp.post("/meetings/<int:meeting_id>/records/<int:record_id>/left")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(TABLE, OneRecord, refuses=(409,), repeatable=True)
def note_left(meeting_id: int, record_id: int, asked: Repeatable | None) -> OneRecord:
    """Note that a member leaves now. Sent again, that the member is back; with the same key it counts once."""
    actor = current_actor()
    with transaction():
        once(asked, actor, lambda: records.note_left(meeting_id, record_id, actor).id)
    return record_of(reviews.find(record_id, actor))


@bp.get("/meetings/<int:meeting_id>/records.csv")
@requires(Permission.MANAGE_ATTENDANCE)
@documented(TABLE, CSV)
def export_attendance(meeting_id: int) -> Response:
    """Download the attendance table as CSV. The download is in the audit log."""
    with transaction():
        content = records.as_csv(meeting_id, current_actor())
    headers = {"Content-Disposition": f'attachment; filename="attendance-{meeting_id}.csv"'}
    return Response(content, content_type=f"{CSV}; charset=utf-8", headers=headers)


def _shown(meeting_id: int) -> ShownCode:
    return code_of(sessions.find(meeting_id, current_actor()))
