"""How many one-byte changes of an evidence pack `verify.py` finds, and what a large pack costs.

    .venv/bin/python -m benchmarks.evidence_changes [--ballots 200000] [--changes 1000]

Packs are made up without a database: the same writer, hashes and signatures, ballots drawn at random. Each change flips
bits of one byte at a random place of the pack, and is counted as found when verify.py exits 1 on it. Exit 1 when one
was missed.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from nacl.signing import SigningKey

from services import hashing
from services.evidence import verifier, verify
from services.evidence.packing import PackWriter
from services.evidence.readme import readme

SMALL = 200
ELECTION = str(uuid.UUID(int=5))
KEY = SigningKey(bytes(range(32)))
CHOICES = (1, 2, 3, 4, 5)
LINES = 5000


def main() -> int:
    """Print the figures; return 1 when a change was missed."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--ballots", type=int, default=200_000)
    arguments.add_argument("--changes", type=int, default=1000)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = _changes(Path(folder), asked.changes)
        intact = _large(Path(folder), asked.ballots)
    return 0 if found == asked.changes and intact else 1


def _changes(folder: Path, number: int) -> int:
    path, chance = folder / "small.zip", random.Random(5)
    make(path, SMALL)
    content, found = bytearray(path.read_bytes()), 0
    started = time.perf_counter()
    for _ in range(number):
        place, flip = chance.randrange(len(content)), chance.randrange(1, 256)
        content[place] ^= flip
        path.write_bytes(content)
        found += verify.report(str(path), fingerprint(), "", lambda line: None) == verify.CHANGED
        content[place] ^= flip
    seconds = time.perf_counter() - started
    print(f"{number:,} changes of one byte in {len(content):,} bytes: {found:,} found ({seconds:.1f} s)")
    return found


def _large(folder: Path, number: int) -> bool:
    path = folder / "large.zip"
    started = time.perf_counter()
    make(path, number)
    made = time.perf_counter() - started
    program = folder / "verify.py"
    program.write_bytes(verifier())
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-I", "-S", str(program), str(path), fingerprint()], check=False)
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    size = path.stat().st_size / 1e6
    print(f"{number:,} ballots, {size:.1f} MB: made up and packed in {made:.1f} s,", end=" ")
    print(f"checked in {seconds:.1f} s with {memory} MB at most")
    return done.returncode == verify.INTACT


def fingerprint() -> str:
    """Return the fingerprint of the key of these packs."""
    return hashlib.sha256(bytes(KEY.verify_key)).hexdigest()


def make(path: Path, number: int) -> None:
    """Write a pack with this many ballots."""
    definition = _definition()
    first = hashing.sha256(hashing.text("definition/1"), hashing.text(definition))
    chance, counts = random.Random(number), dict.fromkeys((*CHOICES, verify.NOTA), 0)
    heads = [first]
    with path.open("w+b") as file:
        pack = PackWriter(file)
        pack.add("README.txt", [readme("Benchmark", ELECTION).encode()])
        pack.add("verify.py", [verifier()])
        pack.add("key.txt", [f"{bytes(KEY.verify_key).hex()}\n".encode()])
        pack.add("handovers.jsonl", [])
        pack.add("definition.json", [definition.encode()])
        pack.add("definition.sig", [_signature("definition", first)])
        pack.add("extensions.jsonl", [])
        pack.add("ballots.jsonl", _ballots(number, chance, counts, heads))
        pack.add("receipts.txt", [f"{code}\n".encode() for code in _codes(number, chance)])
        pack.add("heads.jsonl", [_closing(number, heads[-1])])
        pack.add("result.json", [verify.canonical(_result(number, first, heads[-1], counts)).encode()])
        manifest = pack.manifest()
        pack.add("manifest.txt", [manifest.encode()])
        digest = hashing.sha256(hashing.text("evidence/1"), hashing.text(ELECTION), hashing.text(manifest))
        pack.add("manifest.sig", [_signature("evidence", digest)])
        pack.close()


def _definition() -> str:
    choices = [{"id": one, "name": f"Candidate {one}", "party": None} for one in CHOICES]
    return verify.canonical(
        {
            "format": "definition/1", "election": ELECTION, "title": "Benchmark", "method": "plurality", "seats": 1,
            "max_choices": 1, "nota_rule": "no_one", "closes_at": "2026-10-18T18:00:00.000000Z", "choices": choices,
        }
    )  # fmt: skip


def _ballots(number: int, chance: random.Random, counts: dict[int, int], heads: list[bytes]) -> Iterator[bytes]:
    lines: list[str] = []
    for place in range(1, number + 1):
        chosen = chance.choice((*CHOICES, 1, verify.NOTA))
        counts[chosen] += 1
        payload = {"candidates": [chosen] if chosen else [], "nota": not chosen}
        own = hashing.ballot_hash(ELECTION, place, heads[-1], payload)
        entry = {"seq": place, "payload": payload, "previous": heads[-1].hex(), "hash": own.hex()}
        heads[-1] = own
        lines.append(json.dumps(entry, sort_keys=True, separators=(",", ":")) + "\n")
        if len(lines) == LINES:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


def _codes(number: int, chance: random.Random) -> list[str]:
    return sorted(base64.b32encode(chance.randbytes(16)).decode().rstrip("=") for _ in range(number))


def _closing(number: int, head: bytes) -> bytes:
    said = {
        "kind": "ballots", "election": ELECTION, "closing": True, "height": number, "head": head.hex(),
        "made_at": "2026-10-18T18:00:05.000000Z",
    }  # fmt: skip
    return (
        verify.canonical(said | {"signature": _signature("head", verify.head_hash(said)).decode().strip()}).encode()
        + b"\n"
    )


def _result(number: int, first: bytes, head: bytes, counts: dict[int, int]) -> dict[str, object]:
    votes = {one: counts[one] for one in CHOICES}
    made = verify.decide(votes, counts[verify.NOTA], 1, False)
    names = [f"Candidate {one}" for one in made.first]
    return {
        "format": "evidence-result/1", "election": ELECTION, "definition": first.hex(), "ballots": number,
        "head": head.hex(), "votes": number, "spoiled": 0, "nota": counts[verify.NOTA], "outcome": made.outcome,
        "counts": [{"id": one, "votes": votes[one]} for one in CHOICES], "elected": made.first, "tied": made.tied,
        "lots": None, "drawing": None, "verdict": verify.sentence(names, made, False),
    }  # fmt: skip


def _signature(domain: str, digest: bytes) -> bytes:
    return KEY.sign(f"smart-voting/{domain}/1\0".encode() + digest).signature.hex().encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main())
