"""The key folder: everything secret that must never be in the database or its backups (design, section 3, rule 2).

signing.key        Ed25519 seed of the installation, 32 bytes; `signing_keys.py` tells of those before it
cast.key           root of the MAC keys of cast ballots, 32 bytes
fernet.keys        one Fernet key a line, newest first; `fernet.retired` has the fingerprints of those that went
elections/<id>.box Curve25519 private key of a ballot box, 32 bytes; the web server makes it when an election opens and
                   reads it for the recovery copy, the worker reads it to seal
backup.key         Curve25519 private key that opens backups of the data, 32 bytes, made with the first of them
"""

from __future__ import annotations

import hmac
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from nacl.public import PrivateKey
from nacl.signing import SigningKey, VerifyKey
from nacl.utils import random as random_bytes

from services.private_file import alone, write_private
from services.security.encryption import FernetKeys, FieldCipher
from services.security.signing_keys import HandoverError, SigningKeys, fingerprint
from services.security.watched_file import WatchedFile

KEY_BYTES = 32


class KeyringError(RuntimeError):
    """The key folder is missing, incomplete or belongs to another installation."""


class Keyring:
    """Read access to a complete key folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.signing_keys = SigningKeys(folder)
            self._cast_key = (folder / "cast.key").read_bytes()
            self._fernet = WatchedFile(folder / "fernet.keys", self._read_fernet)
        except OSError as error:
            raise KeyringError(
                f"The key folder {folder} is not complete: {error.strerror}. Of a new installation: flask make-keys. Of"
                " one that ran before: put its keys back, python -m blueprints.cli.restore_keys FILE."
            ) from error
        except HandoverError as error:
            raise KeyringError(f"The key folder {folder} does not fit together: {error}") from error
        self.cipher = FieldCipher(lambda: self._fernet.content)

    @classmethod
    def ensure(cls, folder: Path) -> Keyring:
        """Make the folder with random keys where there is none, and return it; never overwrites a key."""
        (folder / "elections").mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
        makers: dict[str, Callable[[], bytes]] = {
            "signing.key": lambda: bytes(SigningKey.generate()),
            "cast.key": lambda: random_bytes(KEY_BYTES),
            "fernet.keys": lambda: Fernet.generate_key() + b"\n",
        }
        for name, make in makers.items():
            if not (folder / name).exists():
                _write_once(folder / name, make())
        return cls(folder)

    def is_complete(self) -> bool:
        """Tell whether the files of the installation's keys are still in their folder."""
        return all((self.folder / name).is_file() for name in ("signing.key", "cast.key", "fernet.keys"))

    @property
    def signing_key(self) -> SigningKey:
        """The key that signs now."""
        return self.signing_keys.newest

    @property
    def verify_key(self) -> VerifyKey:
        return self.signing_key.verify_key

    def is_signed(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the signing key, or one that handed over to it, signed a message."""
        return self.signing_keys.signer(message, signature) is not None

    def belongs(self, name: str, known: str) -> bool:
        """Tell whether this folder is the one of which an installation knows this fingerprint, of now or of before."""
        if name == "signing":
            return known in self.signing_keys.fingerprints
        if name == "fernet":
            return known in self._fernet_fingerprints()
        return known == self.fingerprints()[name]

    def fingerprints(self) -> dict[str, str]:
        """Return a public fingerprint (SHA-256, hex) for each installation key; compared at every start."""
        return {
            "signing": fingerprint(bytes(self.verify_key)),
            "cast": _keyed_fingerprint(self._cast_key),
            "fernet": _keyed_fingerprint(self._fernet.content.keys[-1]),
        }

    def add_fernet_key(self) -> None:
        """Put a new Fernet key before the others; every process encrypts with it from its next use on."""
        with alone(self.folder):
            keys = [Fernet.generate_key(), *self._fernet.content.keys]
            write_private(self.folder / "fernet.keys", b"".join(key + b"\n" for key in keys))

    def fernet_keys_since(self) -> datetime | None:
        """Return when the newest Fernet key came beside others, None when there is one key only."""
        if len(self._fernet.content.keys) == 1:
            return None
        return datetime.fromtimestamp((self.folder / "fernet.keys").stat().st_mtime, UTC)

    def retire_fernet_keys(self) -> int:
        """Forget all Fernet keys but the newest and return how many; what they encrypted is lost then."""
        with alone(self.folder):
            newest, *old = self._fernet.content.keys
            known = "".join(f"{line}\n" for line in self._fernet_fingerprints())
            write_private(self.folder / "fernet.retired", known)
            write_private(self.folder / "fernet.keys", newest + b"\n")
        return len(old)

    def _read_fernet(self) -> FernetKeys:
        return FernetKeys.of((self.folder / "fernet.keys").read_bytes().split())

    def _fernet_fingerprints(self) -> list[str]:
        """The fingerprints of the Fernet keys that there are and that there were, by which a folder is known again."""
        with suppress(FileNotFoundError):
            return [
                *(self.folder / "fernet.retired").read_text("ascii").split(),
                *map(_keyed_fingerprint, self._fernet.content.keys),
            ]
        return [_keyed_fingerprint(key) for key in self._fernet.content.keys]

    def cast_key(self, election: uuid.UUID) -> bytes:
        """Return the 32-byte MAC key of one election's ballots, derived from the installation's cast key."""
        return hmac.digest(self._cast_key, b"smart-voting/cast/1/" + election.bytes, "sha256")

    def backup_key(self) -> PrivateKey:
        """Return the key to which backups of the data are encrypted; made when it is asked for first."""
        path = self.folder / "backup.key"
        if not path.exists():
            _write_once(path, bytes(PrivateKey.generate()))
        return PrivateKey(path.read_bytes())

    def create_box_key(self, election: uuid.UUID) -> bytes:
        """Make the election's box key pair, keep the private half and return the 32-byte public half.

        A key that an interrupted activation left behind is used again.
        """
        _write_once(self._box_path(election), bytes(PrivateKey.generate()))
        return bytes(self.box_key(election).public_key)

    def box_key(self, election: uuid.UUID) -> PrivateKey:
        """Return the private box key; raises KeyringError when it was destroyed or never here."""
        try:
            return PrivateKey(self._box_path(election).read_bytes())
        except OSError as error:
            raise KeyringError(f"The box key of election {election} is not in the key folder.") from error

    def restore_box_key(self, election: uuid.UUID, private: PrivateKey) -> None:
        """Put a box key back that was recovered from a copy; refuses to overwrite."""
        _write_once(self._box_path(election), bytes(private))

    def destroy_box_key(self, election: uuid.UUID) -> None:
        """Overwrite and remove the private box key; from then on nobody opens that box.

        One that is gone already is no error: the file may be destroyed and the transaction that says so lost.
        """
        path = self._box_path(election)
        try:
            with path.open("r+b") as file:
                file.write(bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
        except FileNotFoundError:
            return
        path.unlink(missing_ok=True)

    def _box_path(self, election: uuid.UUID) -> Path:
        return self.folder / "elections" / f"{election}.box"


def _keyed_fingerprint(key: bytes) -> str:
    return hmac.digest(key, b"smart-voting/fingerprint", "sha256").hex()


def _write_once(path: Path, content: bytes) -> None:
    """Write a new file; where another process was first, its key is the key."""
    with suppress(FileExistsError):
        write_private(path, content, overwrite=False)
