"""Signed heads are also kept beside the keys, outside the database: who rewrites or restores it is found by them.

`heads.jsonl` in the key folder: one head a line, as `finding.as_document` writes it, only ever appended to. Extensions
of an election are kept there too, by place and hash: no head holds them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from models import AuditBlock, Ballot, Election, ElectionExtension, HeadKind, SignedHead, db
from services.ballots.extensions import extension_hash
from services.context import platform
from services.hashing import moment_text
from services.heads.finding import as_document

FILE = "heads.jsonl"
EXTENSION = "extension"
MOST_SENTENCES = 5
NAMES = {
    HeadKind.AUDIT: "audit block",
    HeadKind.BALLOTS: "ballot of election {election}",
    EXTENSION: "extension of election {election}",
}
Place = tuple[str, str | None, int, bool]


def keep_new_heads() -> int:
    """Append the signed heads and extensions that the file does not hold yet; return how many. Run by the worker.

    A head that stands in the file with another hash is appended too: `compare_kept_heads` reports it.
    """
    known = {(_place_of(kept), kept["head"]) for kept in _kept()}
    heads = (as_document(head) for head in db.session.scalars(select(SignedHead).order_by(SignedHead.id)))
    new = [head for head in (*heads, *_extensions()) if (_place_of(head), head["head"]) not in known]
    if new:
        _append("".join(json.dumps(head, sort_keys=True) + "\n" for head in new))
    return len(new)


def compare_kept_heads() -> tuple[int, list[str]]:
    """Return how many heads are kept, and a sentence for each that is not where it was in the database any more.

    Finds what no signature in the database can: an older copy that was put back, an audit log or a ballot chain that
    was cut off or written anew as a whole.
    """
    kept = list(_kept())
    problems = [problem for head in kept if (problem := _problem(head)) is not None]
    if (more := len(problems) - MOST_SENTENCES) > 0:
        problems = [*problems[:MOST_SENTENCES], f"{more} more do not fit."]
    return len(kept), problems


def _extensions() -> Iterator[dict[str, Any]]:
    """Yield each extension in the form of a head: its place is the height."""
    every = select(ElectionExtension, Election).join(Election, Election.id == ElectionExtension.election_id)
    for extension, election in db.session.execute(every.order_by(ElectionExtension.id)):
        yield {
            "kind": EXTENSION, "election": str(election.public_id), "closing": False, "height": extension.place,
            "head": extension_hash(election, extension).hex(), "made_at": moment_text(extension.created_at),
        }  # fmt: skip


def _place_of(head: dict[str, Any]) -> Place:
    """Return what a head is about: kind, election, height and whether it was made at closing."""
    return head["kind"], head["election"], head["height"], head["closing"]


def _problem(head: dict[str, Any]) -> str | None:
    now = _hash_now(head)
    if now is not None and now.hex() == head["head"]:
        return None
    what = NAMES[head["kind"]].format(election=head["election"])
    state = "is missing" if now is None else "is another one"
    return f"At {head['made_at']} {what} {head['height']} was signed; in the database it {state}."


def _hash_now(head: dict[str, Any]) -> bytes | None:
    height = head["height"]
    if head["kind"] == HeadKind.AUDIT:
        return db.session.scalar(select(AuditBlock.block_hash).where(AuditBlock.height == height))
    election = db.session.scalar(select(Election).where(Election.public_id == head["election"]))
    if election is not None and head["kind"] == EXTENSION:
        return _extension_hash_now(election, height)
    if election is None or height == 0:
        return election.definition_hash if election is not None else None
    return db.session.scalar(select(Ballot.ballot_hash).where(Ballot.election_id == election.id, Ballot.seq == height))


def _extension_hash_now(election: Election, place: int) -> bytes | None:
    of_place = (ElectionExtension.election_id == election.id) & (ElectionExtension.place == place)
    extension = db.session.scalar(select(ElectionExtension).where(of_place))
    return extension_hash(election, extension) if extension is not None else None


def _kept() -> Iterator[dict[str, Any]]:
    """Yield the lines that can be read; a worker that was killed may have left half a line."""
    try:
        lines = _file().read_text("utf-8").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _append(lines: str) -> None:
    descriptor = os.open(_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        if file.tell() and not _file().read_bytes().endswith(b"\n"):
            file.write(b"\n")
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())


def _file() -> Path:
    return platform().keyring.folder / FILE
