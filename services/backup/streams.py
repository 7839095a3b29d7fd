"""Long files encrypted piece by piece (libsodium secretstream): what was cut off, changed or moved fails.

Header: 4 bytes of format, the stream's key sealed to the installation's backup key (80 bytes), 24 bytes of
secretstream. Then frames of CHUNK bytes, each with 17 bytes of its own; the last one says that it is the last.
"""

from __future__ import annotations

import errno
import hashlib
from types import TracebackType
from typing import BinaryIO

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from services.errors import DiskFull

FORMAT = b"SVB1"
CHUNK = 256 * 1024
FRAME = CHUNK + bindings.crypto_secretstream_xchacha20poly1305_ABYTES
SEALED_KEY = bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES + bindings.crypto_box_SEALBYTES
HEADER = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES
MESSAGE = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
FINAL = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class DamagedStream(Exception):
    """The stream is not what was written, or was written for another key or place."""


class SealedWriter:
    """A file-like object: what is written goes encrypted to `target`; `close` ends the stream.

    `bound_to` is what the stream is, so that no other stream opens in its place. Afterwards `size` (bytes) and
    `sha256` (hex) are those of the encrypted file. Raises DiskFull.
    """

    def __init__(self, target: BinaryIO, key: PublicKey, bound_to: bytes) -> None:
        self._target, self._bound_to, self._waiting = target, bound_to, bytearray()
        self._digest, self.size = hashlib.sha256(), 0
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        secret = bindings.crypto_secretstream_xchacha20poly1305_keygen()
        header = bindings.crypto_secretstream_xchacha20poly1305_init_push(self._state, secret)
        self._put(FORMAT + SealedBox(key).encrypt(secret) + header)

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._push(bytes(self._waiting[:CHUNK]), MESSAGE)
            del self._waiting[:CHUNK]
        return len(data)

    def close(self) -> None:
        """Write what is left, and that it is the last."""
        self._push(bytes(self._waiting), FINAL)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def _push(self, piece: bytes, tag: int) -> None:
        self._put(bindings.crypto_secretstream_xchacha20poly1305_push(self._state, piece, self._bound_to, tag))

    def _put(self, data: bytes) -> None:
        try:
            self._target.write(data)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise DiskFull() from error
            raise
        self._digest.update(data)
        self.size += len(data)


class SealedReader:
    """A file-like object that gives back what was written; raises DamagedStream at the first piece that is not."""

    def __init__(self, source: BinaryIO, key: PrivateKey, bound_to: bytes) -> None:
        self._source, self._bound_to, self._ready, self._ended = source, bound_to, bytearray(), False
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        if source.read(len(FORMAT)) != FORMAT:
            raise DamagedStream()
        try:
            secret = SealedBox(key).decrypt(source.read(SEALED_KEY))
            bindings.crypto_secretstream_xchacha20poly1305_init_pull(self._state, source.read(HEADER), secret)
        except (CryptoError, ValueError, TypeError) as error:
            raise DamagedStream() from error

    def read(self, amount: int = -1) -> bytes:
        """Return the next bytes, at most `amount`; all that is left without one; none at the end."""
        while not self._ended and (amount < 0 or len(self._ready) < amount):
            self._pull()
        taken = bytes(self._ready if amount < 0 else self._ready[:amount])
        del self._ready[: len(taken)]
        return taken

    def _pull(self) -> None:
        try:
            piece, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(
                self._state, self._source.read(FRAME), self._bound_to
            )
        except (CryptoError, RuntimeError, ValueError, TypeError) as error:
            raise DamagedStream() from error
        self._ready += piece
        self._ended = tag == FINAL

    def __enter__(self) -> SealedReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()
