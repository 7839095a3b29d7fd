"""The plain way to find and encode faces, as face_recognition does it out of the box: what ours is measured against."""

from __future__ import annotations

import io

import face_recognition
import numpy as np
from PIL import Image, ImageFile

# Its import lets cut files load with a grey rest, for the whole process.
ImageFile.LOAD_TRUNCATED_IMAGES = False


def verify(data: bytes, enrolled: list[np.ndarray], boxes_passed: bool = True) -> bool:
    """Decode a file, find the faces (HOG, enlarged once), encode them, and compare the first at 0.6.

    Without `boxes_passed` the encoder seeks the faces once more, as many programs let it.
    """
    image = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    boxes = face_recognition.face_locations(image)
    found = face_recognition.face_encodings(image, boxes if boxes_passed else None)
    return bool((face_recognition.face_distance(np.array(enrolled), found[0]) <= 0.6).any())
