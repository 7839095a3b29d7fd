"""Encryption of single fields and files with the installation's Fernet keys."""

from __future__ import annotations

from cryptography.fernet import Fernet, MultiFernet
from nacl.bindings import sodium_pad, sodium_unpad


class FieldCipher:
    """Encrypts with the newest Fernet key (AES-128-CBC with HMAC-SHA256), decrypts with any of them."""

    def __init__(self, keys: list[bytes]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, plaintext: bytes) -> bytes:
        """Return the Fernet token of the plaintext."""
        return self._fernet.encrypt(plaintext)

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Return the plaintext; raises `cryptography.fernet.InvalidToken` when it is not ours or was changed."""
        return self._fernet.decrypt(ciphertext)

    def encrypt_padded(self, plaintext: bytes, block: int) -> bytes:
        """Encrypt after padding to a multiple of `block` bytes, so that the length tells little."""
        return self.encrypt(sodium_pad(plaintext, block))

    def decrypt_padded(self, ciphertext: bytes, block: int) -> bytes:
        """Undo `encrypt_padded` with the same `block`; raises like `decrypt`."""
        return sodium_unpad(self.decrypt(ciphertext), block)
