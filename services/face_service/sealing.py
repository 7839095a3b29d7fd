"""Encodings at rest: encrypted together with the voter's id, so that a row copied to another voter opens to nothing."""

from __future__ import annotations

import struct

import numpy as np

from services.face_service.engine import Encoding
from services.face_service.liveness import Encryptor
from services.face_service.quality import is_usable

HEADER = struct.Struct("<4sq")
SINGLE = b"SVF1"
"""Marks one enrolled picture."""
MEAN = b"SVM1"
"""Marks the mean of a voter's pictures."""


def seal_encoding(voter_id: int, encoding: Encoding, encryptor: Encryptor, kind: bytes = SINGLE) -> bytes:
    """Return the encrypted row value; raises ValueError unless the encoding is 128 finite numbers."""
    if not is_usable(encoding):
        raise ValueError("an encoding is 128 finite numbers")
    return encryptor.encrypt(HEADER.pack(kind, voter_id) + np.asarray(encoding, dtype="<f4").tobytes())


def open_encoding(voter_id: int, sealed: bytes, encryptor: Encryptor, kind: bytes = SINGLE) -> Encoding:
    """Return the encoding (128,) float32; raises ValueError when the row belongs to another voter or is damaged."""
    plain = encryptor.decrypt(bytes(sealed))
    if len(plain) != HEADER.size + 128 * 4 or HEADER.unpack_from(plain) != (kind, voter_id):
        raise ValueError("this encoding does not belong to this voter")
    encoding = np.frombuffer(plain, dtype="<f4", offset=HEADER.size).astype(np.float32)
    if not is_usable(encoding):
        raise ValueError("this encoding is damaged")
    return encoding
