"""The database in and out, by PostgreSQL's own programs; every part goes through memory, none lies on a disk in clear.

The ballot box travels apart, ordered by its random ids: a dump writes rows as they lie, which is the order of arrival.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from flask_babel import gettext as _
from sqlalchemy import func, select, table, text
from sqlalchemy.engine import URL

from models import Ballot, BoxBallot, Election, db
from services.backup.streams import CHUNK, SealedReader, SealedWriter
from services.embedded_postgres import EmbeddedPostgresError, program
from services.errors import Conflict, Unavailable
from services.hashing import moment_text

Written = Callable[[int], None]
BOX = BoxBallot.__tablename__
BOX_COLUMNS = "id, election_id, ballot_length, sealed_payload"
NOT_DUMPED = ("rate_limit_hits", "worker_beats")
"""Counters and signs of life of the processes that run now."""
MADE_BY_MIGRATIONS = frozenset(
    {*NOT_DUMPED, "alembic_version", "installation_keys", "mail_queue", "audit_chain_marks", "time_stamping"}
)
"""Tables that hold rows in an installation nobody has used yet."""
UNDER_WAY = "restore_under_way"
"""A table that is there while a restore runs; left behind, it says that the rows beside it are half of one."""
ROLES = Path(__file__).parent.parent.parent / "migrations" / "sql" / "roles.sql"
SECTIONS_BEFORE, SECTIONS_AFTER = ("pre-data", "data"), ("post-data",)


def begin_snapshot() -> str:
    """Freeze what the transaction sees, before its first query, and return the snapshot's name for other programs."""
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return str(db.session.scalar(text("SELECT pg_export_snapshot()")))


def count_rows() -> dict[str, int]:
    """Return how many rows each table holds, a partitioned one as a whole, without those that are not dumped."""
    names = [name for name in _tables() if name not in (*NOT_DUMPED, UNDER_WAY)]
    return {name: _rows_of(name) for name in names}


def schema_version() -> str:
    """Return the revision of the schema, empty for a database without tables."""
    if db.session.scalar(text("SELECT to_regclass('alembic_version') IS NULL")):
        return ""
    return str(db.session.scalar(text("SELECT version_num FROM alembic_version")))


def server_version() -> str:
    """Return the server's version, for example `18.1`."""
    return str(db.session.scalar(text("SHOW server_version"))).split()[0]


def ends_of_chains() -> dict[str, Any]:
    """Return where the audit log and each election's ballots end now; hashes in hex."""
    newest = db.session.execute(
        text("SELECT height, block_hash, made_at FROM audit_blocks ORDER BY height DESC LIMIT 1")
    ).first()
    audit = newest and {
        "height": newest.height, "hash": bytes(newest.block_hash).hex(), "made_at": moment_text(newest.made_at),
    }  # fmt: skip
    last = select(Ballot.election_id, func.max(Ballot.seq).label("seq")).group_by(Ballot.election_id).subquery()
    chains = db.session.execute(
        select(Election.public_id, Ballot.seq, Ballot.ballot_hash)
        .join(last, (last.c.election_id == Ballot.election_id) & (last.c.seq == Ballot.seq))
        .join(Election, Election.id == Ballot.election_id)
        .order_by(Election.id)
    )
    ballots = [{"election": str(one), "height": seq, "hash": bytes(hash_).hex()} for one, seq, hash_ in chains]
    return {"audit": audit, "ballots": ballots}


