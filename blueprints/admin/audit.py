"""The audit log on the desk: filters, pages, exports, and the refused requests."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify, render_template, request, send_file, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp
from blueprints.admin.frame import election_at_the_desk
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import Refusal, transaction
from services import audit_trail, elections, sealed_file
from services.audit_trail import Filters
from services.audit_trail.sentences import row_in_words, titles_of
from services.clock import utc_now
from services.context import platform
from services.errors import ValidationFailed
from services.security import Permission, has_permission

LARGEST = 2**62
FILTERS = ("election", "actor", "kind", "since", "until", "q")


@bp.get("/audit")
@requires(Permission.VIEW_AUDIT)
def audit() -> ResponseReturnValue:
    """Show the rows that fit the filters, newest first, with one sentence each."""
    filters, typed, errors = _filters(request.args.to_dict())
    page = audit_trail.search(filters, _before(request.args.get("before")))
    titles = titles_of(page.rows)
    rows = [row_in_words(row, titles) for row in page.rows]
    if wants_json():
        if errors:
            raise ValidationFailed(fields=errors)
        return jsonify(rows=[asdict(row) | {"at": row.at.isoformat()} for row in rows], next_before=page.next_before)
    return _page(rows=rows, page=page, typed=typed, errors=errors)


@bp.get("/audit/export.csv")
@requires(Permission.VIEW_AUDIT)
def audit_csv() -> ResponseReturnValue:
    """Send the rows that fit the filters as CSV, in pieces."""
    filters, _typed, errors = _filters(request.args.to_dict())
    if errors:
        raise ValidationFailed(fields=errors)
    with transaction():
        lines = audit_trail.csv_lines(filters, current_actor())
    response = Response(stream_with_context(lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{_name("csv")}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/audit/export")
@requires(Permission.VIEW_AUDIT)
def audit_sealed() -> ResponseReturnValue:
    """Send the same rows encrypted with a passphrase typed twice."""
    values = body()
    first = text_field(values, "passphrase", 500, strip=False)
    second = text_field(values, "passphrase_again", 500, strip=False)
    filters, typed, errors = _filters({name: text_field(values, name) for name in FILTERS})
    if first != second:
        errors["passphrase_again"] = _("This is not the same passphrase. Type it again.")
    try:
        sealed_file.check_passphrase(first)
        if errors:
            raise ValidationFailed(fields=errors)
        with transaction():
            content = audit_trail.sealed_export(filters, first, current_actor())
    except ValidationFailed as error:
        if wants_json():
            raise
        return _export_page(typed, error.fields), 422
    kind = "application/octet-stream"
    return send_file(BytesIO(content), mimetype=kind, as_attachment=True, download_name=_name("sealed"), max_age=0)


@bp.get("/audit/export")
@requires(Permission.VIEW_AUDIT)
def audit_export() -> ResponseReturnValue:
    """Show what can be taken along."""
    return _export_page(_filters(request.args.to_dict())[1], {})


@bp.get("/audit/requests")
@requires(Permission.VIEW_AUDIT)
def audit_requests() -> ResponseReturnValue:
    """Show refused requests by minute; addresses are for those who may see evidence."""
    kinds = {kind.value: kind for kind in Refusal}
    kind = kinds.get(request.args.get("kind", ""))
    rows, following = audit_trail.page_of_refusals(_before(request.args.get("before")), kind)
    shows = has_permission(current_actor().role, Permission.VIEW_EVIDENCE)
    listed = [
        {
            "id": row.id, "minute": row.minute, "kind": row.kind.value, "route": row.endpoint, "role": row.role,
            "count": row.count, **({"address": str(row.ip_address) if row.ip_address else None} if shows else {}),
        }
        for row in rows
    ]  # fmt: skip
    if wants_json():
        said = [row | {"minute": row["minute"].isoformat()} for row in listed]
        return jsonify(rows=said, next_before=following)
    return render_template(
        "admin/audit/requests.html", rows=listed, following=following, kind=kind, kinds=_kinds(), shows=shows,
        kept_days=audit_trail.ADDRESS_KEPT.days, threshold=audit_trail.BURST_THRESHOLD,
        minutes=int(audit_trail.BURST_WINDOW.total_seconds() // 60), current_election=_chosen(),
    )  # fmt: skip


def _page(**values: Any) -> str:
    typed = values["typed"]
    kept = {name: value for name, value in typed.items() if value}
    following = values["page"].next_before
    return render_template(
        "admin/audit/list.html", choices=_choices(), current_election=_chosen(), first=not request.args.get("before"),
        newest=url_for("admin.audit", **kept), export=url_for("admin.audit_export", **kept),
        older=url_for("admin.audit", **kept, before=following) if following else None, **values,
    )  # fmt: skip


def _choices() -> dict[str, list[tuple[Any, str]]]:
    """Return what can be chosen in the filters."""
    seen = elections.visible_elections(current_actor())
    return {
        "elections": [("", _("All")), *((election.id, election.title) for election in seen)],
        "actors": [("", _("Everybody")), *((name, name) for name in audit_trail.actors())],
        "subjects": [("", _("Everything")), *audit_trail.subjects()],
    }


def _export_page(typed: dict[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "admin/audit/export.html", typed=typed, errors=errors, current_election=_chosen(),
        summary=[(f"f-{name}", sentence) for name, sentence in errors.items()],
        csv=url_for("admin.audit_csv", **{name: value for name, value in typed.items() if value}),
        back=url_for("admin.audit", **{name: value for name, value in typed.items() if value}),
        shortest=sealed_file.MIN_PASSPHRASE,
    )  # fmt: skip


def _filters(values: dict[str, str]) -> tuple[Filters, dict[str, str], dict[str, str]]:
    """Return the filters, what was typed, and what could not be read; dates are local days, the last one included."""
    typed = {name: text_field(values, name) for name in FILTERS}
    errors: dict[str, str] = {}
    since, until = (_day(typed, name, errors) for name in ("since", "until"))
    number = typed["election"]
    election_id = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None
    if until is not None:
        until += timedelta(days=1)
    seen = tuple(election.id for election in elections.visible_elections(current_actor()))
    filters = Filters(
        election_id, typed["actor"], typed["kind"], since and _utc(since), until and _utc(until), typed["q"], seen
    )
    return filters, typed, errors


def _day(typed: dict[str, str], name: str, errors: dict[str, str]) -> datetime | None:
    if not typed[name]:
        return None
    try:
        day = datetime.strptime(typed[name], "%Y-%m-%d")
        if not 1970 <= day.year <= 2200:
            raise ValueError(typed[name])
    except ValueError:
        errors[name] = _("Enter a day as year-month-day.")
        return None
    return day


def _utc(day: datetime) -> datetime:
    return day.replace(tzinfo=ZoneInfo(platform().settings.timezone)).astimezone(UTC)


def _before(text: str | None) -> int | None:
    if not text or not (text.isascii() and text.isdigit() and len(text) < 19):
        return None
    return min(int(text), LARGEST)


def _name(suffix: str) -> str:
    return f"audit-log-{utc_now():%Y-%m-%d-%H%M}.{suffix}"


def _kinds() -> dict[str, str]:
    return {
        "sign_in": _("Failed sign-in"), "not_signed_in": _("Not signed in"), "forbidden": _("Not allowed"),
        "not_found": _("Nothing there"), "too_many": _("Too many tries"), "csrf": _("Page too old or foreign"),
        "burst": _("Suspicious burst"),
    }  # fmt: skip


def _chosen() -> Any:
    return election_at_the_desk()
