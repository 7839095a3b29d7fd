"""Encrypted fields and files."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet, InvalidToken

from services.security import FieldCipher

OLD, NEW = Fernet.generate_key(), Fernet.generate_key()


def test_what_was_encrypted_comes_back_and_is_not_readable():
    cipher = FieldCipher.of([NEW])
    sealed = cipher.encrypt(b"Vera Voter")
    assert cipher.decrypt(sealed) == b"Vera Voter"
    assert b"Vera" not in sealed
    assert sealed != cipher.encrypt(b"Vera Voter")


def test_a_new_key_encrypts_and_the_old_one_still_decrypts():
    sealed = FieldCipher.of([OLD]).encrypt(b"text")
    both = FieldCipher.of([NEW, OLD])
    assert both.decrypt(sealed) == b"text"
    assert FieldCipher.of([NEW]).decrypt(both.encrypt(b"text")) == b"text"


def test_a_changed_or_foreign_ciphertext_is_refused():
    sealed = bytearray(FieldCipher.of([NEW]).encrypt(b"text"))
    with pytest.raises(InvalidToken):
        FieldCipher.of([OLD]).decrypt(bytes(sealed))
    sealed[30] ^= 1
    with pytest.raises(InvalidToken):
        FieldCipher.of([NEW]).decrypt(bytes(sealed))


def test_padding_hides_the_length():
    cipher = FieldCipher.of([NEW])
    short, long = cipher.encrypt_padded(b"a", 256), cipher.encrypt_padded(b"a" * 200, 256)
    assert len(short) == len(long)
    assert cipher.decrypt_padded(short, 256) == b"a"
    assert cipher.decrypt_padded(cipher.encrypt_padded(b"", 256), 256) == b""
