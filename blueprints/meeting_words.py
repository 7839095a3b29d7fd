"""The steps of a check-in and why one may be doubted, in a few words: for the desk, the member and the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as N_

LAYERS: Mapping[str, Any] = {
    "device": N_("Device"), "location": N_("Location"), "selfie": N_("Face"), "room": N_("Photo of the room"),
}  # fmt: skip
FLAGS: Mapping[str, Any] = {
    "out_of_time": N_("Came after the time"),
    "layer_missing": N_("A step was left out"),
    "other_device": N_("Another phone than the member's own"),
    "shared_device": N_("A phone that another member uses"),
    "bad_signature": N_("The phone could not prove itself"),
    "outside_fence": N_("Outside the circle"),
    "poor_accuracy": N_("At the border, or too vague to say"),
    "zero_accuracy": N_("The phone claims a perfect position"),
    "mock_location": N_("The position looks made up"),
    "impossible_jump": N_("Nobody travels this fast"),
    "face_doubtful": N_("The face was not recognised"),
    "multiple_faces": N_("More than one face"),
    "same_photo": N_("A photo that was sent before"),
}
