"""The key folder in and out: one file that opens with a passphrase only, never in the place of the data's backups.

The box keys of elections stay out unless they are asked for. Each has a recovery copy of its own, and ends when the
result is final: a copy of it here, beside an old backup of the data, would open ballots in the order of their arrival.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flask_babel import gettext as _

from services import audit_logger, sealed_file
from services.actor import Actor
from services.backup import places
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, DiskFull, ValidationFailed
from services.private_file import write_private

BOX_KEY = ".box"


@dataclass(frozen=True)
class Copied:
    """A copy of the key folder: the file, how many files are in it, and the box keys that are not."""

    path: Path
    files: int
    left_out: int


def copy_keys(target: Path, passphrase: str, with_box_keys: bool) -> Copied:
    """Write the keys, encrypted with the passphrase, into a file below the target.

    Raises ValidationFailed for a short passphrase, Conflict for a place where data lies, DiskFull.
    """
    sealed_file.check_passphrase(passphrase)
    places.check_keys_target(target)
    folder = platform().keyring.folder
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    taken = [path for path in found if with_box_keys or path.suffix != BOX_KEY]
    content = {
        path.relative_to(folder).as_posix(): base64.b64encode(path.read_bytes()).decode("ascii") for path in taken
    }
    name = f"keys-{utc_now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}.sealed"
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(target / name, sealed_file.seal(json.dumps(content).encode(), passphrase, name))
    except OSError as error:
        why = error.strerror or str(error)
        raise DiskFull(_("%(folder)s cannot be written to: %(why)s", folder=target, why=why)) from error
    return Copied(target / name, len(taken), len(found) - len(taken))


def note(copied: Copied, actor: Actor) -> None:
    """Write into the audit log that the keys were copied; in the caller's transaction."""
    audit_logger.record("operator:backup:keys_copied", actor, name=copied.path.name, count=copied.files)


def put_keys_back(file: Path, folder: Path, passphrase: str) -> int:
    """Write the keys of a copy into a folder without keys and return how many files that were.

    Works without an application: it cannot start before its keys are there. Raises ValidationFailed for a wrong
    passphrase or file, Conflict for a folder that holds keys.
    """
    if any(path.is_file() for path in folder.rglob("*")):
        raise Conflict(
            _("%(folder)s holds keys already. Move them away first: keys that an election needs may be among them.",
              folder=folder)
        )  # fmt: skip
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ValidationFailed(_("%(file)s cannot be read.", file=file)) from error
    parts: dict[str, str] = json.loads(sealed_file.open_sealed(content, passphrase))
    for name in parts:
        if PurePosixPath(name).is_absolute() or ".." in (PurePosixPath(name).parts or ("..",)):
            raise ValidationFailed(_("%(file)s names a file outside of the key folder.", file=file))
    for name, encoded in parts.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, base64.b64decode(encoded), overwrite=False)
    folder.chmod(0o700)
    return len(parts)
