"""Two portraits in the public domain that come with scikit-image and matplotlib."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import skimage.data
from PIL import Image

from services.face_service.images import Pixels


def astronaut() -> Pixels:
    """Return the portrait of Eileen Collins, (512, 512, 3) RGB."""
    return np.ascontiguousarray(skimage.data.astronaut())


def admiral() -> Pixels:
    """Return the portrait of Grace Hopper, RGB."""
    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return np.ascontiguousarray(Image.open(path).convert("RGB"))
