"""What can go wrong with a picture or a face: one class, one stable code and one plain sentence each."""

from __future__ import annotations

from services.errors import DomainError


class FaceError(DomainError):
    """A picture that cannot be used; `message` says what to change."""

    status, code = 422, "face_error"
    message = "This picture cannot be used. Take another one."


class BadImage(FaceError):
    code = "bad_image"
    message = "This file is not a picture that can be read. Use a JPEG, PNG or WebP picture."


class NoFace(FaceError):
    code = "no_face"
    message = "No face in the picture. Look straight at the camera."


class MultipleFaces(FaceError):
    code = "multiple_faces"
    message = "Only one person."


class FaceTooSmall(FaceError):
    code = "face_too_small"
    message = "Come closer."


class TooBlurry(FaceError):
    code = "too_blurry"
    message = "Hold still."


class BadLight(FaceError):
    """Too dark, too bright or too flat; the code of the instance tells which."""

    code = "too_dark"
    message = "More light, from the front."


class TooBright(BadLight):
    code = "too_bright"
    message = "Less light on the face."


class BadPose(FaceError):
    code = "bad_pose"
    message = "Look straight at the camera."


class PicturesDiffer(FaceError):
    code = "pictures_differ"
    message = "The pictures differ too much. Take them again, one person, same light."


class WrongCount(FaceError):
    code = "wrong_count"
    message = "Take 3 to 5 pictures."


class TooManyFrames(FaceError):
    code = "too_many_frames"
    message = "Too many pictures at once. Start again."


class Busy(FaceError):
    status, code = 503, "busy"
    message = "The camera check is busy. Wait a moment, then try again."


class ModelUnavailable(FaceError):
    status, code = 503, "model_unavailable"
    message = "The camera check is not ready. Call the officer."
