"""The network: weights folded once, then one pass a batch of aligned faces."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.face_service.resnet import layers
from services.face_service.resnet.layers import Array, Convolution
from services.face_service.resnet.model_file import Layer, read_layers

CHIP_SIDE = 150


class ResNet:
    """Immutable once built, so that threads may share it: a call works in arrays of its own."""

    def __init__(self, path: Path) -> None:
        """Read the weights (0.1 s, 22 MB); raises OSError, WrongModel (model_file)."""
        mean, found = read_layers(path.read_bytes())
        convolutions = [_folded(*pair) for pair in pairwise(found) if pair[0].kind == "con_4"]
        self._first = _with_colours(convolutions[0], mean)
        self._blocks = list(zip(convolutions[1::2], convolutions[2::2], strict=True))
        self._last = found[-1].weights.reshape(256, 128).astype(np.float32)

    def __call__(self, chips: NDArray[np.uint8]) -> Array:
        """Return the encodings (n, 128) of aligned RGB faces (n, 150, 150, 3); not normalised, as dlib's (norm 1.5)."""
        x = layers.max_pool(layers.relu(self._first(layers.bordered(chips))))
        for first, second in self._blocks:
            skip = layers.average_pool(x) if first.stride == 2 else x
            x = layers.relu(layers.add_previous(second(layers.relu(first(x))), skip))
        return np.asarray(layers.inner(x).mean(axis=(1, 2)) @ self._last, dtype=np.float32)


def _folded(convolution: Layer, affine: Layer) -> Convolution:
    """Return one convolution that also scales (gamma) and shifts (beta) as the affine layer after it; in float64."""
    out, rows, columns, stride, _, padding = convolution.settings[:6]
    gamma, beta = affine.weights.astype(np.float64).reshape(2, out)
    filters = convolution.weights[:-out].astype(np.float64).reshape(out, -1, rows, columns) * gamma[:, None, None, None]
    bias = convolution.weights[-out:] * gamma + beta
    matrix = filters.transpose(2, 3, 1, 0).reshape(-1, out)
    return Convolution(matrix.astype(np.float32), bias.astype(np.float32), rows, stride, padding)


def _with_colours(first: Convolution, mean: list[float]) -> Convolution:
    """Fold the input's (value - mean) / 256 into the first convolution, which has no padding."""
    matrix = first.matrix.astype(np.float64) / 256
    bias = first.bias - np.tile(mean, first.kernel**2) @ matrix
    return Convolution(matrix.astype(np.float32), bias.astype(np.float32), first.kernel, first.stride, 0)
