"""What can go wrong with a picture or a face: one class, one stable code and one plain sentence each."""

from __future__ import annotations

from flask_babel import lazy_gettext as N_

from services.errors import DomainError


class FaceError(DomainError):
    """A picture that cannot be used; `message` says what to change."""

    status, code = 422, "face_error"
    message = N_("This picture cannot be used. Take another one.")


class BadImage(FaceError):
    code = "bad_image"
    message = N_("This file is not a picture that can be read. Use a JPEG, PNG or WebP picture.")


class NoFace(FaceError):
    code = "no_face"
    message = N_("No face in the picture. Look straight at the camera.")


class MultipleFaces(FaceError):
    code = "multiple_faces"
    message = N_("Only one person.")


class FaceTooSmall(FaceError):
    code = "face_too_small"
    message = N_("Come closer.")


class TooBlurry(FaceError):
    code = "too_blurry"
    message = N_("Hold still.")


class BadLight(FaceError):
    """Too dark, too bright or too flat; the code of the instance tells which."""

    code = "too_dark"
    message = N_("More light, from the front.")


class TooBright(BadLight):
    code = "too_bright"
    message = N_("Less light on the face.")


class BadPose(FaceError):
    code = "bad_pose"
    message = N_("Look straight at the camera.")


class PicturesDiffer(FaceError):
    code = "pictures_differ"
    message = N_("The pictures differ too much. Take them again, one person, same light.")


class WrongCount(FaceError):
    code = "wrong_count"
    message = N_("Take 3 to 5 pictures.")


class TooManyFrames(FaceError):
    code = "too_many_frames"
    message = N_("Too many pictures at once. Start again.")


class Busy(FaceError):
    status, code = 503, "busy"
    message = N_("The camera check is busy. Wait a moment, then try again.")


class ModelUnavailable(FaceError):
    status, code = 503, "model_unavailable"
    message = N_("The camera check is not ready. Call the officer.")
