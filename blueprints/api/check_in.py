"""A member's own meetings, and checking in to one: the code, then one layer after the other.

Who repeats a step, whose answer was lost, changes nothing and gets the present state: one check-in a member a meeting.
The limits count by account alone: a hall full of members asks from one address.
"""

from __future__ import annotations

from typing import Annotated, Literal

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_
from pydantic import Field, StringConstraints

from blueprints import camera_words, limits
from blueprints.api import bp
from blueprints.api.meeting_shapes import CheckIn, Latitude, Longitude, OwnMeetings, check_in_of, own_meeting_of
from blueprints.api.operations import documented
from blueprints.api.shapes import TEXT, Base64, Shape, Upload
from blueprints.http import current_actor
from blueprints.policy import requires
from models import Layer, transaction
from services.attendance import Entry, checkin, location, selfie, steps
from services.errors import Conflict, DomainError
from services.face_service.liveness import MAX_CHUNK, STEP_SECONDS
from services.geo import Position
from services.identification import CameraChanged, Interrupted, Pending, Verdict
from services.identification.submission import MAX_FRAME_CHARS
from services.security import Permission

GROUP = "Checking in"
Frame = Annotated[str, StringConstraints(max_length=MAX_FRAME_CHARS, pattern=r"^data:image/[a-z]+;base64,[A-Za-z0-9+/=]*$")]  # fmt: skip  # noqa: E501
Camera = Annotated[str, StringConstraints(max_length=64, pattern=TEXT)]


class TypedCode(Shape):
    """The code on the screen in the room; capitals, spaces and hyphens do not matter."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=TEXT)]


class KeyProof(Shape):
    """The device's public key (P-256, SubjectPublicKeyInfo), and its signature of `to_sign`; both in base64."""

    public_key: Base64
    signature: Base64


class PlatformId(Shape):
    """The ID that an app's platform gives this device; only a keyed hash of it is stored."""

    platform_id: Annotated[str, StringConstraints(min_length=8, max_length=200, pattern=TEXT)]


class Located(Shape):
    """Where the device says it is: degrees (WGS 84), and metres within which that is right. `mocked`: the device
    itself says that the position is made up."""

    latitude: Latitude
    longitude: Longitude
    accuracy_m: Annotated[float, Field(ge=0, le=location.MOST_ACCURACY_M)]
    mocked: bool = False


class Movements(Shape):
    """The movements of the live check, in their order; none: look straight only. `due`: send frames now; else this
    layer is over, and the check-in tells what is next."""

    due: bool
    steps: list[str]
    step_seconds: int
    tries_left: int


class Frames(Shape):
    """Camera pictures as data URLs in the order they were taken, eight a second. `step`: movements that are done so
    far; `seq`: 1, 2, 3 … of the chunks since the check began; `camera`: a mark of your own for the camera."""

    step: Annotated[int, Field(ge=0, le=9)]
    frames: Annotated[list[Frame], Field(min_length=1, max_length=MAX_CHUNK)]
    seq: Annotated[int, Field(ge=0, le=99_999)] | None = None
    camera: Camera | None = None


class Looked(Shape):
    """What became of the pictures. `pending`: go on with `demand` (straight, left, right, blink or nod), `advice` says
    what to change. Else the check is over: `reasons` say why it failed, and with `tries_left` you may begin again."""

    result: Literal["pending", "success", "mismatch", "unknown"]
    step: int | None = None
    demand: str | None = None
    advice: str | None = None
    seconds_left: int | None = None
    tries_left: int | None = None
    reasons: list[str] = []


class RoomPhoto(Shape):
    """A photo of the room."""

    photo: Upload


class LeftOut(Shape):
    """A layer that is not shown, and why; the check-in counts and is marked for a review."""

    layer: Layer
    why: Literal["refused", "unavailable", "later"] = "later"


class NotLetIn(DomainError):
    """The code opens no check-in; status, code and words as on the pages."""

    status = 422

    def __init__(self, entry: Entry) -> None:
        self.code = entry.value
        super().__init__(
            {
                Entry.WRONG_CODE: _("This is not the code of this moment. Look at the screen and type it again."),
                Entry.TOO_EARLY: _("Check-in opens half an hour before the start."),
                Entry.OVER: _("The meeting is over. The officer can still check you in."),
            }[entry]
        )


class Broken(Conflict):
    code = "interrupted"
    message = N_("The check was interrupted. Nothing is lost. Start again.")


@bp.get("/me/meetings")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.API, key_func=limits.api_own_key)
@documented(GROUP, OwnMeetings)
def own_meetings() -> OwnMeetings:
    """List the meetings of your groups, and what became of each check-in."""
    me = g.principal.id
    rows = [own_meeting_of(one, record) for one, record in checkin.of_member(me)]
    return OwnMeetings(meetings=rows)


@bp.get("/me/meetings/<int:meeting_id>")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.API, key_func=limits.api_own_key)
@documented(GROUP, CheckIn)
def own_check_in(meeting_id: int) -> CheckIn:
    """Show how your check-in stands, and the step that is due."""
    return check_in_of(meeting_id, g.principal.id)


