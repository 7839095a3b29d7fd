"""The write-ahead log: every insertion and deletion in its order, with its transaction."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.embedded_postgres import program
from services.secrecy_audit.disk import file_of, parts_of
from services.secrecy_audit.findings import Finding
from services.secrecy_audit.pages import texts
from services.secrecy_audit.target import Target
from services.secrecy_audit.traces import Traces

RECORD = re.compile(
    r"rmgr: Heap2?\s+len \(rec/tot\):\s*\d+/\s*(?P<length>\d+), tx:\s*(?P<tx>\d+), lsn: (?P<lsn>[0-9A-F/]+),.*?"
    r"desc: (?P<what>[A-Z_]+).*?rel (?P<rel>\d+/\d+/\d+)"
)
SEGMENT_NAME = re.compile(r"[0-9A-F]{24}")
WHAT = ("ballots", "ballot_receipts", "tallies")
WHO = ("votes", "roll_entries", "ballot_passes", "voting_tokens", "auth_events", "email_messages", "audit_logs")
PAGE, PAGE_HEADER = 8192, 24
"""Pages of the log; a record that crosses one has its header inside."""
STEPS_BACK_AND_FORTH = 4
"""A sealing takes rows out of the box and then writes ballots; one that alternates does it ballot by ballot."""


@dataclass(frozen=True)
class Record:
    """One change of a table's row."""

    transaction: str
    table: str
    what: str
    place: int
    length: int
    image: bool


def write_ahead_log(target: Target) -> Finding:
    """Read the log with `pg_waldump`: who and what in one transaction, one by one, or in clear."""
    folder = target.sources.wal
    finding = Finding("wal", not_given=folder is None)
    if folder is None:
        finding.say("no_wal")
        return finding
    tables = {
        file_of(part).removeprefix("base/"): table for table in (*WHAT, *WHO, "ballot_box") for part in parts_of(table)
    }
    by_transaction: dict[str, list[Record]] = defaultdict(list)
    total = 0
    for record in _records(folder, tables):
        total += 1
        by_transaction[record.transaction].append(record)
    for transaction, records in by_transaction.items():
        _together(target, finding, transaction, {record.table for record in records})
        _one_by_one(finding, records)
    _in_clear(target, finding, folder, (record for records in by_transaction.values() for record in records))
    if total:
        finding.say("looked_wal", count=total, transactions=len(by_transaction))
    else:
        finding.not_allowed = True
        finding.say("wal_of_another")
    return finding


def _together(target: Target, finding: Finding, transaction: str, tables: set[str]) -> None:
    votes = target.of_transactions([transaction])
    if votes and (shared := tables & set(WHAT)):
        finding.votes |= votes
        finding.say("shared_transaction", who="votes", what=min(shared), count=len(votes))


def _one_by_one(finding: Finding, records: list[Record]) -> None:
    order = "".join(
        "d" if (one.table, one.what) == ("ballot_box", "DELETE") else "i"
        for one in records
        if one.table in ("ballot_box", "ballots") and one.what in ("DELETE", "INSERT", "MULTI_INSERT")
    )
    if order.count("di") + order.count("id") >= STEPS_BACK_AND_FORTH:
        finding.unnamed = max(finding.unnamed, order.count("i"))
        finding.say("one_by_one", count=order.count("i"))


def _in_clear(target: Target, finding: Finding, folder: Path, records: Iterable[Record]) -> None:
    """Search the bytes of the rows that name voters; they lead to a voter as a row does."""
    traces, votes = Traces(target), set[int]()
    for record in records:
        if record.table not in WHO or record.what == "LOCK" or (record.image and record.table == "audit_logs"):
            continue  # an image of a page of audit rows holds rows of other people, such as who entered a candidate
        words = texts(_bytes(folder, record))
        if traces.any.search(words):
            voters = [*target.voters_in(words), *target.by_transaction.get(record.transaction, ())]
            votes |= {vote.vote_id for vote in voters if traces.holds(words, vote)}
    if votes:
        finding.votes |= votes
        finding.say("rows_with_choices", table="WAL", count=len(votes))


def _segments(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if SEGMENT_NAME.fullmatch(path.name))


def _records(folder: Path, tables: dict[str, str]) -> Iterator[Record]:
    """Yield the changes of these tables (by `tablespace/database/file` without the tablespace), in their order."""
    segments = _segments(folder)
    if not segments:
        return
    command = [str(program("pg_waldump")), "-p", str(folder), segments[0].name, segments[-1].name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None  # noqa: S101 (asked for above)
        for line in process.stdout:
            if (found := RECORD.match(line)) and (table := tables.get(found["rel"].split("/", 1)[1])):
                high, low = found["lsn"].split("/")
                place = (int(high, 16) << 32) + int(low, 16)
                yield Record(
                    found["tx"], table, found["what"].split("+")[0], place, int(found["length"]), "FPW" in line
                )


def _bytes(folder: Path, record: Record) -> bytes:
    segments = _segments(folder)
    size = segments[0].stat().st_size
    per_file, offset = divmod(record.place, size)
    name = f"{segments[0].name[:8]}{per_file // (0x100000000 // size):08X}{per_file % (0x100000000 // size):08X}"
    path = folder / name
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(record.length + PAGE_HEADER * ((offset % PAGE + record.length) // PAGE))
