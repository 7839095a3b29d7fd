"""The targets: an error that the code says it raises is an answer, every other one is a finding.

Each has seeds, bytes that it takes, from which a fuzzer goes on. `tests/test_fuzz_targets.py` runs them for a moment.
"""

from __future__ import annotations

import base64
import io
import json
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nacl.bindings import sodium_pad
from nacl.public import PrivateKey, SealedBox
from PIL import Image

from benchmarks import evidence_changes
from models import Method
from services.attendance import device_keys
from services.ballots import choices, payload
from services.counting import blt
from services.elections import networks
from services.errors import DomainError
from services.evidence import verify
from services.face_service import images
from services.face_service.errors import BadImage
from services.heads import der, stamps
from services.heads.authority import AuthorityError
from services.roll_import import columns, records, rows, text
from services.roll_import.errors import FileRefused
from services.storage import names
from services.voters import entries
from services.voting_links import is_token

ELECTION = uuid.UUID(int=7)
BOX = PrivateKey(bytes(range(32)))
CAST_KEY = bytes(32)
SIZE = 4096
CHOICES = [{"id": number, "name": f"Name {number}", "party": None} for number in (1, 2, 3)]


@dataclass(frozen=True)
class Target:
    """A reader, what it may raise, and bytes that it takes."""

    read: Callable[[bytes], object]
    answers: tuple[type[BaseException], ...]
    seeds: Callable[[], list[bytes]]

    def __call__(self, data: bytes) -> None:
        try:
            self.read(data)
        except self.answers:
            return


