"""Dead rows: what was deleted lies in the table's pages until something else is written over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import db
from services.secrecy_audit.contents import is_readable
from services.secrecy_audit.findings import Finding
from services.secrecy_audit.pages import Tuple, texts, tuples
from services.secrecy_audit.target import Target, Voted, rows
from services.secrecy_audit.traces import Traces

CHOICES = ("ballots", "ballot_receipts", "tallies")
VOTERS = (
    "votes",
    "roll_entries",
    "ballot_passes",
    "voting_tokens",
    "auth_events",
    "challenges",
    "email_messages",
    "audit_logs",
)
BEFORE_CIPHERTEXT = 16 + 8 + 8 + 4  # id, election_id, ballot_length, length word
SEGMENT = 1 << 30  # PostgreSQL cuts the files of a table at this size
CHUNK = 32 << 20
Reader = Callable[[str], Iterable[bytes]]
"""Gives the bytes of a table's files in whole pages; nothing when they are not there."""


def dead_rows(target: Target) -> Finding:
    """Read the pages of the running database: by pageinspect, or its files as a superuser can."""
    finding = Finding("dead_rows")
    try:
        with db.session.begin_nested():
            extended = bool(rows("SELECT 1 FROM pg_extension WHERE extname = 'pageinspect'"))
            if not extended:
                rows("SELECT pg_read_binary_file('PG_VERSION')")
                db.session.execute(text("CHECKPOINT"))
            _attack(target, finding, _by_pageinspect if extended else _by_files_of_the_server)
    except DBAPIError:
        finding.not_allowed = True
        finding.say("no_pages")
    return finding


def data_directory(target: Target) -> Finding:
    """Read the same tables in a copy of the data directory, such as a backup."""
    folder = target.sources.data_directory
    finding = Finding("data_directory", not_given=folder is None)
    if folder is None:
        finding.say("no_data_directory")
    else:
        _attack(target, finding, lambda table: _by_files_in(folder, table))
    return finding


def _attack(target: Target, finding: Finding, read: Reader) -> None:
    looked = 0
    for table in CHOICES:
        found = [one for content in read(table) for one in tuples(content)]
        looked += len(found)
        together = target.of_transactions(set().union(*(one.transactions for one in found)))
        if together:
            finding.votes |= together
            finding.say("shared_transaction", who="votes", what=table, count=len(together))
    looked += _box(target, finding, read)
    looked += sum(_voters(target, finding, read, table) for table in VOTERS)
    if looked:
        finding.say("looked_versions", count=looked)
    else:
        finding.not_allowed = True
        finding.say("no_tables_there")


def _box(target: Target, finding: Finding, read: Reader) -> int:
    """Look at the ciphertexts of this election, sealed ones too: their rows carry the transactions of the votes."""
    found = [one for content in read("ballot_box") for one in tuples(content) if one.first in target.by_transaction]
    traces = Traces(target)
    readable = {one.first for one in found if is_readable(one.data[BEFORE_CIPHERTEXT:], traces)}
    if readable:
        finding.votes |= target.of_transactions(readable)
        finding.say("readable", table="ballot_box", count=len(readable))
    if len(lengths := {len(one.data) for one in found}) > 1:
        finding.votes |= target.of_transactions({one.first for one in found})
        finding.say("ciphertext_lengths", table="ballot_box", lengths=len(lengths))
    finding.say("looked_box", count=len(found), dead=sum(one.last is not None for one in found))
    return len(found)


def _voters(target: Target, finding: Finding, read: Reader, table: str) -> int:
    """Look for choices in all versions of the rows that name voters; return how many there were."""
    traces, looked, votes = Traces(target), 0, set()
    for content in read(table):
        for one in tuples(content):
            looked += 1
            words = texts(one.data)
            if traces.any.search(words):
                votes |= {vote.vote_id for vote in _whose(target, one, words) if traces.holds(words, vote)}
    if votes:
        finding.votes |= votes
        finding.say("rows_with_choices", table=table, count=len(votes))
    return looked


def _whose(target: Target, one: Tuple, words: str) -> list[Voted]:
    return [*target.voters_in(words), *(vote for t in one.transactions for vote in target.by_transaction.get(t, ()))]


def _by_pageinspect(table: str) -> Iterable[bytes]:
    for part in parts_of(table):
        blocks = rows("SELECT pg_relation_size(CAST(:table AS regclass)) / 8192", table=part)[0][0]
        for block in range(blocks):
            yield bytes(rows("SELECT get_raw_page(:table, :block)", table=part, block=block)[0][0])


def _by_files_of_the_server(table: str) -> Iterable[bytes]:
    for part in parts_of(table):
        path = file_of(part)
        size = rows("SELECT pg_relation_size(CAST(:table AS regclass))", table=part)[0][0]
        for start in range(0, size, CHUNK):
            name = path if start < SEGMENT else f"{path}.{start // SEGMENT}"
            values = {"path": name, "start": start % SEGMENT, "length": CHUNK}
            yield bytes(rows("SELECT pg_read_binary_file(:path, :start, :length)", **values)[0][0])


def _by_files_in(folder: Path, table: str) -> Iterable[bytes]:
    for path in (folder / file_of(part) for part in parts_of(table)):
        for number in count():
            segment = path if number == 0 else path.with_name(f"{path.name}.{number}")
            if not segment.exists():
                break
            with segment.open("rb") as file:
                while content := file.read(CHUNK):
                    yield content


def parts_of(table: str) -> list[str]:
    """Return the tables that hold the rows: its partitions, or the table itself where it has none."""
    found = rows(
        "SELECT relid::regclass::text FROM pg_partition_tree(CAST(:table AS regclass)) WHERE isleaf ORDER BY relid",
        table=table,
    )
    return [str(name) for (name,) in found] or [table]


def file_of(table: str) -> str:
    """Return the path of a table's first file below the data directory."""
    return str(rows("SELECT pg_relation_filepath(CAST(:table AS regclass))", table=table)[0][0])
