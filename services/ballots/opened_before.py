"""Which ballots were opened already, and together with which: kept beside the keys, outside the database.

Who puts an older copy of the database back, with one ballot less in the box, and has it sealed once more, gets two
counts that differ by one vote. So a ballot is opened again only together with the same others.

`elections/<public id>.opened` in the key folder: a line for each ballot, written before anything of it is; half of its
SHA-256 (32 hexadecimal digits), and of the whole set a letter, `l` for a live batch or `f` for the final one, with the
first 15 digits of its SHA-256.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from flask_babel import gettext as _

from models import Election
from services.ballots.signed_seals import ChainChanged
from services.context import platform

BALLOT_DIGITS, SET_DIGITS = 32, 16
LIVE, LAST = "l", "f"
LINE = BALLOT_DIGITS + SET_DIGITS + 2
LINES_AT_ONCE = 4096


def note_opening(election: Election, ciphertexts: list[bytes], *, last: bool) -> None:
    """Note that these ballots are opened together, and whether they are the `last` ones of the election.

    Raises ChainChanged when one was opened in other company, or when the last ones were opened already.

    Memory depends on the ballots of this call only. The worker's key folder must be writable.
    """
    wanted = {hashlib.sha256(one).hexdigest()[:BALLOT_DIGITS] for one in ciphertexts}
    digest = hashlib.sha256("".join(sorted(wanted)).encode()).hexdigest()
    together = (LAST if last else LIVE) + digest[: SET_DIGITS - 1]
    file = platform().keyring.folder / "elections" / f"{election.public_id}.opened"
    over = False
    for ballot, company in _lines(file):
        over = over or (company.startswith(LAST) and company != together)
        if ballot in wanted:
            if company != together:
                raise ChainChanged(
                    _("Some of the ballots that wait were opened before, in other company: an older copy was put back.")
                )
            wanted.discard(ballot)
    if over:
        raise ChainChanged(_("The last ballots of this election were opened already. These came after them."))
    if wanted:
        _append(file, "".join(f"{ballot} {together}\n" for ballot in sorted(wanted)))


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the whole lines; a worker that was killed may have left a part of one at the end."""
    try:
        with file.open("rb") as opened:
            while block := opened.read(LINE * LINES_AT_ONCE):
                for start in range(0, len(block) - LINE + 1, LINE):
                    ballot, _space, company = block[start : start + LINE - 1].decode("ascii").partition(" ")
                    yield ballot, company
    except FileNotFoundError:
        return


def _append(file: Path, lines: str) -> None:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as opened:
        opened.seek(opened.seek(0, os.SEEK_END) // LINE * LINE)
        opened.write(lines.encode())
        opened.flush()
        os.fsync(opened.fileno())
