"""The kinds of layers, as dlib computes them. Activations are float32 arrays (pictures, rows, columns, channels)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Convolution:
    """Cross-correlation by a square kernel: one matrix product over all windows ("im2col")."""

    matrix: Array
    """(kernel * kernel * channels in, channels out)."""
    bias: Array
    kernel: int
    stride: int
    padding: int

    def __call__(self, x: Array) -> Array:
        if self.padding:
            x = _with_border(x, self.padding)
        count, height, width, channels = x.shape
        rows, columns = ((side - self.kernel) // self.stride + 1 for side in (height, width))
        a, b, c, d = x.strides
        # The columns and channels of a kernel's row lie side by side in memory, so that they are copied as one run.
        shape = (count, rows, columns, self.kernel, self.kernel * channels)
        windows = as_strided(x, shape, (a, b * self.stride, c * self.stride, b, d), writeable=False)
        y = windows.reshape(count * rows * columns, -1) @ self.matrix
        y += self.bias
        return y.reshape(count, rows, columns, -1)


def _with_border(x: Array, width: int) -> Array:
    """Return x within zeros; np.pad takes three times as long."""
    wide = np.zeros(np.add(x.shape, (0, 2 * width, 2 * width, 0)), dtype=np.float32)
    wide[:, width:-width, width:-width] = x
    return wide


def relu(x: Array) -> Array:
    """Set what is negative to zero, in place."""
    return np.maximum(x, 0, out=x)


def max_pool(x: Array) -> Array:
    """Return the largest of every 3 by 3 window, two apart, without padding."""
    rows = np.maximum(np.maximum(x[:, :-2:2], x[:, 1:-1:2]), x[:, 2::2])
    return np.maximum(np.maximum(rows[:, :, :-2:2], rows[:, :, 1:-1:2]), rows[:, :, 2::2])


def average_pool(x: Array) -> Array:
    """Return the mean of every 2 by 2 square; a last odd row or column is left out."""
    even = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
    return (even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]) * np.float32(0.25)


def add_previous(x: Array, skip: Array) -> Array:
    """Return the sum; the smaller of the two is filled up with zeros at the end of rows, columns and channels."""
    if x.shape == skip.shape:
        x += skip
        return x
    total = np.zeros([max(sides) for sides in zip(x.shape, skip.shape, strict=True)], dtype=np.float32)
    for part in (x, skip):
        total[:, : part.shape[1], : part.shape[2], : part.shape[3]] += part
    return total
