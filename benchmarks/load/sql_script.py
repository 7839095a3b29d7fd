"""The SQL of one real cast over HTTP, from the database's own log, made into a script of pgbench."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.day.installation import Installation
from models import db
from services.embedded_postgres.binaries import program

MARK = "BENCH"
WRITING = "COMMIT"
SET_UP = "pg_catalog.version()"
"""What only a new connection asks."""
OTHERS = ("smart-voting live", "smart-voting owner", "smart-voting sealer")
"""Connections that are not the cast's: the line of the live pages, this benchmark, the worker."""
_LINE = re.compile(rf"^{MARK} (?P<name>.*?)\|LOG:  statement: (?P<sql>.*)", re.DOTALL)
_REFERENCE = re.compile(r"\b[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}\b")
_LIMIT_KEY = re.compile(r"(INSERT INTO rate_limit_hits .*?VALUES \(')[0-9a-f]{64}")
_ONCE = re.compile(r"(SELECT cast_ballot\(.*?'\\x)[0-9a-f]{64}")
_LAST = "0" * 56 + ":number"


@contextmanager
def logged(installation: Installation) -> Iterator[Callable[[], list[str]]]:
    """Let the server log every statement inside the block; what is yielded returns the application's, in order."""
    began = {path: path.stat().st_size for path in _logs(installation)}
    _set("log_line_prefix", f"{MARK} %a|")
    _set("log_statement", "all")
    try:
        yield lambda: _statements(installation, began)
    finally:
        _set("log_statement", None)
        _set("log_line_prefix", None)


def script(statements: list[str], number: int) -> str:
    """Return the pgbench script that casts for the voters from `:first` on; of C clients each takes every C-th one.

    Exchanged is what belongs to one voter: the number itself (as id, voter ID and end of the pass's id), the reference,
    the hash of the idempotency key and the key of the rate limit. The ciphertext stays: nothing looks into it.
    """
    lines = ["\\set i :i + 1", "\\set number :first + :i * :clients + :client_id"]
    for statement in statements:
        made = " ".join(statement.split()).rstrip(";")
        made = _REFERENCE.sub("B:number", made.replace(str(number), ":number"))
        made = _LIMIT_KEY.sub(lambda found: found[1] + _LAST, made)
        made = _ONCE.sub(lambda found: found[1] + _LAST, made)
        lines.append(f"{made};")
    return "\n".join(lines) + "\n"


def pgbench(address: str, file: Path, clients: int, each: int, first: int) -> float:
    """Run the script, each client `each` times on one connection; return transactions a second.

    Raises RuntimeError with pgbench's words when a statement fails.
    """
    values = {"i": -1, "first": first, "clients": clients}
    defined = [part for name, value in values.items() for part in ("--define", f"{name}={value}")]
    command = [
        str(program("pgbench")), "--no-vacuum", "--client", str(clients), "--jobs", str(min(2, clients)),
        "--transactions", str(each), "--file", str(file), "--protocol", "simple", *defined, address,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or rate is None or f"processed: {clients * each}/{clients * each}" not in done.stdout:
        raise RuntimeError(f"pgbench: {done.stderr.strip()[:800]} {done.stdout[-600:]}")
    return float(rate[1])


def _statements(installation: Installation, began: dict[Path, int]) -> list[str]:
    content = "".join(path.read_bytes()[began.get(path, 0) :].decode() for path in _logs(installation))
    found = []
    for entry in re.split(rf"(?m)^(?={MARK} )", content):
        match = _LINE.match(entry)
        if match and match["name"] not in OTHERS:
            found.append(match["sql"].strip())
    return found


def _logs(installation: Installation) -> list[Path]:
    return sorted(Path(installation.folder).rglob("postgres-*.log"))


def _set(name: str, value: str | None) -> None:
    """Change a setting of the server, None back to its default; every connection takes it within a second."""
    with db.engines["owner"].connect() as connection:
        plain = connection.execution_options(isolation_level="AUTOCOMMIT").connection.cursor()
        if value is None:
            plain.execute(f"ALTER SYSTEM RESET {name}")
        else:
            plain.execute(f"ALTER SYSTEM SET {name} = %s", (value,))
        plain.execute("SELECT pg_reload_conf()")
