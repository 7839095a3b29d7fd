"""Files that open with a passphrase only: Argon2id and XSalsa20-Poly1305, as recovery copies of box keys."""

from __future__ import annotations

import base64
import json

import nacl.pwhash
import nacl.utils
from flask_babel import gettext as _
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from services.errors import ValidationFailed

FORMAT = "sealed-file/1"
MIN_PASSPHRASE = 12
_derive = nacl.pwhash.argon2id.kdf
OPSLIMIT = nacl.pwhash.argon2id.OPSLIMIT_MODERATE
MEMLIMIT = nacl.pwhash.argon2id.MEMLIMIT_MODERATE
SALT_BYTES = nacl.pwhash.argon2id.SALTBYTES


def check_passphrase(passphrase: str) -> None:
    """Raise ValidationFailed for a passphrase that is too short."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise ValidationFailed(fields={"passphrase": _("Use %(count)s characters or more.", count=MIN_PASSPHRASE)})


def key_of(passphrase: str, salt: bytes) -> bytes:
    """Return the 32-byte key of a passphrase."""
    return bytes(_derive(SecretBox.KEY_SIZE, passphrase.encode(), salt, opslimit=OPSLIMIT, memlimit=MEMLIMIT))


def seal(content: bytes, passphrase: str, name: str) -> bytes:
    """Return a small JSON file that holds the content encrypted; `name` is what the content is called."""
    salt = nacl.utils.random(SALT_BYTES)
    sealed = SecretBox(key_of(passphrase, salt)).encrypt(content)
    parts = {"format": FORMAT, "name": name, "salt": salt.hex(), "sealed": base64.b64encode(sealed).decode("ascii")}
    return json.dumps(parts, indent=1).encode()


def open_sealed(file: bytes, passphrase: str) -> bytes:
    """Return the content; raises ValidationFailed when the file or the passphrase is not the right one."""
    try:
        parts = json.loads(file)
        if parts["format"] != FORMAT:
            raise ValueError(parts["format"])
        salt, sealed = bytes.fromhex(parts["salt"]), base64.b64decode(parts["sealed"], validate=True)
        return bytes(SecretBox(key_of(passphrase, salt)).decrypt(sealed))
    except (ValueError, KeyError, TypeError, RecursionError, CryptoError) as error:
        raise ValidationFailed(_("This file does not open with this passphrase.")) from error
