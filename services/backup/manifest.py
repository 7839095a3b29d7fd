"""What a backup says of itself, signed: when, of which schema, how many rows, where the chains ended, each part's hash.

It holds no name and no address: it lies beside the encrypted parts in clear, so that a backup can be checked by whoever
keeps it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flask_babel import gettext as _

from services.context import platform
from services.errors import ValidationFailed
from services.hashing import sha256, text

FORMAT = "smart-voting-backup/1"
FILE = "manifest.json"
DOMAIN = b"smart-voting/backup/1\0"
DATABASE, BOX, FILES = "database", "ballot_box", "files"
PARTS = (DATABASE, BOX, FILES)


@dataclass(frozen=True)
class Manifest:
    """One backup. `made_at` as `moment_text` writes it; `rows` by table; `parts` hold bytes and SHA-256 (hex).

    `heads`: `audit` with height, hash and made_at of the newest block (None without one), `ballots` with the place and
    the hash at the end of each election's chain. `files`: count, bytes, and how many that rows name were missing.
    """

    name: str
    made_at: str
    key: str
    migration: str
    versions: Mapping[str, str]
    rows: Mapping[str, int]
    heads: Mapping[str, Any]
    files: Mapping[str, int]
    parts: Mapping[str, Mapping[str, Any]]
    format: str = FORMAT

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything it says, hexadecimal."""
        return sha256(text(self._canonical())).hex()

    @property
    def audit_height(self) -> int:
        """The height of the newest audit block in it, 0 without one."""
        return int(self.heads["audit"]["height"]) if self.heads["audit"] else 0

    @property
    def size(self) -> int:
        """The bytes of all parts together."""
        return sum(int(part["bytes"]) for part in self.parts.values())

    def signed(self) -> str:
        """Return the file's text, signed with the installation's key."""
        signature = platform().keyring.signing_key.sign(self._message()).signature
        return json.dumps({"manifest": asdict(self), "signature": signature.hex()}, indent=1, sort_keys=True) + "\n"

    def _canonical(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    def _message(self) -> bytes:
        return DOMAIN + bytes.fromhex(self.fingerprint)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read a backup's manifest; raises ValidationFailed unless it is one that this installation's key signed."""
        try:
            entry = json.loads((folder / FILE).read_text("utf-8"))
            made, signature = cls(**entry["manifest"]), bytes.fromhex(entry["signature"])
            message, parts = made._message(), set(made.parts)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValidationFailed(_("%(folder)s holds no backup that can be read.", folder=folder)) from error
        if made.format != FORMAT or parts != set(PARTS):
            raise ValidationFailed(_("%(folder)s was written by another version of this application.", folder=folder))
        if not platform().keyring.is_signed(message, signature):
            raise ValidationFailed(
                _(
                    "The manifest of %(folder)s was changed, or the keys in %(keys)s are not those of the installation"
                    " that made it. Restore the key folder first: python -m blueprints.cli.restore_keys",
                    folder=folder,
                    keys=platform().keyring.folder,
                )
            )
        return made


def part_of(folder: Path, kind: str) -> Path:
    """Return the file of a part."""
    return folder / f"{kind}.enc"


def bound_to(name: str, kind: str) -> bytes:
    """Return what the encryption of a part is bound to, so that no other backup's part opens in its place."""
    return f"{name}/{kind}".encode()
