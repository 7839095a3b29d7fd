"""Read the layers of dlib's serialized network (dlib: serialize.h, dnn/layers.h, dnn/core.h)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
INPUT = b"\x01\x15input_rgb_image_sized"
"""Before it stand only the loss layer's settings and a version number a layer; after it every layer, input first."""

RECORDS = {
    "con_4": (0, True, 7 + 10 + 8),
    "affine_": (0, True, 10 + 1),
    "fc_2": (2, True, 10 + 1 + 8),
    "max_pool_2": (0, False, 6),
    "avg_pool_2": (0, False, 6),
    "relu_": (0, False, 0),
    "add_prev_": (0, False, 0),
}
"""Integers before the weights, whether there are weights, integers after them. A convolution's first seven are filters,
rows, columns, strides (y, x), paddings (y, x); then come two views into the weights (10 numbers), an affine or full
layer's mode (1), four factors of the training (8)."""


class WrongModel(Exception):
    """The file is not the one model that this reader was written and tested for."""


@dataclass(frozen=True)
class Layer:
    """One layer: its kind ("con_4", …), its weights as stored, flat float32, and its settings as stored."""

    kind: str
    weights: NDArray[np.float32]
    settings: tuple[int, ...] = ()


def read_layers(data: bytes) -> tuple[list[float], list[Layer]]:
    """Return the mean colour (R, G, B) and the layers in forward order; raises WrongModel."""
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise WrongModel("the SHA-256 of the model file is not the expected one")
    reader = _Reader(data, data.index(INPUT) + len(INPUT))
    mean = [reader.real() for _ in range(3)]
    reader.integers(2)  # 150 by 150 pixels
    layers = [reader.layer(version=3)]
    while reader.at < len(data):  # the last layer ends with the last byte, or what is left over is no layer
        layers.append(reader.layer(version=2))
    return mean, layers


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def take(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self.data):
            raise WrongModel("the model file ends within a layer")
        return self.data[self.at - count : self.at]

    def integer(self) -> int:
        """Control byte (low four bits: how many bytes follow, 0x80: negative), then the little-endian magnitude."""
        control = self.take(1)[0]
        value = int.from_bytes(self.take(control & 0x0F), "little")
        return -value if control & 0x80 else value

    def integers(self, count: int) -> tuple[int, ...]:
        return tuple(self.integer() for _ in range(count))

    def real(self) -> float:
        """Mantissa, then exponent of two."""
        return self.integer() * 2.0 ** self.integer()

    def tensor(self) -> NDArray[np.float32]:
        _version, *sizes = self.integers(5)
        return np.frombuffer(self.take(4 * int(np.prod(sizes))), dtype="<f4")

    def layer(self, version: int) -> Layer:
        """Read a layer and what its wrapper keeps: three flags, empty tensors of the training, then a number."""
        layer = self.details(self.take(self.integer()).decode("ascii"))
        self.take(3)
        for _ in range(3):
            self.tensor()
        if version == 3:
            self.integer()
        return layer

    def details(self, kind: str) -> Layer:
        if kind not in RECORDS:
            raise WrongModel(f"unknown layer {kind!r}")
        before, has_weights, after = RECORDS[kind]
        settings = self.integers(before)
        weights = self.tensor() if has_weights else np.empty(0, dtype=np.float32)
        return Layer(kind, weights, settings + self.integers(after))
