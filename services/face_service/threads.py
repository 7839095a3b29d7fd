"""How many threads the number libraries may start: one, because every web thread brings its own.

Measured (face-encoder.md, section 5): with two BLAS threads two callers get 110 faces a second, with one each 203.
"""

from __future__ import annotations

import cv2
from threadpoolctl import threadpool_limits


def one_thread_each() -> None:
    """Bind BLAS and OpenCV to the calling thread, for the whole process and whenever numpy was imported."""
    threadpool_limits(limits=1, user_api="blas")
    cv2.setNumThreads(1)
