"""The verification log at the desk: every attempt to enrol or compare a face."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import attempt_form, bp
from blueprints.http import current_actor, wants_json
from blueprints.policy import requires
from models import AuthResult, transaction
from services import voters
from services.identification import attempt_words, verification_log
from services.identification.verification_log import Purpose, Query, Row
from services.security import Permission

QUESTIONS = ("purpose", "result", "from", "until", "voter_id", "page")


@bp.get("/verifications")
@requires(Permission.REVIEW_ATTEMPTS)
def verifications() -> ResponseReturnValue:
    """List attempts with a face (purpose: enrolment, booth, account, check_in, comparison; result, from, until,
    voter_id, page)."""
    query = _query()
    found = verification_log.search(query, current_actor())
    if wants_json():
        return jsonify(verifications=[_row_json(row) for row in found.rows], page=found.page, pages=found.pages,
                       per_page=verification_log.PAGE_SIZE, total=found.total)  # fmt: skip
    return render_template(
        "admin/verifications.html", found=found, query=query, per_page=verification_log.PAGE_SIZE, address=_address,
        purposes=[("", _("All purposes")), *_purposes().items()], outcomes=attempt_form.results(), said=_said,
        reason=attempt_words.reason, shown=voters.format_voter_number, names=_purposes(),
    )  # fmt: skip


@bp.get("/verifications/export.csv")
@requires(Permission.REVIEW_ATTEMPTS)
def verifications_csv() -> ResponseReturnValue:
    """Download what fits the filters; the download is in the audit log."""
    with transaction():
        content = verification_log.as_csv(_query(), current_actor())
    headers = {"Content-Disposition": 'attachment; filename="verification-log.csv"', "Cache-Control": "no-store"}
    return Response(content, content_type="text/csv; charset=utf-8", headers=headers)


def _query() -> Query:
    asked = request.args
    return Query(
        purpose=attempt_form.one_of(Purpose, asked.get("purpose", "")),
        outcome=attempt_form.one_of(AuthResult, asked.get("result", "")),
        since=attempt_form.moment(asked.get("from", "")), until=attempt_form.moment(asked.get("until", "")),
        voter_number=asked.get("voter_id", "")[: attempt_form.MAX_NUMBER].replace("\x00", "").strip(),
        page=min(max(1, asked.get("page", 1, type=int)), 1_000_000),
    )  # fmt: skip


def _purposes() -> dict[str, str]:
    return {
        Purpose.ENROLMENT.value: _("Enrolment"), Purpose.BOOTH.value: _("Booth"), Purpose.ACCOUNT.value: _("Account"),
        Purpose.CHECK_IN.value: _("Check-in"), Purpose.COMPARISON.value: _("Comparison by staff"),
    }  # fmt: skip


def _said(row: Row) -> str:
    if row.purpose is Purpose.ENROLMENT:
        return _("Enrolled") if row.outcome is AuthResult.SUCCESS else _("Pictures refused")
    return {
        AuthResult.SUCCESS: _("Recognised"), AuthResult.MISMATCH: _("Face does not match"),
        AuthResult.UNKNOWN: _("Not recognised"),
    }[row.outcome]  # fmt: skip


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "at": row.at.isoformat(), "purpose": row.purpose.value, "result": row.outcome.value,
        "voter_id": row.voter_number, "reason": row.reason or None,
        "distance": None if row.distance is None else round(row.distance, 3), "of": row.of or None,
        "by": row.by or None,
    }  # fmt: skip


def _address(endpoint: str = "admin.verifications", **changes: Any) -> str:
    asked = {**request.args.to_dict(), **changes}
    kept: dict[str, Any] = {name: asked[name] for name in QUESTIONS if asked.get(name)}
    return url_for(endpoint, **kept)
