"""Enrolment of a voter's face: the page, the pictures, and their deletion."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints import limits
from blueprints.admin import bp, forms
from blueprints.admin.pictures import upload_limit
from blueprints.http import body, current_actor, frame_field, wants_json
from blueprints.policy import requires
from models import MAX_FACES, transaction
from services import enrolment, same_face, voters
from services.enrolment import Enrolment, PicturesRefused, Upload
from services.errors import DomainError, ValidationFailed
from services.face_service import FaceError
from services.security import Permission


@bp.get("/voters/<int:voter_id>/enrol")
@requires(Permission.ENROL_FACES)
def enrol_page(voter_id: int) -> ResponseReturnValue:
    """Show the camera, the consent and what is enrolled."""
    same_face.warm_up()
    return _page(voter_id, None)


@bp.route("/voters/<int:voter_id>/enroll-face", methods=["POST", "DELETE"])
@requires(Permission.ENROL_FACES)
def enroll_face(voter_id: int) -> ResponseReturnValue:
    """Enrol 3 to 5 pictures (files `images`, or JSON data URLs) with consent, or delete what is enrolled."""
    if request.method == "DELETE" or request.form.get("_method", "").upper() == "DELETE":
        return _withdraw(voter_id)
    try:
        images, consent = _images()
        with transaction():
            present = enrolment.enrol(voter_id, images, consent, current_actor())
    except (ValidationFailed, FaceError) as error:
        with transaction():
            enrolment.note_refusal(voter_id, error, current_actor())
        return _refused(voter_id, error)
    address = url_for("admin.voter", voter_id=voter_id)
    if present.flags:
        address = url_for("admin.same_faces", voter=voter_id)
        flash(_("The face is enrolled. It is near to a face under another name: look at both."), "notice")
    if wants_json():
        return jsonify(**enrolment_json(present), next=address), 201
    if present.flags:
        return redirect(address, 303)
    flash(_("%(count)s pictures are enrolled. The face can be used at the booth.", count=len(present.faces)), "ok")
    return redirect(address, 303)


@bp.post("/voters/<int:voter_id>/check-picture")
@requires(Permission.ENROL_FACES)
@limits.limiter.limit(limits.ADVICE, key_func=limits.session_key)
def check_picture(voter_id: int) -> ResponseReturnValue:
    """Judge one camera frame `{frame: dataURL}` before it is taken; nothing is stored."""
    check = enrolment.check_picture(voter_id, frame_field(body()))
    return jsonify(ok=check.ok, code=check.code, advice=check.advice, quality=check.quality, gates=check.gates)


def _withdraw(voter_id: int) -> ResponseReturnValue:
    with transaction():
        count = enrolment.withdraw(voter_id, current_actor())
    if wants_json():
        return jsonify(deleted=count)
    flash(ngettext("%(num)s picture was deleted.", "%(num)s pictures were deleted.", count), "ok")
    return redirect(url_for("admin.voter", voter_id=voter_id), 303)


def _refused(voter_id: int, error: DomainError) -> ResponseReturnValue:
    """Say what is wrong with which picture; a page keeps all but the files, which no browser sends back."""
    if not wants_json():
        return _page(voter_id, error)
    answer: dict[str, Any] = {"error": {"code": error.code, "message": error.message}}
    if isinstance(error, ValidationFailed) and error.fields:
        answer["error"]["fields"] = error.fields
    answer["pictures"] = error.pictures if isinstance(error, PicturesRefused) else []
    return jsonify(answer), error.status


def _page(voter_id: int, error: DomainError | None) -> ResponseReturnValue:
    voter = voters.get_voter(voter_id)
    page = render_template(
        "admin/enrol/page.html", voter=voter, number=voters.format_voter_number(voter.voter_id),
        present=enrolment.enrolment_of(voter), consent_text=enrolment.consent_text(), max_mb=upload_limit(),
        least=enrolment.MIN_PICTURES, most=MAX_FACES, errors=_errors(error), consented="consent" in request.form,
    )  # fmt: skip
    return page, error.status if error else 200


def _errors(error: DomainError | None) -> dict[str, str]:
    """Return the sentences by field; reasons of single pictures name the picture, counted from 1."""
    if isinstance(error, PicturesRefused):
        reasons = [
            _("Picture %(number)s: %(reason)s", number=refused["index"] + 1, reason=refused["message"])
            for refused in error.pictures
        ]
        return {"images": " ".join(reasons)}
    if isinstance(error, ValidationFailed) and error.fields:
        return error.fields
    return {"images": error.message} if error else {}


def _images() -> tuple[list[Upload], bool]:
    """Return the pictures and the consent of a form with files or of a JSON object; raises ValidationFailed."""
    if not request.is_json:
        uploads = [upload for upload in request.files.getlist("images") if upload.filename]
        return [upload.read() for upload in uploads[: MAX_FACES + 1]], forms.ticked("consent")
    values = body()
    images = values.get("images")
    if not isinstance(images, list) or not all(isinstance(image, str) for image in images):
        raise ValidationFailed(fields={"images": _("Send the pictures as a list of data URLs.")})
    return images, values.get("consent") is True


def enrolment_json(present: Enrolment) -> dict[str, Any]:
    """Return what is enrolled as the API shows it."""
    return {
        "enrolled": len(present.faces),
        "same_face": len(present.flags),
        "pictures": [{"slot": face.slot, "quality": face.quality} for face in present.faces],
    }
