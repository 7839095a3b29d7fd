"""Check the evidence pack of an election. Python 3.9 or newer; nothing to install, no network.

    python3 -I -S verify.py PACK.zip FINGERPRINT
    python3 -I -S verify.py PACK.zip FINGERPRINT --receipt SVR1:...

FINGERPRINT is the SHA-256 of the installation's public key, 64 hexadecimal digits, from a sample ballot, a mail or a
paper of the Election Commission: never from the pack itself. The formulas are in docs/verification.md.

Exit 0: nothing was changed. 1: something was, the report says what and where. 2: this cannot be read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import mmap
import re
import struct
import sys
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, NamedTuple  # noqa: UP035 (Python 3.9 has Callable[..., X] here only)

STAMPED = {
    "opening.tsr": ("ballots", False), "closing.tsr": ("ballots", True),
    "audit-opening.tsr": ("audit", False), "audit-closing.tsr": ("audit", True),
}  # fmt: skip
"""Time stamps that a pack may have, and the kind of the head that each is over, and whether it was made at closing."""
NAMES = (
    "README.txt", "verify.py", "key.txt", "handovers.jsonl", "definition.json", "definition.sig", "extensions.jsonl",
    "ballots.jsonl", "receipts.txt", "heads.jsonl", *STAMPED, "result.json", "manifest.txt", "manifest.sig",
)  # fmt: skip
"""The files of a pack, in their order; the manifest lists all but the last two."""
SHA256_NAME = bytes.fromhex("608648016503040201")
"""The object identifier of SHA-256 in DER, without its header."""
NOTA = 0
"""Stands for none of the above among the lots."""
RECEIPT_MARK = "SVR1"
RECEIPT = RECEIPT_MARK + r":([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}):([A-Z2-7]{26}):([A-Z2-7]{103})"
INTACT, CHANGED, UNREADABLE = 0, 1, 2


class Fault(Exception):
    """Something is not as it was signed: the file (and line) and what is wrong there."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")


class Unreadable(Exception):
    """This is no evidence pack, or the command was not understood."""


# Ed25519 (RFC 8032, 5.1). Points are extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def _add(a: Point, b: Point) -> Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return (f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P


