"""The signing key of the installation and those before it, each handed over to the next.

signing.key      Ed25519 seed in use, 32 bytes
signing.next     the seed that takes over; a rotation that was cut off is finished when the folder is read next
handovers.jsonl  public: one hand-over a line, signed by the key that goes and by the one that comes
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from services import hashing
from services.private_file import alone, write_private
from services.security.watched_file import WatchedFile

FORMAT = "handover/1"
DOMAIN = b"smart-voting/handover/1\0"
SEED_BYTES = 32


class HandoverError(RuntimeError):
    """The keys do not follow from one another."""


@dataclass(frozen=True)
class Handover:
    """One statement (canonical JSON) with both signatures, 64 bytes each; `before` and `after` are public keys."""

    statement: str
    old: bytes
    new: bytes

    @classmethod
    def read(cls, line: str) -> Handover:
        """Read one line; raises HandoverError for what is not signed by both keys."""
        try:
            entry = json.loads(line)
            made = cls(entry["statement"], bytes.fromhex(entry["old"]), bytes.fromhex(entry["new"]))
            message = _message(made.statement)
            VerifyKey(made.before).verify(message, made.old)
            VerifyKey(made.after).verify(message, made.new)
        except (ValueError, KeyError, TypeError, BadSignatureError) as error:
            raise HandoverError("A hand-over of the signing key is not signed by both keys.") from error
        return made

    @property
    def line(self) -> str:
        """The one spelling of it, as packs and the key folder hold it, without the end of the line."""
        entry = {"statement": self.statement, "old": self.old.hex(), "new": self.new.hex()}
        return json.dumps(entry, sort_keys=True, separators=(",", ":"))

    @property
    def before(self) -> bytes:
        return bytes.fromhex(json.loads(self.statement)["from"])

    @property
    def after(self) -> bytes:
        return bytes.fromhex(json.loads(self.statement)["to"])

    @property
    def fingerprint(self) -> str:
        """The one of the key that goes: SHA-256, hexadecimal."""
        return fingerprint(self.before)

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(json.loads(self.statement)["at"])


@dataclass(frozen=True)
class _Keys:
    """The seed in use, all public keys with the first one first, and what leads from each to the next."""

    seed: SigningKey
    public: tuple[bytes, ...]
    handovers: tuple[Handover, ...]


class SigningKeys:
    """What a key folder says of its signing keys; a rotation by another process is seen at the next use."""

    def __init__(self, folder: Path) -> None:
        """Read the folder; raises OSError without a key, HandoverError when the keys do not follow one another."""
        self._folder = folder
        with alone(folder):
            self._take_over()
            self._keys = WatchedFile(folder / "signing.key", self._read)
            if self._handovers() != self.handovers:
                raise HandoverError("signing.key is not the key that the last hand-over names.")

    @property
    def newest(self) -> SigningKey:
        return self._keys.content.seed

    @property
    def handovers(self) -> tuple[Handover, ...]:
        """The hand-overs in their order; none while the first key is in use."""
        return self._keys.content.handovers

    @property
    def fingerprints(self) -> list[str]:
        """SHA-256 (hex) of each public key, the first one first."""
        return [fingerprint(key) for key in self._keys.content.public]

    def signer(self, message: bytes, signature: bytes) -> int | None:
        """Return the place (from 0) of the key that signed a message, None when none of ours did."""
        for place, key in reversed(list(enumerate(self._keys.content.public))):
            with suppress(BadSignatureError, ValueError):
                VerifyKey(key).verify(message, signature)
                return place
        return None

    def rotate(self, at: datetime) -> Handover:
        """Make a new key, hand over to it and destroy the seed before it; return the hand-over.

        Each step is on the disk before the next one: killed anywhere, the folder has the old key or the new one.
        """
        with alone(self._folder):
            old, new = self.newest, SigningKey.generate()
            write_private(self._folder / "signing.next", bytes(new))
            made = _signed(old, new, at)
            lines = [*(one.line for one in self.handovers), made.line]
            write_private(self._folder / "handovers.jsonl", "".join(f"{line}\n" for line in lines))
            self._take_over()
        return made

    def _take_over(self) -> None:
        """Put the next seed in its place, where a hand-over to it is written; the one before it is overwritten."""
        following, present = self._folder / "signing.next", self._folder / "signing.key"
        handovers = self._handovers()
        if not handovers or not following.exists():
            return
        if bytes(SigningKey(following.read_bytes()).verify_key) != handovers[-1].after:
            return  # Cut off before the hand-over was written: the old key stays.
        with present.open("r+b") as gone:
            following.replace(present)
            gone.write(bytes(SEED_BYTES))
            gone.flush()
            os.fsync(gone.fileno())

    def _read(self) -> _Keys:
        """Read the seed and what led to it; a rotation may be writing the next hand-over in this very moment."""
        seed, handovers = SigningKey((self._folder / "signing.key").read_bytes()), self._handovers()
        public = [handovers[0].before, *(one.after for one in handovers)] if handovers else [bytes(seed.verify_key)]
        if bytes(seed.verify_key) not in public:
            raise HandoverError("signing.key is not a key that a hand-over names.")
        place = public.index(bytes(seed.verify_key))
        return _Keys(seed, tuple(public[: place + 1]), handovers[:place])

    def _handovers(self) -> tuple[Handover, ...]:
        with suppress(FileNotFoundError):
            lines = (self._folder / "handovers.jsonl").read_text("utf-8").splitlines()
            found = tuple(Handover.read(line) for line in lines)
            if any(one.after != following.before for one, following in pairwise(found)):
                raise HandoverError("A hand-over of the signing key is missing.")
            return found
        return ()


def fingerprint(public: bytes) -> str:
    """Return the SHA-256 of a public key of 32 bytes, hexadecimal."""
    return hashlib.sha256(public).hexdigest()


def _signed(old: SigningKey, new: SigningKey, at: datetime) -> Handover:
    content = {
        "format": FORMAT,
        "from": bytes(old.verify_key).hex(),
        "to": bytes(new.verify_key).hex(),
        "at": hashing.moment_text(at),
    }
    statement = json.dumps(content, sort_keys=True, separators=(",", ":"))
    message = _message(statement)
    return Handover(statement, old.sign(message).signature, new.sign(message).signature)


def _message(statement: str) -> bytes:
    return DOMAIN + hashing.sha256(hashing.text(FORMAT), hashing.text(statement))