@bp.post("/me/meetings/<int:meeting_id>/check-in")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.api_own_key)
@documented(GROUP, CheckIn, TypedCode, keyed=True)
def begin_check_in(meeting_id: int, body: TypedCode, key: str) -> CheckIn:
    """Open your check-in by the code. Repeated it gives the same check-in again, or its record."""
    with transaction():
        begun = checkin.begin(meeting_id, g.principal.id, body.code, current_actor())
    if begun.entry not in (Entry.OPEN, Entry.ALREADY):
        raise NotLetIn(begun.entry)
    return check_in_of(meeting_id, g.principal.id)


@bp.post("/me/meetings/<int:meeting_id>/device")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.API, key_func=limits.api_own_key)
@documented(GROUP, CheckIn, KeyProof, refuses=(409,))
def prove_device_by_key(meeting_id: int, body: KeyProof) -> CheckIn:
    """Prove the device by its key. The first key is bound to you; each next check-in needs it again."""
    with transaction():
        steps.by_key(meeting_id, g.principal.id, body.public_key, body.signature, current_actor())
    return check_in_of(meeting_id, g.principal.id)


@bp.post("/me/meetings/<int:meeting_id>/platform-device")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.API, key_func=limits.api_own_key)
@documented(GROUP, CheckIn, PlatformId, refuses=(409,))
def prove_device_by_platform_id(meeting_id: int, body: PlatformId) -> CheckIn:
    """Prove the device by the ID of an app's platform, where there is no key."""
    with transaction():
        steps.by_platform_id(meeting_id, g.principal.id, body.platform_id, current_actor())
    return check_in_of(meeting_id, g.principal.id)


@bp.post("/me/meetings/<int:meeting_id>/location")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.API, key_func=limits.api_own_key)
@documented(GROUP, CheckIn, Located, refuses=(409,))
def give_location(meeting_id: int, body: Located) -> CheckIn:
    """Give the position of the device."""
    position = Position(body.latitude, body.longitude, body.accuracy_m)
    with transaction():
        steps.at(meeting_id, g.principal.id, position, body.mocked, current_actor())
    return check_in_of(meeting_id, g.principal.id)


@bp.post("/me/meetings/<int:meeting_id>/selfie")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.CODES, key_func=limits.api_own_key)
@documented(GROUP, Movements)
def begin_selfie(meeting_id: int) -> Movements:
    """Draw the movements of the live check of your face."""
    with transaction():
        attempt = steps.begin_selfie(meeting_id, g.principal.id, current_actor())
        drawn, tries = (list(attempt.steps), attempt.tries) if attempt else ([], selfie.MAX_TRIES)
    left = selfie.MAX_TRIES - tries
    return Movements(due=attempt is not None, steps=drawn, step_seconds=int(STEP_SECONDS), tries_left=left)


@bp.post("/me/meetings/<int:meeting_id>/selfie/frames")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.FRAMES, key_func=limits.api_own_key)
@documented(GROUP, Looked, Frames, refuses=(409,))
def send_selfie_frames(meeting_id: int, body: Frames) -> Looked:
    """Send a chunk of camera pictures of the live check."""
    with transaction():
        found = steps.submit_selfie(
            meeting_id, g.principal.id, body.step, body.frames, current_actor(), body.seq, body.camera
        )
    return looked(found)


@bp.post("/me/meetings/<int:meeting_id>/room")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.API, key_func=limits.api_own_key)
@documented(GROUP, CheckIn, RoomPhoto, refuses=(409,), multipart=True)
def send_room_photo(meeting_id: int, body: RoomPhoto) -> CheckIn:
    """Send the photo of the room."""
    with transaction():
        steps.room(meeting_id, g.principal.id, body.photo, current_actor())
    return check_in_of(meeting_id, g.principal.id)


@bp.post("/me/meetings/<int:meeting_id>/leave-out")
@requires(Permission.OWN_VOTES)
@limits.limiter.limit(limits.API, key_func=limits.api_own_key)
@documented(GROUP, CheckIn, LeftOut, refuses=(409,))
def leave_out_layer(meeting_id: int, body: LeftOut) -> CheckIn:
    """Go on without the layer that is due. The check-in counts, and the officer looks at it."""
    with transaction():
        checkin.leave_out(meeting_id, g.principal.id, body.layer, body.why, current_actor())
    return check_in_of(meeting_id, g.principal.id)


def looked(found: Pending | Verdict | CameraChanged | Interrupted) -> Looked:
    """Return what became of pictures, in words: no figure goes to somebody who could climb from try to try.

    Raises Broken when the check was interrupted.
    """
    if isinstance(found, CameraChanged | Interrupted):
        raise Broken(_("The check was interrupted. Nothing is lost. Start again."))
    if isinstance(found, Pending):
        return Looked(
            result="pending", step=found.steps_done, demand=found.demand, seconds_left=found.seconds_left,
            advice=camera_words.reason(found.advice) if found.advice else None,
        )  # fmt: skip
    reasons = list(dict.fromkeys(camera_words.reason(code) for code in found.reasons))
    return Looked(result=found.result.value, reasons=reasons, tries_left=found.tries_left)