def _times(number: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = _add(total, point)
        point, number = _add(point, point), number >> 1
    return total


def _decode(content: bytes) -> Point | None:
    """Return the point of 32 bytes; None for a spelling that is not the one of RFC 8032, 5.1.3."""
    y = int.from_bytes(content, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def _encode(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _is_small(point: Point) -> bool:
    """Tell whether the order of a point divides 8: such keys and signatures fit more than one message."""
    return _encode(_times(8, point)) == _encode((0, 1, 1, 0))


BASE = _decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature of 64 bytes fits; as libsodium: one spelling only, nothing of small order."""
    if len(key) != 32 or len(signature) != 64 or BASE is None:
        return False
    public, first, scalar = _decode(key), _decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if public is None or first is None or scalar >= L or _is_small(public) or _is_small(first):
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    negative = (P - public[0], public[1], public[2], P - public[3])
    return _encode(_add(_times(scalar, BASE), _times(challenge, negative))) == signature[:32]


# Hashes over typed fields: a tag, four bytes of length, the content.


def field(tag: str, content: bytes = b"") -> bytes:
    """Return one field."""
    return tag.encode() + len(content).to_bytes(4, "big") + content


def text(value: str) -> bytes:
    """Return the field of a text."""
    return field("s", value.encode())


def integer(value: int) -> bytes:
    """Return the field of a whole number."""
    return field("i", value.to_bytes(8, "big", signed=True))


def json_field(value: Any) -> bytes:
    """Return the field of a JSON value."""
    if value is None:
        return field("0")
    if isinstance(value, bool):
        return field("b", b"true" if value else b"false")
    if isinstance(value, (int, float)):
        return field("n", json.dumps(value).encode())
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return field("a", b"".join(json_field(item) for item in value))
    return field("o", b"".join(text(key) + json_field(value[key]) for key in sorted(value)))


def sha256(*fields: bytes) -> bytes:
    """Return the hash of fields in a row."""
    return hashlib.sha256(b"".join(fields)).digest()


def ballot_hash(election: str, place: int, before: bytes, payload: Any) -> bytes:
    """Return the hash of the ballot at a place of the chain."""
    return sha256(text("ballot/1"), text(election), integer(place), field("h", before), json_field(payload))


def head_hash(head: dict[str, Any]) -> bytes:
    """Return what the signature of a head is over."""
    made_at = datetime.strptime(head["made_at"], "%Y-%m-%dT%H:%M:%S.%f%z")
    moment = (made_at - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)  # noqa: UP017
    election = head["election"]
    return sha256(
        text("head/1"),
        text(head["kind"]),
        field("0") if election is None else text(election),
        text("closing" if head["closing"] else "running"),
        integer(head["height"]),
        field("h", bytes.fromhex(head["head"])),
        integer(moment),
    )


def canonical(value: Any) -> str:
    """Return the one spelling of a JSON value: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


# The ZIP: every byte of it follows from the names and the contents, so it is built anew and compared.

MADE = 1 << 5 | 1
"""1 January 1980, the first day a ZIP knows."""


def local_header(name: str, crc: int, size: int) -> bytes:
    """Return what stands before the content of a file: stored, no extras."""
    fixed = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 0, 0, MADE, crc, size, size, len(name), 0)
    return fixed + name.encode("ascii")


def directory(entries: list[tuple[str, int, int, int]]) -> bytes:
    """Return the end of the ZIP; entries are name, CRC-32, size and offset, in order."""
    listed = b""
    for name, crc, size, offset in entries:
        fixed = (b"PK\1\2", 0x0314, 20, 0, 0, 0, MADE, crc, size, size, len(name), 0, 0, 0, 0, 0o100644 << 16, offset)
        listed += struct.pack("<4s6H3L5H2L", *fixed) + name.encode("ascii")
    _name, _crc, size, offset = entries[-1]
    start = offset + len(local_header(_name, _crc, size)) + size
    return listed + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(entries), len(entries), len(listed), start, 0)


class Pack:
    """A pack whose ZIP is byte by byte as it was made; raises Fault where it is not, Unreadable when it is none."""

    def __init__(self, data: Any) -> None:
        if data[:4] != b"PK\3\4" and data[-22:-18] != b"PK\5\6":
            raise Unreadable("This file is not an evidence pack.")
        self.data, self.places = data, {}
        entries, position = [], 0
        for name in NAMES:
            start = position + 30 + len(name)
            if name in STAMPED and data[position + 30 : start] != name.encode():
                continue
            end = start + int.from_bytes(data[position + 18 : position + 22], "little")
            with memoryview(data) as whole, whole[start:end] as part:
                crc = zlib.crc32(part)
            if end > len(data) or data[position:start] != local_header(name, crc, end - start):
                raise Fault(name, f"the file is not as it was packed (byte {position} and after)")
            self.places[name] = (start, end)
            entries.append((name, crc, end - start, position))
            position = end
        if data[position:] != directory(entries):
            raise Fault("the end of the ZIP", f"it does not fit the files (byte {position} and after)")

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        start, end = self.places[name]
        return bytes(self.data[start:end])

    def lines(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield where it stands, and the line without its end, for each line of a file."""
        position, end = self.places[name]
        number = 0
        while position < end:
            number += 1
            stop = self.data.find(b"\n", position, end)
            where = f"{name}, line {number}"
            if stop < 0:
                raise Fault(where, "the line does not end")
            yield where, _words(where, self.data[position:stop])
            position = stop + 1

    def hexadecimal(self, name: str) -> bytes:
        """Return the bytes of a file of one line of small hexadecimal digits."""
        return _bytes(name, _words(name, self.read(name)).rstrip("\n"))

    def sums(self) -> Iterator[tuple[str, str]]:
        """Yield each file with its line of the manifest, as `sha256sum` writes it."""
        for name in list(self.places)[:-2]:
            with memoryview(self.data) as whole, whole[slice(*self.places[name])] as part:
                yield name, f"{hashlib.sha256(part).hexdigest()}  {name}"


def _words(where: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Fault(where, "this is not UTF-8") from error


def _bytes(where: str, digits: Any) -> bytes:
    if not isinstance(digits, str) or not re.fullmatch(r"(?:[0-9a-f]{2})*", digits):
        raise Fault(where, "these are not hexadecimal digits")
    return bytes.fromhex(digits)


def _json(where: str, words: str) -> dict[str, Any]:
    try:
        value = json.loads(words)
        spelt = canonical(value)
    except (ValueError, RecursionError) as error:
        raise Fault(where, "this is not JSON") from error
    if not isinstance(value, dict) or spelt != words:
        raise Fault(where, "this is not spelt as it was written")
    return value


# The count.


class Count(NamedTuple):
    """Ballots, votes by candidate id in ballot order, votes for none of the above, and the last hash of the chain.

    Of ranked ballots `votes` are the first preferences; `rankings` are how many ballots say each.
    """

    ballots: int
    votes: dict[int, int]
    nota: int
    head: bytes
    rankings: dict[tuple[int, ...], int] = {}


class Verdict(NamedTuple):
    """`first` are the ids that win a seat, `tied` those that share the last one."""

    outcome: str
    first: list[int]
    tied: list[int]


def chosen(where: str, payload: Any, votes: dict[int, int], most: int) -> list[int]:
    """Return the ids that a ballot names; raises Fault when it is no ballot of this election."""
    marked = payload.get("candidates") if isinstance(payload, dict) and len(payload) == 2 else None
    if (
        not isinstance(marked, list)
        or any(type(one) is not int or one not in votes for one in marked)
        or len(set(marked)) != len(marked)
        or len(marked) > most
        or payload.get("nota") is not (not marked)
    ):
        raise Fault(where, "this is no ballot of this election")
    return marked


def decide(votes: dict[int, int], nota: int, seats: int, advisory: bool) -> Verdict:
    """Return who is elected by the count: most votes first, nobody without a vote, nobody behind none of the above."""
    ranked = sorted((one for one in votes if votes[one] > 0), key=lambda one: -votes[one])
    if not ranked:
        return Verdict("nota_first" if nota else "no_votes", [], [])
    best = votes[ranked[0]]
    if nota >= best and not advisory:
        level = [one for one in ranked if votes[one] == best]
        return Verdict("nota_level", [], level) if nota == best else Verdict("nota_first", [], [])
    if len(ranked) <= seats:
        return Verdict("elected", ranked, [])
    last = votes[ranked[seats - 1]]
    above, level = [one for one in ranked if votes[one] > last], [one for one in ranked if votes[one] == last]
    if len(above) + len(level) <= seats:
        return Verdict("elected", above + level, [])
    return Verdict("tie", above, level)


def by_lot(votes: dict[int, int], verdict: Verdict, seats: int, lots: list[int]) -> list[int] | None:
    """Return all who are elected by the count and by lots in their order; None when the lots do not decide."""
    if verdict.outcome == "nota_level":
        level = [lot for lot in lots if lot == NOTA or lot in verdict.tied]
        if not level or level[0] == NOTA:
            return [] if level else None
        verdict = decide(votes, 0, seats, True)
    drawn = [lot for lot in lots if lot in verdict.tied][: seats - len(verdict.first)]
    if verdict.tied and len(drawn) < seats - len(verdict.first):
        return None
    return verdict.first + drawn


def sentence(names: list[str], verdict: Verdict, resolved: bool) -> str:
    """Return the verdict as the result page says it."""
    if verdict.outcome in IN_MEETING:
        return IN_MEETING[verdict.outcome]
    listed = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1] if names else ""
    undecided = bool(verdict.tied) and not resolved
    if not names:
        return "A tie" if undecided else "No candidate is elected"
    if undecided:
        return f"Elected: {listed}. A tie for the last seat"
    if len(names) > 1:
        return f"{listed} are elected"
    return f"{listed} is elected by lot" if resolved else f"{listed} is elected"


# Votes in a meeting: presence, and majorities.

SHARES = {"tenth": (1, 10), "quarter": (1, 4), "third": (1, 3), "half": (1, 2), "two_thirds": (2, 3),
          "three_quarters": (3, 4)}  # fmt: skip
IN_MEETING = {
    "carried": "Carried", "not_carried": "Not carried", "no_majority": "No majority. Nobody is elected",
    "no_quorum": "No quorum. Nothing is decided",
}  # fmt: skip


def present_needed(rule: dict[str, Any]) -> int:
    """Return how many of the members must be present: a share rounded up, more than half, or a number."""
    if rule["quorum"] == "number":
        return int(rule["number"])
    if rule["quorum"] == "more_than_half":
        return int(rule["members"]) // 2 + 1
    part, whole = SHARES[rule["quorum"]]
    return max(1, -(-int(rule["members"]) * part // whole))


def votes_needed(rule: dict[str, Any], votes: list[int], nota: int) -> tuple[int, int]:
    """Return how many votes carry, and what they are a share of; of a simple majority that is the next count."""
    majority = rule["majority"]
    if majority == "simple":
        other = votes[1] if rule["motion"] else sorted(votes)[-2]
        return other + 1, other
    base = rule["members"] if majority.endswith("_members") else sum(votes) + (nota if rule["abstentions"] else 0)
    if majority.startswith("absolute"):
        return base // 2 + 1, base
    if not majority.startswith("two_thirds"):
        raise Fault("definition.json", "this program does not know the majority of this vote")
    return max(1, -(-2 * base // 3)), base


# Ranked ballots. Votes are whole numbers of units, 100,000 units a vote.

UNIT = 100_000
SCOTTISH, ALTERNATIVE = "stv/scotland-2011", "alternative-vote/uk-2011"


class Paper:
    """Ballots of one ranking: who holds them, and at how many units each."""

    def __init__(self, ranking: tuple[int, ...], copies: int) -> None:
        self.ranking, self.copies, self.holder, self.value = ranking, copies, ranking[0], UNIT


class Ranked:
    """A count in rounds, by the rules of Scotland (SSI 2011/399) or of the United Kingdom (2011 c. 1, rule 45A)."""

    def __init__(
        self, rule: str, seats: int, ids: list[int], ballots: dict[tuple[int, ...], int], lots: list[int]
    ) -> None:
        self.rule, self.seats, self.lots = rule, seats, lots
        self.papers = [Paper(ranking, copies) for ranking, copies in ballots.items() if ranking]
        self.valid = sum(paper.copies for paper in self.papers)
        self.invalid = sum(ballots.values()) - self.valid
        self.votes = dict.fromkeys(ids, 0)
        for paper in self.papers:
            self.votes[paper.holder] += paper.copies * UNIT
        self.open, self.elected = list(ids), list[int]()
        self.exhausted = self.lost = 0
        self.stages: list[dict[str, Any]] = []
        self.ties: list[dict[str, Any]] = []
        self.quota = (self.valid // (seats + 1) + 1) * UNIT if rule == SCOTTISH else None

    def result(self) -> dict[str, Any]:
        """Return the whole count as the result has it."""
        self._stage("first", None, [])
        if self.valid:
            self._scottish() if self.quota is not None else self._alternative()
        return {
            "rule": self.rule,
            "seats": self.seats,
            "unit": UNIT,
            "valid": self.valid,
            "invalid": self.invalid,
            "quota": self.quota,
            "elected": self.elected,
            "stages": self.stages,
        }

    def _scottish(self) -> None:
        quota = self.quota or 0
        while True:
            self._elect([one for one in self.open if self.votes[one] >= quota])
            seats = self.seats - len(self.elected)
            if seats <= 0 or len(self.open) <= seats:
                self._elect(list(self.open) if seats > 0 else [])
                return
            above = [one for one in self.elected if self.votes[one] > quota]
            if above:
                one = self._pick("surplus", above, max)
                surplus, total = self.votes[one] - quota, self.votes[one]
                self._move("surplus", one, quota, lambda value: surplus * value // total)  # noqa: B023
                continue
            one = self._pick("exclusion", self.open, min)
            self.open.remove(one)
            if len(self.open) == seats:
                self._stage("exclusion", one, [])
            else:
                self._move("exclusion", one, 0, lambda value: value)

    def _alternative(self) -> None:
        while True:
            best = max(self.open, key=lambda one: self.votes[one])
            if 2 * self.votes[best] > sum(self.votes[one] for one in self.open) or len(self.open) == 1:
                break
            if len(self.open) == 2:
                best = self._pick("election", self.open, max)
                self.stages[-1]["ties"] += self.ties
                break
            one = self._pick("exclusion", self.open, min)
            self.open.remove(one)
            self._move("exclusion", one, 0, lambda value: value)
        self._elect([best])

    def _elect(self, found: list[int]) -> None:
        for one in sorted(found, key=lambda one: -self.votes[one]):
            self.open.remove(one)
            self.elected.append(one)
            self.stages[-1]["elected"].append(one)

    def _pick(self, purpose: str, among: list[int], edge: Callable[..., int]) -> int:
        """Return who has the most or fewest votes; ties by other rounds (Scotland: backwards), then by the lots."""
        limit = edge(self.votes[one] for one in among)
        tied = [one for one in among if self.votes[one] == limit]
        left, numbered = tied, list(enumerate(self.stages, start=1))
        decided = None
        for number, stage in numbered[::-1] if self.quota is not None else numbered:
            if len(left) > 1:
                limit = edge(stage["votes"][str(one)] for one in left)
                left = [one for one in left if stage["votes"][str(one)] == limit]
                decided = number if len(left) == 1 else None
        if len(left) > 1:
            left = [one for one in self.lots if one in left][:: -1 if edge is min else 1]
        if len(tied) > 1:
            self.ties.append({"purpose": purpose, "tied": tied, "chosen": left[0], "stage": decided})
        return left[0]

    def _move(self, kind: str, one: int, keep: int, value: Callable[[int], int]) -> None:
        given, moved = self.votes[one] - keep, dict[tuple[int, int], int]()
        self.votes[one] = keep
        for paper in self.papers:
            if paper.holder == one:
                paper.value = value(paper.value)
                paper.holder = next((name for name in paper.ranking if name in self.open), NOTA)
                place = (-paper.value, paper.holder)
                moved[place] = moved.get(place, 0) + paper.copies
        for (units, to), copies in moved.items():
            given += units * copies
            if to == NOTA:
                self.exhausted -= units * copies
            else:
                self.votes[to] -= units * copies
        self.lost += given
        transfers = [[to or None, copies, -units] for (units, to), copies in sorted(moved.items())]
        self._stage(kind, one, transfers)

    def _stage(self, kind: str, subject: int | None, transfers: list[Any]) -> None:
        votes = {str(one): units for one, units in self.votes.items()}
        self.stages.append(
            {
                "kind": kind,
                "subject": subject,
                "votes": votes,
                "transfers": transfers,
                "exhausted": self.exhausted,
                "lost": self.lost,
                "elected": [],
                "ties": self.ties,
            }
        )
        self.ties = []


class Check:
    """The checks of one pack, each a method that says what it found or raises Fault."""

    def __init__(self, pack: Pack, fingerprint: str) -> None:
        self.pack, self.fingerprint = pack, fingerprint
        self.public: list[bytes] = []
        self.words = _words("definition.json", pack.read("definition.json"))
        self.definition = _json("definition.json", self.words)
        self.election = str(self.definition.get("election"))
        self.first = sha256(text("definition/1"), text(self.words))
        self.count = Count(0, {}, 0, self.first)
        self.hashes = {0: self.first}

    def steps(self) -> list[Callable[[], str]]:
        """Return the checks in the order in which they need one another."""
        return [
            self.keys,
            self.files,
            self.defined,
            self.extended,
            self.chained,
            self.heads,
            *([self.stamped] if self.pack.places.keys() & STAMPED.keys() else []),
            self.receipts,
            self.counted,
        ]

    def keys(self) -> str:
        """Check the keys, each handed over to the next, against the fingerprint that was given, of any of them."""
        self.public = [self.pack.hexadecimal("key.txt")]
        self.public = [*self._earlier(), *self.public]
        prints = [hashlib.sha256(key).hexdigest() for key in self.public]
        if self.fingerprint not in prints:
            raise Fault(
                "key.txt", "it does not have the fingerprint that you gave: another key, or another fingerprint"
            )
        if len(prints) == 1:
            return "The key has the fingerprint that you gave."
        handed = f"{len(prints) - 1} times" if len(prints) > 2 else "once"
        return (
            f"A key has the fingerprint that you gave. Keys were handed over {handed}, signed by both each time;"
            f" the newest one has the fingerprint {prints[-1]}."
        )

    def _earlier(self) -> list[bytes]:
        """Return the keys before the one of key.txt, the first one first."""
        found: list[bytes] = []
        following = self.public[0]
        for where, line in self.pack.lines("handovers.jsonl"):
            entry = _json(where, line)
            words = str(entry.get("statement"))
            said = _json(where, words)
            before, after = _bytes(where, said.get("from")), _bytes(where, said.get("to"))
            if found and before != following:
                raise Fault(where, "this hand-over does not follow the one before it")
            message = b"smart-voting/handover/1\0" + sha256(text("handover/1"), text(words))
            for name, key in (("old", before), ("new", after)):
                if not signed(key, message, _bytes(where, entry.get(name))):
                    raise Fault(where, f"this hand-over was not signed with the {name} key")
            found, following = [*found, before], after
        if following != self.public[0]:
            raise Fault("key.txt", "the last hand-over leads to another key")
        return found

    def files(self) -> str:
        """Check the signed list of files against the files."""
        manifest = _words("manifest.txt", self.pack.read("manifest.txt"))
        listed = manifest.split("\n")
        for name, line in self.pack.sums():
            if line not in listed:
                raise Fault(name, "the file is not the one that the manifest lists")
        if manifest != "".join(f"{line}\n" for _name, line in self.pack.sums()):
            raise Fault("manifest.txt", "it does not list these files")
        digest = sha256(text("evidence/1"), text(self.election), text(manifest))
        if self._signed("manifest.sig", "evidence", digest, self.pack.hexadecimal("manifest.sig")) != self._newest:
            raise Fault("manifest.sig", "it was signed with a key that had been replaced before")
        return f"The list of files is signed, and all {len(self.pack.places) - 2} files are as listed."

    def defined(self) -> str:
        """Check the signed definition, where the chain begins."""
        self._signed("definition.sig", "definition", self.first, self.pack.hexadecimal("definition.sig"))
        title = self.definition["title"]
        return f"The definition of “{title}” is signed. Its hash is {self.first.hex()}."

    def extended(self) -> str:
        """Check the signed extensions: each leads from one closing time to the next."""
        reached, place = self.definition.get("closes_at"), 0
        for where, line in self.pack.lines("extensions.jsonl"):
            entry, place = _json(where, line), place + 1
            words = str(entry.get("statement"))
            said = _json(where, words)
            follows = (said.get("election"), said.get("definition"), said.get("place"), said.get("from"))
            if follows != (self.election, self.first.hex(), place, reached or said.get("from")):
                raise Fault(where, "this extension does not follow the one before it")
            digest = sha256(text("extension/1"), text(words))
            self._signed(where, "extension", digest, _bytes(where, entry.get("signature")))
            reached = said.get("to")
        moved = f"was extended {place} times, each signed: to" if place else "was not extended:"
        return f"The closing time {moved} {reached}."

    def chained(self) -> str:
        """Check every ballot and the chain that they form, and count them."""
        head, nota, place, wanted = self.first, 0, 0, self._heights()
        votes = {int(one["id"]): 0 for one in self.definition["choices"]}
        ranked, rankings = self.definition["method"] == "ranked", dict[tuple[int, ...], int]()
        for where, line in self.pack.lines("ballots.jsonl"):
            ballot, place = _json(where, line), place + 1
            payload = ballot.get("payload")
            if ballot.get("seq") != place or ballot.get("previous") != head.hex():
                raise Fault(where, "this ballot does not follow the one before it: one is missing, added or moved")
            head = ballot_hash(self.election, place, head, payload)
            if ballot.get("hash") != head.hex():
                raise Fault(where, f"ballot {place} was changed: it has another hash")
            if place in wanted:
                self.hashes[place] = head
            marked = chosen(where, payload, votes, self.definition["max_choices"])
            for one in marked[:1] if ranked else marked:
                votes[one] += 1
            nota += not marked
            if ranked:
                rankings[tuple(marked)] = rankings.get(tuple(marked), 0) + 1
        self.count = Count(place, votes, nota, head, rankings)
        return f"{place:,} ballots form one chain from the definition. Its head is {head.hex()}."

    def heads(self) -> str:
        """Check the signed heads: that each is signed, and that those of the ballots lie on this chain."""
        audit, ballots, last_key, closing = (0, ""), 0, 0, "none of them was signed at closing"
        for where, line in self.pack.lines("heads.jsonl"):
            head = _json(where, line)
            signature = _bytes(where, head["signature"])
            key = self._signed(where, "head", head_hash(head), signature)
            if key < last_key:
                raise Fault(where, "this head was signed with a key that had been replaced before")
            last_key = key
            if head["election"] not in (None, self.election):
                raise Fault(where, "this head is of another election")
            if head["kind"] == "audit":
                if head["height"] < audit[0] or (head["height"] == audit[0] and head["head"] != audit[1]):
                    raise Fault(where, "the audit log was rewritten between this head and the one before it")
                audit = (head["height"], head["head"])
                continue
            ballots += 1
            if bytes.fromhex(head["head"]) != self.hashes.get(head["height"]):
                raise Fault(where, f"ballot {head['height']} was another one when this head was signed")
            if head["closing"]:
                closing = f"the one of the closing was signed at {head['made_at']}"
                if head["height"] != self.count.ballots:
                    raise Fault(where, f"{head['height']:,} ballots were sealed at closing, here are others")
        return f"{ballots} signed heads of the ballots lie on this chain; {closing}. Audit log: block {audit[0]:,}."

    def stamped(self) -> str:
        """Check that each time stamp is over the head of its name; who signed it is beyond this program."""
        lines = []
        for name, place in STAMPED.items():
            if name not in self.pack.places:
                continue
            imprint, moment = read_stamp(name, self.pack.read(name))
            for where, line in self.pack.lines("heads.jsonl"):
                head = _json(where, line)
                if (head["kind"], head["closing"]) == place and head_hash(head) == imprint:
                    lines += [f"{name} is over the head of {where}. The stamp says {moment}."]
                    lines += [f"  openssl ts -verify -digest {imprint.hex()} -in {name} -CAfile AUTHORITY.pem"]
                    break
            else:
                raise Fault(name, "this time stamp is over something else than a head of this pack")
        first = (
            f"{len(lines) // 2} time stamps are over heads of this pack. The signature of the authority is NOT checked"
        )
        return "\n".join([f"{first} here: take its certificate from the authority, and check with", *lines])

    def _heights(self) -> set[int]:
        return {_json(where, line).get("height", 0) for where, line in self.pack.lines("heads.jsonl")}

    def receipts(self) -> str:
        """Check that there is one receipt for each ballot, and none twice."""
        before, number = "", 0
        for where, code in self.pack.lines("receipts.txt"):
            number += 1
            if not re.fullmatch(r"[A-Z2-7]{26}", code) or code <= before:
                raise Fault(where, "this is no receipt, it is here twice, or it is not in order")
            before = code
        if number != self.count.ballots:
            raise Fault("receipts.txt", f"{number:,} receipts for {self.count.ballots:,} ballots")
        return f"{number:,} receipts, each once: as many as ballots."

    def counted(self) -> str:
        """Count by the method of the definition and compare with the result that was published."""
        if self.definition["method"] not in ("plurality", "approval", "ranked"):
            raise Fault("definition.json", "this program does not know the method of this election")
        said = _json("result.json", _words("result.json", self.pack.read("result.json")))
        if type(said.get("votes")) is not int or type(said.get("spoiled")) is not int:
            raise Fault("result.json", "it does not say how many voted and how many ballots were spoiled")
        if said["votes"] != self.count.ballots + said["spoiled"]:
            raise Fault("result.json", "the votes are not the ballots and the spoiled ones together")
        for name, found in self._published(said).items():
            if said.get(name) != found:
                raise Fault("result.json", f"{name} is {canonical(said.get(name))}, counted is {canonical(found)}")
        balance = f"{said['votes']:,} votes = {self.count.ballots:,} ballots + {said['spoiled']:,} spoiled"
        lines = [f"{balance}. The count is the published one:", *self._lines(), *self._meeting_lines(said)]
        return "\n".join([*lines, said["verdict"] + "."])

    def _published(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return what the result has to say of these ballots; only lots drawn after closing are taken from it."""
        count = self.count
        rounds = self._rounds()
        verdict = self._in_meeting(said) or self._verdict(rounds)
        lots, elected = self._lots(said.get("lots"), verdict), verdict.first
        if lots is not None:
            elected = by_lot(count.votes, verdict, self.definition["seats"], lots) or []
        in_order = sorted(count.votes, key=lambda one: -count.votes[one])
        if rounds is None:
            elected = [one for one in in_order if one in elected]
        return {
            **({"rounds": rounds} if rounds is not None else {}),
            **({"presence": self._presence(said)} if self._rule else {}),
            "format": "evidence-result/1",
            "election": self.election,
            "definition": self.first.hex(),
            "ballots": count.ballots,
            "head": count.head.hex(),
            "counts": [{"id": one, "votes": count.votes[one]} for one in count.votes],
            "nota": count.nota,
            "outcome": verdict.outcome,
            "elected": elected,
            "tied": [one for one in in_order if one in verdict.tied],
            "lots": lots,
            "verdict": sentence([self._name(one) for one in elected], verdict, lots is not None),
        }

    def _rounds(self) -> dict[str, Any] | None:
        """Return the count of ranked ballots in rounds, None for other methods."""
        if self.definition["method"] != "ranked":
            return None
        rule, seats = self.definition["count_rule"], self.definition["seats"]
        if rule not in (SCOTTISH, ALTERNATIVE) or (rule == ALTERNATIVE and seats != 1):
            raise Fault("definition.json", "this program does not know the rule of this count")
        lots = [lot for lot in self.definition["lot_order"] if lot != NOTA]
        return Ranked(rule, seats, list(self.count.votes), self.count.rankings, lots).result()

    def _verdict(self, rounds: dict[str, Any] | None) -> Verdict:
        count = self.count
        if rounds is None:
            return decide(count.votes, count.nota, self.definition["seats"], self._advisory)
        if not self._advisory and 2 * count.nota > count.ballots:
            return Verdict("nota_first", [], [])
        if not rounds["elected"]:
            return Verdict("nota_first" if count.nota else "no_votes", [], [])
        return Verdict("elected", rounds["elected"], [])

    @property
    def _rule(self) -> dict[str, Any] | None:
        """Return the rule of a vote in a meeting, None for every other."""
        return self.definition["quorum_rule"] if "meeting" in self.definition else None

    def _presence(self, said: dict[str, Any]) -> dict[str, Any] | None:
        """Return what the result has to say of presence; the two counts of people are taken from it."""
        rule, found = self._rule, said.get("presence")
        if rule is None:
            return None
        counts = [found.get(name) for name in ("opening", "closing")] if isinstance(found, dict) else []
        if len(counts) != 2 or any(type(one) is not int or one < 0 for one in counts):
            raise Fault("result.json", "it does not say how many were present when the vote opened and closed")
        if rule["needed"] != present_needed(rule):
            raise Fault("definition.json", "the quorum is not what its rule makes of the members")
        needed, base = votes_needed(rule, list(self.count.votes.values()), self.count.nota)
        return {
            "members": rule["members"], "needed": rule["needed"], "opening": counts[0], "closing": counts[1],
            "held": counts[1] >= rule["needed"], "base": base, "votes_needed": needed,
        }  # fmt: skip

    def _in_meeting(self, said: dict[str, Any]) -> Verdict | None:
        """Return the verdict where presence or majority decide it, None where the count does."""
        rule, found = self._rule, self._presence(said)
        if rule is None or found is None:
            return None
        votes = list(self.count.votes.values())
        if not found["held"]:
            return Verdict("no_quorum", [], [])
        if rule["motion"]:
            return Verdict("carried" if votes[0] >= found["votes_needed"] else "not_carried", [], [])
        short = self.count.ballots and max(votes) < found["votes_needed"]
        return Verdict("no_majority", [], []) if short and rule["majority"] != "simple" else None

    def _lots(self, said: Any, verdict: Verdict) -> list[int] | None:
        """Return the lots that may decide; raises Fault for lots that nobody needs or that do not decide."""
        if said is None:
            return None
        if not verdict.tied:
            raise Fault("result.json", "lots were drawn, but there is no tie")
        lots = self.definition.get("lot_order") or said
        known = isinstance(lots, list) and all(
            type(lot) is int and (lot == NOTA or lot in self.count.votes) for lot in lots
        )
        if not known or len(set(lots)) != len(lots):
            raise Fault("result.json", "the lots name somebody twice")
        if by_lot(self.count.votes, verdict, self.definition["seats"], lots) is None:
            raise Fault("result.json", "the lots do not decide the tie")
        return list(lots)

    def _meeting_lines(self, said: dict[str, Any]) -> list[str]:
        found = self._presence(said)
        if found is None:
            return []
        quorum = "held" if found["held"] else "not held"
        return [
            f"{found['closing']:,} of {found['members']:,} members were present when the vote closed, quorum"
            f" {found['needed']:,}: {quorum}. The number is the officer's count, it does not follow from the ballots.",
            f"{found['votes_needed']:,} votes were needed (base: {found['base']:,}).",
        ]

    def _lines(self) -> list[str]:
        votes = self.count.votes
        in_order = sorted(votes, key=lambda one: -votes[one])
        return [f"  {votes[one]:>9,}  {self._name(one)}" for one in in_order] + [
            f"  {self.count.nota:>9,}  {'Abstention' if (self._rule or {}).get('motion') else 'None of the above'}"
        ]

    def _name(self, number: int) -> str:
        return next(str(one["name"]) for one in self.definition["choices"] if one["id"] == number)

    @property
    def _advisory(self) -> bool:
        return self.definition.get("nota_rule") == "advisory"

    @property
    def _newest(self) -> int:
        return len(self.public) - 1

    def _signed(self, where: str, domain: str, digest: bytes, signature: bytes) -> int:
        """Return the place of the key that signed this, the newest tried first."""
        message = f"smart-voting/{domain}/1\0".encode() + digest
        place = next((n for n in reversed(range(len(self.public))) if signed(self.public[n], message, signature)), None)
        if place is None:
            raise Fault(where, "this was not signed with the key")
        return place

    def receipt(self, typed: str) -> str:
        """Check a signed receipt: its signature, and whether its code is listed."""
        election, code, signature = read_receipt(typed)
        if election != self.election:
            raise Fault("the receipt", "it is of another election")
        if not any(signed(key, receipt_message(election, code), signature) for key in self.public):
            raise Fault("the receipt", "it was not signed with the key: this installation did not give it out as it is")
        if all(listed != code for _where, listed in self.pack.lines("receipts.txt")):
            raise Fault("receipts.txt", f"{code} is not listed, but it is signed: this proves that a ballot is missing")
        return f"The receipt {code} is signed, and it is listed: its ballot is in the count."


# Time stamps (RFC 3161), in DER (X.690).


def der(where: str, content: bytes) -> list[tuple[int, bytes]]:
    """Return the values that stand side by side, each with its tag; raises Fault when there is something else."""
    values, position = [], 0
    while position < len(content):
        size, start = int.from_bytes(content[position + 1 : position + 2], "big"), position + 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(content[position + 2 : start], "big")
        if start + size > len(content):
            raise Fault(where, "this is not a time stamp")
        values.append((content[position], content[start : start + size]))
        position = start + size
    return values


def read_stamp(where: str, content: bytes) -> tuple[bytes, str]:
    """Return the SHA-256 that a time stamp is over, and its time; raises Fault when it is none."""
    try:
        [(_tag, response)] = der(where, content)
        (_tag, status), (_tag, token) = der(where, response)
        _kind, (_tag, wrapped) = der(where, token)
        [(_tag, signed_data)] = der(where, wrapped)
        _version, _algorithms, (_tag, told), *_more = der(where, signed_data)
        _kind, (_tag, octets) = der(where, told)
        [(_tag, inner)] = der(where, octets)
        [(_tag, info)] = der(where, inner)
        _version, _policy, (_tag, imprint), _serial, (_tag, moment), *_more = der(where, info)
        (_tag, algorithm), (_tag, digest) = der(where, imprint)
    except ValueError as error:
        raise Fault(where, "this is not a time stamp") from error
    granted, over = der(where, status)[:1] == [(2, b"\0")], der(where, algorithm)[:1]
    if not granted or over != [(6, SHA256_NAME)] or len(digest) != 32:
        raise Fault(where, "this is not a granted time stamp over a SHA-256")
    said = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d(?:\.\d+)?)Z", moment.decode("ascii", "replace"))
    if said is None:
        raise Fault(where, "this time stamp says no time")
    return digest, "{}-{}-{} {}:{}:{} UTC".format(*said.groups())


# Signed receipts.


def read_receipt(typed: str) -> tuple[str, str, bytes]:
    """Return election, code and signature of a signed receipt; raises Unreadable when it is none."""
    parts = re.fullmatch(RECEIPT, re.sub(r"\s", "", typed).upper())
    if parts is None:
        raise Unreadable(f"This is not a signed receipt. It begins with {RECEIPT_MARK}: and has 172 characters.")
    election, code, signature = parts.groups()
    try:
        return election.lower(), code, base64.b32decode(signature + "=")
    except binascii.Error as error:
        raise Unreadable("This is not a signed receipt.") from error


def receipt_message(election: str, code: str) -> bytes:
    """Return the bytes that are signed for a receipt code of an election."""
    return b"smart-voting/receipt/1\0" + sha256(text("signed-receipt/1"), text(election), text(code))


# The command.


def report(pack_path: str, fingerprint: str, receipt: str, say: Callable[[str], None]) -> int:
    """Check a pack, say each finding in a line of its own, and return the exit code."""
    try:
        with open(pack_path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            faults = _run(Check(Pack(data), fingerprint), receipt, say)
    except Fault as fault:
        say(f"CHANGED  {fault}")
        faults = 1
    except Unreadable as error:
        say(str(error))
        return UNREADABLE
    except (OSError, ValueError) as error:
        say(f"This file cannot be read: {error}")
        return UNREADABLE
    say(f"{faults} of the checks failed. Keep this file and tell the observers." if faults else "Nothing was changed.")
    return CHANGED if faults else INTACT


def _run(check: Check, receipt: str, say: Callable[[str], None]) -> int:
    faults = 0
    steps = check.steps()
    if receipt:
        steps.append(lambda: check.receipt(receipt))
    for step in steps:
        try:
            first, *more = step().split("\n")
            say("\n         ".join([f"ok       {first}", *more]))
        except Fault as fault:
            say(f"CHANGED  {fault}")
            faults += 1
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
            say(f"CHANGED  something is not in the form in which it was written ({type(error).__name__}: {error})")
            faults += 1
    return faults


def _arguments(words: list[str]) -> tuple[str, str, str]:
    receipt = ""
    if "--receipt" in words[:-1]:
        place = words.index("--receipt")
        receipt = words[place + 1]
        words = words[:place] + words[place + 2 :]
    if len(words) != 2 or not re.fullmatch(r"[0-9a-f]{64}", words[1].lower()):
        raise Unreadable((__doc__ or "").strip())
    return words[0], words[1].lower(), receipt


def main(words: list[str]) -> int:
    """Run the command with these arguments and return its exit code."""

    def say(line: str) -> None:
        shown = "".join(one if one.isprintable() or one == "\n" else "?" for one in line)
        sys.stdout.write(shown + "\n")

    try:
        return report(*_arguments(words), say)
    except Unreadable as error:
        say(str(error))
        return UNREADABLE


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
