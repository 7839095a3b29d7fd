"""What is in a pack: texts that follow from the database alone, so that a pack made again has the same bytes.

No vote, no time of a cast and no batch: a pack holds what may be known of ballots and receipts, each in its own order.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from models import Ballot, BallotReceipt, Election, SignedHead, TieResolution, db
from services import ballots, hashing, heads, presence
from services.ballots.extensions import statement
from services.context import platform
from services.evidence.readme import readme
from services.evidence.verify import STAMPED, Verdict, canonical, sentence
from services.hashing import moment_text
from services.verdict import verdict_of, votes_in_order, votes_needed

RESULT_FORMAT = "evidence-result/1"
SIGNATURE_DOMAIN = b"smart-voting/evidence/1\0"
HEAD_FIELDS = ("kind", "election", "closing", "height", "head", "made_at", "signature")
ROWS = 5000
"""Rows that are in memory at a time."""


def verifier() -> bytes:
    """Return `verify.py` as it lies in every pack."""
    return (Path(__file__).parent / "verify.py").read_bytes()


def verifier_sum() -> str:
    """Return the SHA-256 of `verify.py`, hexadecimal."""
    return hashlib.sha256(verifier()).hexdigest()


def small_files(election: Election) -> dict[str, bytes]:
    """Return the files of a pack but for ballots, receipts and manifest: whatever changes in a pack, changes here."""
    keyring = platform().keyring
    listed = heads.heads_of(election)
    definition, signature = election.definition or "", election.definition_signature or b""
    return {
        "README.txt": readme(election.title, str(election.public_id)).encode(),
        "verify.py": verifier(),
        "key.txt": f"{bytes(keyring.verify_key).hex()}\n".encode(),
        "handovers.jsonl": "".join(f"{one.line}\n" for one in keyring.signing_keys.handovers).encode(),
        "definition.json": definition.encode(),
        "definition.sig": f"{signature.hex()}\n".encode(),
        "extensions.jsonl": "".join(_extensions(election)).encode(),
        "heads.jsonl": "".join(_heads(listed)).encode(),
        **_stamps(listed),
        "result.json": canonical(_result(election)).encode(),
    }


def ballot_lines(election_id: int) -> Iterator[bytes]:
    """Yield the ballots in the order of their chain, some thousand lines at a time."""
    query = (
        select(Ballot.seq, Ballot.payload, Ballot.previous_hash, Ballot.ballot_hash)
        .where(Ballot.election_id == election_id)
        .order_by(Ballot.seq)
        .execution_options(yield_per=ROWS)
    )
    for rows in db.session.execute(query).partitions():
        yield "".join(
            canonical({"seq": seq, "payload": payload, "previous": before.hex(), "hash": own.hex()}) + "\n"
            for seq, payload, before, own in rows
        ).encode()


def receipt_lines(election_id: int) -> Iterator[bytes]:
    """Yield the receipts in the order of their codes, some thousand lines at a time."""
    query = (
        select(BallotReceipt.code)
        .where(BallotReceipt.election_id == election_id)
        .order_by(BallotReceipt.code.collate("C"))
        .execution_options(yield_per=ROWS)
    )
    for rows in db.session.scalars(query).partitions():
        yield "".join(f"{code}\n" for code in rows).encode()


def manifest_signature(election: uuid.UUID, manifest: str) -> bytes:
    """Return the line with the installation's signature of a manifest."""
    digest = hashing.sha256(hashing.text("evidence/1"), hashing.text(str(election)), hashing.text(manifest))
    return platform().keyring.signing_key.sign(SIGNATURE_DOMAIN + digest).signature.hex().encode() + b"\n"


def _extensions(election: Election) -> Iterator[str]:
    for extension in ballots.extensions_of(election):
        entry = {"statement": statement(election, extension), "signature": extension.signature.hex()}
        yield canonical(entry) + "\n"


def _heads(listed: list[SignedHead]) -> Iterator[str]:
    for head in listed:
        document = heads.as_document(head)
        yield canonical({name: document[name] for name in HEAD_FIELDS}) + "\n"


def _stamps(listed: list[SignedHead]) -> dict[str, bytes]:
    """Return the first stamp of each chain and that of its closing: those between add nothing once it is closed."""
    found: dict[str, bytes] = {}
    for name, (kind, closing) in STAMPED.items():
        stamped = (head for head in listed if (head.kind, head.closing) == (kind, closing) and head.stamped_at)
        if (first := next(stamped, None)) is not None:
            found[name] = first.timestamp_token or b""
    return found


def _result(election: Election) -> dict[str, Any]:
    """Return the published result; counted anew by whoever checks the pack."""
    counts, choices = ballots.counts(election), ballots.choices_of(election)
    names = {int(choice["id"]): str(choice["name"]) for choice in choices}
    votes = {number: counts.per_candidate.get(number, 0) for number in names}
    made = verdict_of(election, counts)
    tied = db.session.get(TieResolution, election.id)
    first = tuple(tied.elected) if tied else made.first
    in_order = sorted(votes, key=lambda number: -votes[number])
    elected = list(first) if counts.ranked else [number for number in in_order if number in first]
    verdict = Verdict(made.outcome.value, elected, [number for number in in_order if number in made.tied])
    return {
        "format": RESULT_FORMAT,
        "election": str(election.public_id),
        "definition": election.definition_hash.hex() if election.definition_hash else "",
        "ballots": counts.sealed,
        "head": _head(election).hex(),
        "votes": counts.votes,
        "spoiled": counts.spoiled,
        "counts": [{"id": number, "votes": votes[number]} for number in votes],
        "nota": counts.nota,
        "outcome": verdict.outcome,
        "elected": verdict.first,
        "tied": verdict.tied,
        "lots": list(tied.lots) if tied else None,
        "drawing": _drawing(tied) if tied else None,
        "verdict": sentence([names[number] for number in elected], verdict, tied is not None),
        **({"rounds": counts.ranked.as_dict()} if counts.ranked else {}),
        **_presence(election, counts),
    }


def _presence(election: Election, counts: ballots.Counts) -> dict[str, Any]:
    """Return presence as counts, and what the majority was a share of; nothing for an election without a meeting."""
    rule, closing = presence.rule_of(election), election.present_at_closing
    if rule is None or closing is None:
        return {}
    needed = votes_needed(rule, votes_in_order(election, counts), counts)
    said = {
        "members": rule.members, "needed": rule.needed, "opening": election.present_at_opening, "closing": closing,
        "held": closing >= rule.needed, "base": needed.base, "votes_needed": needed.votes,
    }  # fmt: skip
    return {"presence": said}


def _head(election: Election) -> bytes:
    last = select(Ballot.ballot_hash).where(Ballot.election_id == election.id).order_by(Ballot.seq.desc()).limit(1)
    return db.session.scalar(last) or election.definition_hash or b""


def _drawing(made: TieResolution) -> dict[str, str]:
    return {
        "kind": made.method.value,
        "drawn_at": moment_text(made.drawn_at),
        "drawn_by": made.drawn_by,
        "how": made.how,
        "witnesses": made.witnesses,
        "reason": made.reason,
    }
