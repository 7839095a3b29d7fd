"""The one thing to change while somebody finds the place before the camera: pure rules over the faces of one picture.

A hint is no gate: what may be kept or matched is decided by `quality` alone. Hints are stricter where a movement would
leave the picture, and name the direction.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flask_babel import lazy_gettext as N_

from services.face_service.engine import Face
from services.face_service.errors import BadLight, FaceTooSmall, MultipleFaces, NoFace
from services.face_service.images import Pixels
from services.face_service.quality import Purpose, count_people, problem_of

TOO_CLOSE, MOVE_LEFT, MOVE_RIGHT, BACKLIGHT = "too_close", "move_left", "move_right", "backlight"
PLACES = {
    TOO_CLOSE: N_("Move back a little."),
    MOVE_LEFT: N_("Move to your left."),
    MOVE_RIGHT: N_("Move to your right."),
}
WIDEST = 0.65
"""Box width as a share of the picture's height from which a face has no room left to turn and nod in the picture."""
OFF_CENTRE = 0.22
"""Distance of the face from the picture's middle as a share of its width: beyond it half the face is off the oval."""
BRIGHT_GROUND, GROUND_RATIO = 90.0, 2.0
"""A dark face before a ground of at least this grey level, and so many times its own, has the light behind it."""


def hint(image: Pixels, faces: Sequence[Face], purpose: Purpose) -> str | None:
    """Return the code of what to change first, or None when all is good.

    `image` is (height, width, 3) RGB, not mirrored; `faces` come widest first. Directions are the person's own.
    """
    people = count_people([float(face.width) for face in faces], purpose)
    if people != 1:
        return NoFace.code if people == 0 else MultipleFaces.code
    face = faces[0]
    problem = problem_of(face.quality, purpose)
    if problem == FaceTooSmall.code:
        return problem
    return place(image, face) or (BACKLIGHT if problem == BadLight.code and _lit_from_behind(image, face) else problem)


def place(image: Pixels, face: Face) -> str | None:
    """Return where to move so that the whole face stays in the picture, a key of PLACES; None where it stands well."""
    height, width = image.shape[:2]
    if face.width > WIDEST * height:
        return TOO_CLOSE
    aside = (face.box[0] + face.box[2]) / (2 * width) - 0.5
    if abs(aside) <= OFF_CENTRE:
        return None
    # The camera sees the person's left on the right of the picture.
    return MOVE_LEFT if aside < 0 else MOVE_RIGHT


def _lit_from_behind(image: Pixels, face: Face) -> bool:
    grey = image[::8, ::8].mean(axis=2)
    left, top, right, bottom = (max(0, value) // 8 for value in face.box)
    outside = np.ones(grey.shape, dtype=bool)
    outside[top : bottom + 1, left : right + 1] = False
    ground = float(grey[outside].mean()) if outside.any() else 0.0
    return ground >= max(BRIGHT_GROUND, GROUND_RATIO * face.quality.mean)
