"""What the camera asks for: one short sentence for each reason or advice code, in the booth and in an account."""

from __future__ import annotations

from flask_babel import gettext as _


def reason(code: str) -> str:
    """Return what to change, for a reason or advice code of the camera."""
    words = {
        "no_face": _("Look straight at the camera"),
        "bad_pose": _("Look straight at the camera"),
        "multiple_faces": _("Only one person"),
        "several_faces": _("Only one person"),
        "face_too_small": _("Come closer"),
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
