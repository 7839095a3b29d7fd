"""How many threads the number libraries may start: one, because every web thread brings its own. And their memory.

Measured (face-encoder.md, section 5): with two BLAS threads two callers get 110 faces a second, with one each 203.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from pathlib import Path

import cv2
from threadpoolctl import threadpool_limits

MAPPED = Path("/proc/self/maps")
MADV_HUGEPAGE, MADV_COLLAPSE = 14, 25
"""Linux, include/uapi/asm-generic/mman-common.h; collapsing at once since 6.1."""
LEAST_BYTES = 4 << 20


def one_thread_each() -> None:
    """Bind BLAS and OpenCV to the calling thread, for the whole process and whenever numpy was imported."""
    threadpool_limits(limits=1, user_api="blas")
    cv2.setNumThreads(1)


def give_back_memory() -> None:
    """Return to the system what loading the models left free inside the process (30 MB); glibc only, else nothing."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def use_large_pages() -> None:
    """Have what is loaded lie in pages of 2 MB (0.3 s): Linux only, and where the system allows it, else nothing.

    The landmarks are read at random places of 65 MB, and each place in a small page is looked up on the way: a fit took
    2.8 ms before and 1.7 after (docs/faces.md). No memory is added.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        madvise = ctypes.CDLL(None).madvise
        madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for begin, end in list(_own_memory()):
            # Refused where a part cannot be gathered; the rest is, and nothing depends on it.
            madvise(begin, end - begin, MADV_HUGEPAGE)
            madvise(begin, end - begin, MADV_COLLAPSE)


def _own_memory() -> Iterator[tuple[int, int]]:
    """Return the address ranges that no file stands behind, from 4 MB."""
    for line in MAPPED.read_text().splitlines():
        span, rights, _offset, _device, _inode, *name = line.split()
        begin, end = (int(part, 16) for part in span.split("-"))
        if rights == "rw-p" and name in ([], ["[heap]"]) and end - begin >= LEAST_BYTES:
            yield begin, end
