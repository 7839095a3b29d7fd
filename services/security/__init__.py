"""Passwords, tokens, permissions, encryption and the key folder."""

from services.security.encryption import FieldCipher
from services.security.keyring import Keyring, KeyringError
from services.security.passwords import hash_password, verify_password
from services.security.permissions import ROLE_PERMISSIONS, Permission, has_permission
from services.security.signing_keys import Handover
from services.security.timed_signer import TimedSigner
from services.security.tokens import hash_token, new_token, same_token

__all__ = [
    "ROLE_PERMISSIONS",
    "FieldCipher",
    "Handover",
    "Keyring",
    "KeyringError",
    "Permission",
    "TimedSigner",
    "has_permission",
    "hash_password",
    "hash_token",
    "new_token",
    "same_token",
    "verify_password",
]
