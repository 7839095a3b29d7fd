"""Is this the same photo again, perhaps made smaller or saved anew? A 64-bit hash of how the picture looks."""

from __future__ import annotations

import cv2
import numpy as np

from services.face_service.images import Pixels

SIDE = 32
LOW = 8
SAME_BITS = 3
"""Photos whose hashes differ in so few of 64 bits are one photo. A photo saved anew at JPEG quality 60 and half the
size differs in 0 to 2 bits; two photos of one room taken from two seats in 10 and more."""


def photo_hash(picture: Pixels) -> int:
    """Return the perceptual hash of an RGB picture as a signed 64-bit number.

    The signs of the 8 x 8 lowest frequencies of the cosine transform of a 32 x 32 grey picture, against their median
    (pHash: C. Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010).
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    lowest = cv2.dct(small)[:LOW, :LOW].flatten()
    # The first is the mean brightness: it says nothing about what is seen.
    bits = np.packbits(lowest > np.median(lowest[1:]))
    return int.from_bytes(bits.tobytes(), signed=True)
