"""One face under two names: the flags with both pictures side by side, and the judgement."""

from __future__ import annotations

from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import DuplicateFlag, SameFace, transaction
from services import same_face, voters
from services.errors import Conflict, ValidationFailed
from services.identification import evidence
from services.security import Permission, has_permission


@bp.app_context_processor
def same_face_frame() -> dict[str, Any]:
    """Give the pages of the voters what is doubtful: how many flags wait, those of one voter, voters of a list."""
    return {
        "flags_waiting": same_face.waiting_count,
        "flags_of": same_face.flags_of,
        "doubtful": same_face.doubtful,
    }


@bp.get("/same-face")
@requires(Permission.MANAGE_VOTERS)
def same_faces() -> ResponseReturnValue:
    """List flags (`state`, `voter` row id, `page`); without a state those that wait."""
    found = same_face.search(_state(), request.args.get("voter", type=int), _page_number())
    if wants_json():
        return jsonify(flags=[_flag_json(flag) for flag in found.rows], page=found.page, pages=found.pages,
                       per_page=same_face.PAGE_SIZE, total=found.total)  # fmt: skip
    return _page(found)


@bp.post("/same-face/<int:flag_id>")
@requires(Permission.MANAGE_VOTERS)
def judge_same_face(flag_id: int) -> ResponseReturnValue:
    """Say that both are one person or two (`decision`, `note`, and `seen`: the mark of what was looked at)."""
    values = body()
    try:
        with transaction():
            decision, seen = text_field(values, "decision"), text_field(values, "seen")
            note = text_field(values, "note", same_face.MAX_NOTE)
            flag = same_face.judge(flag_id, decision, note, seen, current_actor())
    except (ValidationFailed, Conflict) as error:
        if wants_json():
            raise
        return _page(same_face.search(_state(), None, _page_number()), flag_id, error, values)
    if wants_json():
        return jsonify(flag=_flag_json(flag))
    if flag.state is SameFace.SAME_PERSON:
        flash(_("Noted: the same person. Suspend one of the two entries, so that nobody votes twice."), "notice")
    else:
        flash(_("Noted: two people. They are not doubtful any more."), "ok")
    return redirect(url_for("admin.same_faces"), 303)


def _page(
    found: same_face.FlagPage,
    wrong: int = 0,
    error: ValidationFailed | Conflict | None = None,
    typed: dict[str, Any] | None = None,
) -> ResponseReturnValue:
    ids = {one for flag in found.rows for one in (flag.voter_id, flag.other_id)}
    page = render_template(
        "admin/same_face/list.html",
        found=found,
        per_page=same_face.PAGE_SIZE,
        state=request.args.get("state", ""),
        one_voter=request.args.get("voter", type=int),
        waiting=same_face.waiting_count(),
        slots={voter_id: evidence.enrolled_slots(voter_id) for voter_id in ids},
        sees_evidence=has_permission(g.principal.role, Permission.VIEW_EVIDENCE),
        wrong=wrong,
        fields=error.fields if isinstance(error, ValidationFailed) else {},
        clash=error.message if isinstance(error, Conflict) else "",
        typed=typed or {},
        longest=same_face.MAX_NOTE,
        shown=voters.format_voter_number,
    )
    return page, error.status if error else 200


def _state() -> SameFace | None:
    """Return the state asked for: those that wait, unless all, another, or one voter is asked for."""
    asked = request.args.get("state", "")
    if asked in list(SameFace):
        return SameFace(asked)
    return None if asked == "all" or request.args.get("voter", type=int) else SameFace.PENDING


def _page_number() -> int:
    return min(max(1, request.args.get("page", 1, type=int)), 1_000_000)


def _flag_json(flag: DuplicateFlag) -> dict[str, Any]:
    people = {
        name: {"id": voter.id, "voter_id": voter.voter_id, "name": voter.name, "status": voter.status.value}
        for name, voter in (("voter", flag.voter), ("other", flag.other))
    }
    return people | {
        "id": flag.id, "distance": round(flag.distance, 3), "state": flag.state.value, "note": flag.note,
        "judged_by": flag.judge.username if flag.judge else None, "seen": flag.mark,
        "judged_at": flag.judged_at.isoformat() if flag.judged_at else None,
        "created_at": flag.created_at.isoformat(),
    }  # fmt: skip
