"""The kinds of layers, as dlib computes them.

Activations are float32 arrays (pictures, rows + 2, columns + 2, channels) within a border of zeros: a layer writes into
a place that has the next one's padding already. Each step is one large call: between two of them a thread waits for
Python's lock while another one has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float32]


def bordered(values: NDArray[Any], bias: ArrayLike = 0) -> Array:
    """Return (pictures, rows, columns, channels) values + bias as an activation."""
    count, rows, columns, channels = values.shape
    wide = np.zeros((count, rows + 2, columns + 2, channels), dtype=np.float32)
    np.add(values, bias, out=inner(wide), casting="same_kind")
    return wide


def inner(x: Array) -> Array:
    """Return a view of an activation without its border."""
    return x[:, 1:-1, 1:-1]


@dataclass(frozen=True)
class Convolution:
    """Cross-correlation by a square kernel: one matrix product over all windows ("im2col")."""

    matrix: Array
    """(kernel * kernel * channels in, channels out)."""
    bias: Array
    kernel: int
    stride: int
    padding: int
    """0 or 1."""

    def __call__(self, x: Array) -> Array:
        count, height, width, channels = x.shape
        unused = 1 - self.padding
        rows, columns = ((side - 2 * unused - self.kernel) // self.stride + 1 for side in (height, width))
        a, b, c, d = x.strides
        # The columns and channels of a kernel's row lie side by side in memory, so that they are copied as one run.
        shape = (count, rows, columns, self.kernel, self.kernel * channels)
        windows = np.ndarray(shape, x.dtype, x, unused * (b + c), (a, b * self.stride, c * self.stride, b, d))
        y = windows.reshape(count * rows * columns, -1) @ self.matrix
        return bordered(y.reshape(count, rows, columns, -1), self.bias)


def relu(x: Array) -> Array:
    """Set what is negative to zero, in place."""
    return np.maximum(x, 0, out=x)


def max_pool(x: Array) -> Array:
    """Return the largest of every 3 by 3 window, two apart, without padding."""
    x = inner(x)
    rows = np.maximum(np.maximum(x[:, :-2:2], x[:, 1:-1:2]), x[:, 2::2])
    return bordered(np.maximum(np.maximum(rows[:, :, :-2:2], rows[:, :, 1:-1:2]), rows[:, :, 2::2]))


def average_pool(x: Array) -> Array:
    """Return the mean of every 2 by 2 square; a last odd row or column is left out."""
    x = inner(x)
    even = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
    four = even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]
    return bordered(four * np.float32(0.25))


def add_previous(x: Array, skip: Array) -> Array:
    """Return the sum; the smaller of the two is filled up with zeros at the end of rows, columns and channels."""
    if x.shape == skip.shape:
        return np.add(x, skip, out=x)
    total = np.zeros([max(sides) for sides in zip(x.shape, skip.shape, strict=True)], dtype=np.float32)
    for part in (x, skip):
        total[:, : part.shape[1], : part.shape[2], : part.shape[3]] += part
    return total
