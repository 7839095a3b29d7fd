"""Voters from a file: choosing it, its preview, the import and its report."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp, forms
from blueprints.admin.frame import election_at_the_desk
from blueprints.admin.lists import csv_download
from blueprints.http import body, current_actor, text_field, wants_json, with_files_again
from blueprints.policy import requires
from models import Election, ElectionStatus, ImportStatus, RollImport, transaction
from services import desk, roll_import
from services.errors import DomainError, ValidationFailed
from services.security import Permission

AT_WORK = (ImportStatus.CHECKING, ImportStatus.IMPORTING)


@bp.route("/imports", methods=["GET", "POST"])
@requires(Permission.MANAGE_VOTERS)
def imports() -> ResponseReturnValue:
    """Show the form for a file and the last imports, or take a `file` in; `target` is roll or register."""
    if request.method == "POST":
        return _take_in()
    if wants_json():
        return jsonify(imports=[_json(job) for job in roll_import.latest_imports(current_actor())])
    return _form(None)


@bp.get("/imports/template.csv")
@requires(Permission.MANAGE_VOTERS)
def import_template() -> ResponseReturnValue:
    """Download a file with the full set of columns."""
    return csv_download(iter([roll_import.TEMPLATE]), "voters-template.csv")


@bp.get("/imports/<uuid:import_id>")
@requires(Permission.MANAGE_VOTERS)
def voter_import(import_id: uuid.UUID) -> ResponseReturnValue:
    """Show how far an import is: checking, preview, importing, or its result."""
    job = _visible(import_id)
    return jsonify({"import": _json(job)}) if wants_json() else _page(job, None)


@bp.post("/imports/<uuid:import_id>/start")
@requires(Permission.MANAGE_VOTERS)
def start_import(import_id: uuid.UUID) -> ResponseReturnValue:
    """Import a checked file: `bad_rows` refuse or skip, `existing` keep or update."""
    job = _visible(import_id)
    values = body()
    try:
        with transaction():
            job = roll_import.start(
                import_id, text_field(values, "existing"), text_field(values, "bad_rows"), current_actor()
            )
    except ValidationFailed as error:
        if wants_json():
            raise
        return _page(job, error)
    return _moved(job)


@bp.post("/imports/<uuid:import_id>/cancel")
@requires(Permission.MANAGE_VOTERS)
def cancel_import(import_id: uuid.UUID) -> ResponseReturnValue:
    """Stop an import; nothing of it stays."""
    _visible(import_id)
    with transaction():
        job = roll_import.cancel(import_id, current_actor())
    return _moved(job)


@bp.get("/imports/<uuid:import_id>/bad-rows.csv")
@requires(Permission.MANAGE_VOTERS)
def import_bad_rows(import_id: uuid.UUID) -> ResponseReturnValue:
    """Download every bad row with its line and why."""
    job = _visible(import_id)
    return csv_download(roll_import.problems_csv(job), "bad-rows.csv")


def _take_in() -> ResponseReturnValue:
    try:
        election = _target() if _onto_roll() else None
        upload = _upload()
        with transaction():
            job = roll_import.take_in(upload, election, current_actor())
    except DomainError as error:
        if wants_json():
            raise
        return _form(error)
    return _moved(job, 201)


def _upload() -> roll_import.Upload:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise ValidationFailed(fields={"file": _("Choose a file.")})
    return roll_import.Upload(sent.filename, sent.read())


def _onto_roll() -> bool:
    target = text_field(body(), "target") or "roll"
    if target not in ("roll", "register"):
        raise ValidationFailed(fields={"target": _("Choose where the voters go.")})
    return target == "roll"


def _target() -> Election | None:
    return election_at_the_desk()


def _visible(import_id: uuid.UUID) -> RollImport:
    job = roll_import.get_import(import_id)
    if job.election_id is not None:
        desk.visible_election(job.election_id, current_actor())
    return job


def _form(error: DomainError | None) -> ResponseReturnValue:
    election = _target()
    fields = error.fields if isinstance(error, ValidationFailed) else {"file": error.message} if error else {}
    fields = with_files_again(fields)
    page = render_template(
        "admin/imports/new.html", election=election, jobs=roll_import.latest_imports(current_actor()),
        columns=_columns(), max_mb=roll_import.MAX_FILE_MB,
        fillable=election is not None and election.status is ElectionStatus.DRAFT,
        errors=fields, summary=forms.error_list(fields),
        target=request.form.get("target"),
    )  # fmt: skip
    return page, error.status if error else 200


def _columns() -> list[tuple[str, str]]:
    """Return the columns of a file, each with what stands in it."""
    return [
        ("email", _("one for each voter")), ("first_name", _("and last_name, or name")),
        ("voter_id", _("empty: a new one")), ("dob", "1984-05-19, 19.5.1984"), ("gender", _("female, male or other")),
        ("phone", "+44 20 7946 0018"), ("groups", _("Branch North; Board")),
    ]  # fmt: skip


def _page(job: RollImport, error: ValidationFailed | None) -> ResponseReturnValue:
    after = min(max(request.args.get("after", 0, type=int), 0), 10**9)
    election = desk.visible_election(job.election_id, current_actor()) if job.election_id else None
    at_work = job.status in AT_WORK
    page = render_template(
        "admin/imports/page.html", job=job, election=election, at_work=at_work, after=after,
        kinds=[] if at_work else roll_import.problem_kinds(job),
        problems=[] if at_work else roll_import.problems(job, after), shown=roll_import.PROBLEMS_SHOWN,
        errors=error.fields if error else {}, summary=forms.error_list(error.fields) if error else [],
        typed=request.form,
    )  # fmt: skip
    return page, error.status if error else 200


def _moved(job: RollImport, status: int = 200) -> ResponseReturnValue:
    address = url_for("admin.voter_import", import_id=job.id)
    if wants_json():
        return jsonify({"import": _json(job)}), status, {"Location": address}
    if job.status is ImportStatus.CANCELLED:
        flash(_("The import was cancelled. Nothing was changed."), "ok")
    return redirect(address, 303)


def _json(job: RollImport) -> dict[str, Any]:
    return {
        "id": str(job.id), "election_id": job.election_id, "file_name": job.file_name, "status": job.status.value,
        "progress": job.progress, "total": job.total, "counts": job.counts, "message": job.message,
        "sha256": job.file_sha256, "existing": job.existing.value, "bad_rows": job.bad_rows.value,
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }  # fmt: skip
