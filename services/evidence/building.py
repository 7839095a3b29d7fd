"""Building a pack once and keeping it until something in it changes; it can always be made again."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import exists, select

from models import Election, Method, Secrecy, SignedHead, db
from services import ballots
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict
from services.evidence import content, verify
from services.evidence.packing import PackWriter
from services.evidence.verify import STAMPED
from services.result_rules import is_over

FOLDER = "evidence"
"""Inside the folder of everything that runs; what lies there can be removed at any time."""
AT_ONCE = 5000
"""Ballots up to which a page builds a pack without being asked: half a second."""
MADE_AHEAD = timedelta(days=7)
"""So long after the close the worker keeps a pack ready; a tie is resolved, and everybody looks, within that time."""
BEFORE_BALLOTS = (
    "README.txt", "verify.py", "key.txt", "handovers.jsonl", "definition.json", "definition.sig", "extensions.jsonl",
)  # fmt: skip


@dataclass(frozen=True)
class SelfCheck:
    """What `verify.py` said of a pack when it was made; `code` is its exit code, `checked_at` ISO 8601 in UTC."""

    code: int
    lines: list[str]
    checked_at: str

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.checked_at)


@dataclass(frozen=True)
class PackFile:
    """A pack on this machine's disk: its size in bytes, its SHA-256 (hex), and our own check of it."""

    path: Path
    size: int
    sha256: str
    check: SelfCheck


def pack_problem(election: Election) -> str | None:
    """Return why there is no pack of this election now, None when there is one."""
    if not election.is_secret:
        return _("The votes of this election are recorded with the names. It has no sealed ballots to check.")
    if not is_over(election):
        return _("The evidence pack is made when the election is closed and counted.")
    counts = ballots.counts(election)
    if counts.box or (election.method is Method.RANKED and counts.ranked is None):
        return _("The ballots are being sealed and counted. The evidence pack is made after that.")
    return None


def evidence_pack(election_id: int) -> PackFile:
    """Return the pack of a closed and counted secret election, built and checked at its first use.

    The caller's database role must be able to read ballots (results or sealer). Memory is bounded whatever the number
    of ballots; 200,000 take some ten seconds (benchmarks/evidence_pack.py). Raises Conflict while there is none.
    """
    election = db.session.get_one(Election, election_id)
    if (problem := pack_problem(election)) is not None:
        raise Conflict(problem)
    files = content.small_files(election)
    path = _path(election, files)
    if not (found := _kept(path)):
        with _alone(path.parent, str(election.public_id)):
            found = _kept(path) or _make(path, election, files)
            _forget_others(path, str(election.public_id))
    return found


def kept_pack(election_id: int) -> PackFile | None:
    """Return the pack as it is, or built now where that is a matter of a moment; None while it has to be asked for.

    Needs the rights that `evidence_pack` needs.
    """
    election = db.session.get_one(Election, election_id)
    if pack_problem(election) is not None:
        return None
    if ballots.counts(election).total <= AT_ONCE:
        return evidence_pack(election_id)
    return _kept(_path(election, content.small_files(election)))


def make_due_packs(transaction: Callable[[], AbstractContextManager[Any]]) -> int:
    """Make the packs of elections that closed within `MADE_AHEAD`, their closing head signed; return how many.

    Run by the worker as the sealer; what is made already costs a look.
    """
    lately = (Election.secrecy == Secrecy.SECRET) & (Election.closed_at > utc_now() - MADE_AHEAD)
    closing = exists().where(SignedHead.election_id == Election.id, SignedHead.closing)
    with transaction():
        waiting = list(db.session.scalars(select(Election.id).where(lately, closing).order_by(Election.id)))
    made = 0
    for election_id in waiting:
        with transaction():
            if pack_problem(db.session.get_one(Election, election_id)) is None:
                evidence_pack(election_id)
                made += 1
    return made


def _path(election: Election, files: dict[str, bytes]) -> Path:
    state = hashlib.sha256(b"".join(hashlib.sha256(file).digest() for file in files.values())).hexdigest()
    return platform().settings.var_folder / FOLDER / f"{election.public_id}-{state[:32]}.zip"


def _kept(path: Path) -> PackFile | None:
    try:
        note = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if path.stat().st_size != note["size"]:
            return None
        return PackFile(path, note["size"], note["sha256"], SelfCheck(**note["check"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _make(path: Path, election: Election, files: dict[str, bytes]) -> PackFile:
    partial = path.with_suffix(".part")
    with partial.open("w+b") as file:
        _write(PackWriter(file), election, files)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    lines: list[str] = []
    code = verify.report(str(partial), platform().keyring.fingerprints()["signing"], "", lines.append)
    check = SelfCheck(code, lines, utc_now().isoformat())
    made = PackFile(path, partial.stat().st_size, digest, check)
    partial.rename(path)
    note = {"size": made.size, "sha256": digest, "check": asdict(check)}
    path.with_suffix(".json").write_text(json.dumps(note), encoding="utf-8")
    return made


def _write(pack: PackWriter, election: Election, files: dict[str, bytes]) -> None:
    for name in BEFORE_BALLOTS:
        pack.add(name, [files[name]])
    pack.add("ballots.jsonl", content.ballot_lines(election.id))
    pack.add("receipts.txt", content.receipt_lines(election.id))
    for name in ("heads.jsonl", *STAMPED, "result.json"):
        if name in files:
            pack.add(name, [files[name]])
    manifest = pack.manifest()
    pack.add("manifest.txt", [manifest.encode()])
    pack.add("manifest.sig", [content.manifest_signature(election.public_id, manifest)])
    pack.close()


@contextmanager
def _alone(folder: Path, election: str) -> Iterator[None]:
    """Let one process of this machine build the packs of an election at a time; the others wait and find it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f"{election}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget_others(path: Path, election: str) -> None:
    """Remove packs that were current before; who is downloading one reads on."""
    for old in path.parent.glob(f"{election}-*"):
        if old.stem != path.stem:
            os.unlink(old)
