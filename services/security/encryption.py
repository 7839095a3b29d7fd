"""Encryption of single fields and files with the installation's Fernet keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from nacl.bindings import sodium_pad, sodium_unpad


@dataclass(frozen=True)
class FernetKeys:
    """The keys of an installation, the newest first."""

    keys: tuple[bytes, ...]
    newest: Fernet
    all: MultiFernet

    @classmethod
    def of(cls, keys: Sequence[bytes]) -> FernetKeys:
        """Take the keys in their order; raises ValueError for what is no key."""
        made = [Fernet(key) for key in keys]
        return cls(tuple(keys), made[0], MultiFernet(made))


class FieldCipher:
    """Encrypts with the newest Fernet key (AES-128-CBC with HMAC-SHA256), decrypts with any of them."""

    def __init__(self, keys: Callable[[], FernetKeys]) -> None:
        """`keys` is asked each time, so that a new key counts at once."""
        self._keys = keys

    @classmethod
    def of(cls, keys: Sequence[bytes]) -> FieldCipher:
        """Return a cipher with these keys for good, the newest first."""
        held = FernetKeys.of(keys)
        return cls(lambda: held)

    def encrypt(self, plaintext: bytes) -> bytes:
        """Return the Fernet token of the plaintext."""
        return self._keys().all.encrypt(plaintext)

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Return the plaintext; raises `cryptography.fernet.InvalidToken` when it is not ours or was changed."""
        return self._keys().all.decrypt(ciphertext)

    def renewed(self, ciphertext: bytes) -> bytes | None:
        """Return the ciphertext under the newest key, None when it is that already; raises like `decrypt`."""
        held = self._keys()
        try:
            held.newest.decrypt(ciphertext)
        except InvalidToken:
            return held.all.rotate(ciphertext)
        return None

    def encrypt_padded(self, plaintext: bytes, block: int) -> bytes:
        """Encrypt after padding to a multiple of `block` bytes, so that the length tells little."""
        return self.encrypt(sodium_pad(plaintext, block))

    def decrypt_padded(self, ciphertext: bytes, block: int) -> bytes:
        """Undo `encrypt_padded` with the same `block`; raises like `decrypt`."""
        return sodium_unpad(self.decrypt(ciphertext), block)