def _words(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass") if _is_text(data) else data.decode("latin-1")


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeError:
        return False
    return True


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return _words(data)


def _picture(data: bytes) -> None:
    images.decode_image(data, 320)


def _pictures() -> list[bytes]:
    found = []
    for kind, mode in (("JPEG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGB"), ("JPEG", "CMYK")):
        file = io.BytesIO()
        Image.new(mode, (160, 160)).save(file, kind)
        found.append(file.getvalue())
    return found


def _data_url(data: bytes) -> None:
    images.data_url_bytes(_words(data))


def _roll(data: bytes) -> None:
    """Read a file of voters as the worker does, up to the tables."""
    encoding = text.sniff_encoding(data)
    lines = text.open_text(data, encoding)
    header = lines.readline(records.MAX_ROW)
    columns.separator_line(header)
    layout = columns.read_header(header)
    checker = rows.RowChecker(layout, date(2026, 11, 28))
    for record in records.read_records(lines, layout.separator, len(layout.columns), 2):
        if record.problem is None:
            checker.check(record.line, record.cells)


def _tokens(data: bytes) -> None:
    words = _words(data)
    is_token(words)
    names.checked(words)


def _receipt(data: bytes) -> None:
    verify.read_receipt(_words(data))


def _election(method: Method) -> Any:
    definition = json.dumps({"choices": CHOICES})
    return SimpleNamespace(definition=definition, method=method, max_choices=2, public_id=ELECTION)


def _choice(data: bytes) -> None:
    value = _json(data)
    for method in Method:
        choices.parse_choice(_election(method), value)


def _ballot(data: bytes) -> None:
    """Open a ballot that the owner of the database made: the box key is public, the cast key is not."""
    sealed = SealedBox(BOX.public_key).encrypt(sodium_pad(data[: SIZE - 1], SIZE))
    payload.unseal(_election(Method.PLURALITY), bytes(sealed), BOX, CAST_KEY)


def _ballots() -> list[bytes]:
    content = payload._content(ELECTION, uuid.UUID(int=1).hex, choices.Choice((1,)), "A" * 26)
    plain = json.dumps({**content, "mac": payload._mac(content, CAST_KEY)}, sort_keys=True)
    wrong = [{**content, "mac": 5}, {**content, "mac": "é"}, {**content, "receipt": "\ud800", "mac": ""}]
    deep = json.dumps({**content, "mac": "0"}).replace('"' + "A" * 26 + '"', "[" * 900 + "]" * 900)
    return [plain.encode(), deep.encode(), *(json.dumps(one).encode() for one in wrong)]


def _blt(data: bytes) -> None:
    blt.write_blt(blt.read_blt(_words(data)))


def _pack(data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        code = verify.report(file.name, evidence_changes.fingerprint(), "", lambda line: None)
    if code == verify.INTACT and data not in _packs():
        raise AssertionError("a pack that is not the one that was made passes")


@lru_cache(maxsize=1)
def _packs() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        evidence_changes.make(Path(folder) / "pack.zip", 3)
        return [(Path(folder) / "pack.zip").read_bytes()]


def _content(data: bytes) -> None:
    """Check a pack whose ZIP is in order and whose file of ballots, heads, result or hand-overs is ours."""
    name, _newline, said = data.partition(b"\n")
    pack = verify.Pack(_packs()[0])
    wanted = name.decode("latin-1")
    changed = SimpleNamespace(places=pack.places, read=lambda one: said if one == wanted else pack.read(one))
    changed.hexadecimal = lambda one: verify._bytes(one, verify._words(one, changed.read(one)).rstrip("\n"))
    changed.lines = lambda one: _lines(one, changed.read(one))
    changed.sums = pack.sums
    verify._run(verify.Check(changed, evidence_changes.fingerprint()), "", lambda line: None)  # type: ignore[arg-type]


def _lines(name: str, content: bytes) -> Any:
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        yield f"{name}, line {number}", verify._words(name, line)


def _contents() -> list[bytes]:
    pack = verify.Pack(_packs()[0])
    named = [name.encode() + b"\n" + pack.read(name) for name in pack.places if name.endswith((".json", ".jsonl"))]
    deep, high = b"[" * 500 + b"]" * 500, b"9" * 40
    return [
        *named,
        b'ballots.jsonl\n{"hash":"","payload":' + deep + b',"previous":"' + _first(pack) + b'","seq":1}\n',
        b'heads.jsonl\n{"closing":true,"election":null,"head":"","height":' + high
        + b',"kind":"audit","made_at":"2026-10-18T18:00:05.000000Z","signature":""}\n',
    ]  # fmt: skip


def _first(pack: verify.Pack) -> bytes:
    return verify.Check(pack, "").first.hex().encode()


def _stamp(data: bytes) -> None:
    verify.read_stamp("stamp", data)


def _der(data: bytes) -> None:
    der.with_sorted_certificates(data)


def _answer(data: bytes) -> None:
    stamps.read_stamp(data, bytes(32), [])


def _device(data: bytes) -> None:
    device_keys.read_key(data)


def _networks(data: bytes) -> None:
    networks.check_networks(networks.split_networks(_words(data)))


def _voter(data: bytes) -> None:
    for rule in (entries.check_email, entries.check_phone, entries.check_number):
        try:
            rule(_words(data))
        except ValueError:
            continue
    entries.check_birth_date(_words(data), date(2026, 11, 28))


def _url(data: bytes) -> bytes:
    return b"data:image/jpeg;base64," + base64.b64encode(data)


TARGETS: dict[str, Target] = {
    "picture": Target(_picture, (BadImage,), _pictures),
    "data_url": Target(_data_url, (BadImage,), lambda: [_url(one) for one in _pictures()]),
    "roll": Target(_roll, (FileRefused,), lambda: [columns.TEMPLATE.encode(), columns.TEMPLATE.encode("utf-16")]),
    "tokens": Target(_tokens, (DomainError,), lambda: [b"A" * 43, b"faces/ab/" + b"0" * 32 + b".enc"]),
    "receipt": Target(_receipt, (verify.Unreadable,), lambda: [b"SVR1:" + b"0" * 8 + b"-0000-0000-0000-000000000000"]),
    "choice": Target(_choice, (DomainError,), lambda: [b"1", b"[1,2]", b'"nota"', b'{"rank_1":"1","2":"2"}']),
    "ballot": Target(_ballot, (payload.UnreadableBallot,), _ballots),
    "blt": Target(_blt, (blt.BltError,), lambda: [b'2 1\n3 1 2 0\n0\n"A"\n"B"\n"T"\n', b"9" * 5000 + b" 1\n"]),
    "pack": Target(_pack, (), _packs),
    "pack_content": Target(_content, (verify.Fault, verify.Unreadable), _contents),
    "stamp": Target(_stamp, (verify.Fault,), lambda: [b"\x30\x82\x00\x04\x30\x00\x30\x00"]),
    "der": Target(_der, (ValueError,), lambda: [b"\x30\x04\x30\x00\x30\x00"]),
    "device_key": Target(_device, (DomainError,), lambda: [b"\x30\x59\x30\x13\x06\x07"]),
    "networks": Target(_networks, (DomainError, ValueError), lambda: [b"10.0.0.0/8, ::1", b"192.168.1.7"]),
    "voter": Target(_voter, (ValueError,), lambda: [b"amal@mail.example", b"19.05.1944", b"2048 1730"]),
    "answer": Target(_answer, (AuthorityError,), lambda: [b"\x30\x82\x00\x04\x30\x00\x30\x00"]),
}