def dump(url: URL, snapshot: str, into: SealedWriter, written: Written) -> None:
    """Write everything but the ballot box, as the snapshot sees it, in pg_dump's custom format."""
    without = [f"--exclude-table-data={table}" for table in (*NOT_DUMPED, BOX)]
    command = ["--format=custom", "--no-owner", "--no-tablespaces", f"--snapshot={snapshot}", *without]
    with _running("pg_dump", url, *command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 (asked for above)
        while piece := process.stdout.read(CHUNK):
            into.write(piece)
            written(into.size)


def dump_box(into: SealedWriter) -> None:
    """Write the ballot box in the order of its random ids; in the transaction of the snapshot."""
    ordered = f"COPY (SELECT {BOX_COLUMNS} FROM {BOX} ORDER BY id) TO STDOUT (FORMAT binary)"  # noqa: S608 (own constants)
    _cursor().copy_expert(ordered, into)


def refuse_unless_empty() -> None:
    """Raise Conflict for a database that somebody has used: one row in any table, or tables that are not ours.

    What a restore that was cut off left behind may go.
    """
    ours, present = {table.name for table in db.metadata.tables.values()}, _tables()
    if UNDER_WAY in present:
        return
    if strangers := [name for name in present if name not in (*ours, "alembic_version")]:
        message = _("The database has tables of something else: %(tables)s.", tables=", ".join(strangers[:5]))
        raise Conflict(message)
    for name in present:
        if name not in MADE_BY_MIGRATIONS and _rows_of(name, at_most=1):
            raise Conflict(
                _(
                    "The database is in use: %(table)s holds rows. Restore into an empty installation; nothing was"
                    " changed.",
                    table=name,
                )
            )


def prepare_empty(name: str) -> None:
    """Make the roles that the grants name, take away tables that migrations made, and note that a restore is under way.

    `name` is that of the backup.
    """
    made_roles = ROLES.read_text("utf-8").split("REVOKE CREATE", 1)[0]
    db.session.connection().exec_driver_sql(made_roles.replace("%", "%%"))
    if _tables():
        empty_schema()
    db.session.execute(text(f"CREATE TABLE {UNDER_WAY} AS SELECT CAST(:name AS text) AS name"), {"name": name})


def forget_restore() -> None:
    """Take away the note that a restore is under way."""
    db.session.execute(text(f"DROP TABLE {UNDER_WAY}"))


def empty_schema() -> None:
    """Take away everything in the schema."""
    for statement in (
        "DROP SCHEMA public CASCADE", "CREATE SCHEMA public", "ALTER SCHEMA public OWNER TO pg_database_owner",
        "GRANT USAGE ON SCHEMA public TO PUBLIC",
    ):  # fmt: skip
        db.session.execute(text(statement))


def load(url: URL, sections: tuple[str, ...], source: SealedReader, read: Written) -> None:
    """Put sections of a dump back; raises Conflict when PostgreSQL refuses something, with its words."""
    command = ["--no-owner", "--no-tablespaces", "--exit-on-error", *(f"--section={one}" for one in sections)]
    with _running("pg_restore", url, *command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None  # noqa: S101 (asked for above)
        done = 0
        try:
            while piece := source.read(CHUNK):
                process.stdin.write(piece)
                done += len(piece)
                read(done)
            process.stdin.close()
        except BrokenPipeError:
            return  # It has all it needs, or failed: its status tells.


def load_box(source: SealedReader) -> None:
    """Put the ballot box back, after its table is there and before its triggers are; in the caller's transaction."""
    _cursor().copy_expert(f"COPY {BOX} ({BOX_COLUMNS}) FROM STDIN (FORMAT binary)", source)


def _tables() -> list[str]:
    """Return the tables of the schema by name, a partitioned one once."""
    return list(
        db.session.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
                " AND NOT relispartition ORDER BY relname"
            )
        )
    )


def _rows_of(name: str, at_most: int | None = None) -> int:
    rows = select(text("1")).select_from(table(name)).limit(at_most).subquery()
    return db.session.scalar(select(func.count()).select_from(rows)) or 0


def owner_url() -> URL:
    """Return the address of the database of the role in use."""
    return db.session.get_bind().engine.url


def _cursor() -> Any:
    return db.session.connection().connection.cursor()


@contextmanager
def _running(name: str, url: URL, *arguments: str, **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of PostgreSQL's programs on a database; the password is in no command line.

    Raises Conflict with its last words when it fails; it is stopped when the block fails.
    """
    known = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    address = known.render_as_string()
    with tempfile.TemporaryFile() as errors:
        try:
            command = [str(program(name)), *arguments, f"--dbname={address}"]
            process = subprocess.Popen(command, stderr=errors, env=_environment(url), **pipes)  # type: ignore[call-overload]
        except (EmbeddedPostgresError, OSError) as error:
            raise Unavailable(_("%(program)s cannot be run: %(why)s", program=name, why=error)) from error
        try:
            yield process
            status = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            for pipe in (process.stdin, process.stdout):
                _close(pipe)
        if status:
            errors.seek(0)
            words = errors.read().decode("utf-8", "replace").strip().splitlines()[-3:]
            raise Conflict(_("%(program)s failed: %(why)s", program=name, why=" ".join(words) or status))


def _close(pipe: BinaryIO | None) -> None:
    try:
        if pipe is not None:
            pipe.close()
    except BrokenPipeError:
        pass


def _environment(url: URL) -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PGPASSWORD": str(url.password or "")}
