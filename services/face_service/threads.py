"""How many threads the number libraries may start: one, because every web thread brings its own. And their memory.

Measured (face-encoder.md, section 5): with two BLAS threads two callers get 110 faces a second, with one each 203.
"""

from __future__ import annotations

import contextlib
import ctypes

import cv2
from threadpoolctl import threadpool_limits


def one_thread_each() -> None:
    """Bind BLAS and OpenCV to the calling thread, for the whole process and whenever numpy was imported."""
    threadpool_limits(limits=1, user_api="blas")
    cv2.setNumThreads(1)


def give_back_memory() -> None:
    """Return to the system what loading the models left free inside the process (30 MB); glibc only, else nothing."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
