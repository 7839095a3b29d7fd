"""What the camera asks for: one short sentence for each reason or advice code, in the booth and in an account."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _


def reason(code: str) -> str:
    """Return what to change, for a reason or advice code of the camera."""
    words = {
        "no_face": _("Look straight at the camera"),
        "bad_pose": _("Look straight at the camera"),
        "multiple_faces": _("Only one person"),
        "several_faces": _("Only one person"),
        "face_too_small": _("Come closer"),
        "too_close": _("Move back a little"),
        "move_left": _("Move to your left"),
        "move_right": _("Move to your right"),
        "backlight": _("Less light from behind"),
        "too_blurry": _("Hold still"),
        "too_dark": _("More light, from the front"),
        "too_bright": _("Less light on the face"),
        "wrong_action": _("Follow the drawing"),
        "timeout": _("Move a little sooner"),
        "face_lost": _("Stay in front of the camera"),
        "face_changed": _("Stay in front of the camera"),
        "picture_too_small": _("Use a camera, not a small picture"),
        "different_person": _("This is another face"),
        "slow_line": _("The line is slow"),
        "camera_changed": _("The camera changed. Start again"),
        "interrupted": _("The check was interrupted"),
        "abandoned": _("Stay until the check is done"),
        "repeated_frames": _("The camera stands still. Start again"),
        "too_fast": _("The camera is too fast. Start again"),
    }
    return words.get(code, _("Try again"))


def advice_view(code: str | None) -> dict[str, Any]:
    """Return the answer to a preview picture: `ok`, and the code and the words of what to change first."""
    return {"ok": code is None, "reason": code, "advice": reason(code) if code else None}
