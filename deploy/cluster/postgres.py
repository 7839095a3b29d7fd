"""The primary and its synchronous replica: made, killed, promoted, and the old one joined again.

No commit is acknowledged before the replica has it. After a promotion the new primary works alone, until the old server
joined again as its replica: from then on commits wait for it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from typing import Any

import psycopg2

from deploy.cluster.layout import HOST, SERVERS, Layout
from deploy.cluster.processes import children_of
from services.embedded_postgres import DATABASE, OWNER, DatabaseUrls, EmbeddedPostgres, EmbeddedPostgresError
from services.embedded_postgres.binaries import account_for
from services.private_file import write_private

JOIN_SECONDS = START_SECONDS = 300
"""Before a server of these recovers, it syncs every file of its folder: 45 s on a busy disk."""
SETTINGS = {
    "synchronous_commit": "on",
    "wal_keep_size": "512MB",
    "max_connections": "120",
    "wal_receiver_timeout": "5s",
    "wal_retrieve_retry_interval": "500ms",
    # The drill with a full disk makes one; without this a server that crashed does not start with it.
    "allow_in_place_tablespaces": "on",
}


class Pair:
    """Two servers, `a` and `b`; the layout's note says which is the primary."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.servers = {name: EmbeddedPostgres(layout.of("postgres") / name) for name in SERVERS}

    @property
    def primary(self) -> EmbeddedPostgres:
        return self.servers[self.layout.primary]

    @property
    def replica(self) -> EmbeddedPostgres:
        return self.servers[self.layout.replica]

    def urls(self, name: str = "") -> DatabaseUrls:
        """Return the addresses at one server, the primary by default."""
        return self.servers[name or self.layout.primary].urls()

    def start(self) -> None:
        """Start the primary; also the replica when there is one that starts: `join` makes another one."""
        fresh = not self.primary.base.exists()
        self.primary.ensure()
        if fresh:
            self.configure()
        if self.replica._process.is_initialised():
            with contextlib.suppress(EmbeddedPostgresError):
                self.replica.ensure()

    def configure(self) -> None:
        """Write what a primary of this cluster needs, and start it anew."""
        with self.asked(self.layout.primary) as cursor:
            for name, value in SETTINGS.items():
                cursor.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.primary.stop()
        self.primary.ensure()

    def join(self) -> None:
        """Make the other server a replica of the primary, from a copy of it, and let commits wait for it."""
        name, server = self.layout.replica, self.replica
        server.stop()
        server.base.mkdir(parents=True, exist_ok=True)
        data = server.base / "data"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copy(self.primary.base / "passwords.json", server.base / "passwords.json")
        data.mkdir(mode=0o700)
        account = account_for(data)
        server.base.chmod(0o711 if account.switch else 0o700)
        account.own(data)
        self._write_passfile(name, account)
        place = f"host={HOST} port={self.primary._port()} user={OWNER} passfile=../.pgpass application_name={name}"
        command = server._process._program(account, "pg_basebackup", data)
        done = account.run(*command, "-d", place, "-R", "-X", "stream", "-c", "fast", cwd=data)
        if done.returncode:
            raise RuntimeError(f"pg_basebackup failed: {done.stdout[-500:]}")
        self.bring_up(name)
        self.wait_for_stream()
        self.require(name)

    def bring_up(self, name: str) -> None:
        """Start a server and wait until it answers, as long as a service manager would."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.servers[name].ensure()
            except EmbeddedPostgresError:
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def require(self, standby: str) -> None:
        """Let commits wait for this server; for nobody when it is empty."""
        with self.asked(self.layout.primary) as cursor:
            cursor.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
            cursor.execute("SELECT pg_reload_conf()")

    def wait_for_stream(self) -> None:
        """Wait until the replica streams from the primary."""
        deadline = time.monotonic() + JOIN_SECONDS
        while self.streams() is None:
            if time.monotonic() > deadline:
                raise RuntimeError("The replica does not stream.")
            time.sleep(0.1)

    def streams(self) -> str | None:
        """Return how the replica is joined (`sync`, `async`), None when it is not."""
        try:
            with self.asked(self.layout.primary) as cursor:
                cursor.execute("SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'")
                row = cursor.fetchone()
        except psycopg2.Error:
            return None
        return str(row[0]) if row else None

    def kill(self, name: str) -> None:
        """Kill a server and all its processes with -9."""
        pid = self.servers[name]._process._recorded_pid()
        if pid is None or not self.servers[name]._process.lives():
            return
        below = children_of(pid)
        for one in (pid, *below):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        while any(os.path.exists(f"/proc/{one}") and not _is_remains(one) for one in (pid, *below)):
            time.sleep(0.02)

    def promote(self) -> None:
        """Make the replica the primary. The old one is killed first: two primaries would be two truths."""
        self.kill(self.layout.primary)
        fresh = self.layout.replica
        done = self.servers[fresh]._process._pg_ctl("promote")
        if done.returncode:
            raise RuntimeError(f"pg_ctl promote failed: {done.stdout[-500:]}")
        self.layout.set_primary(fresh)
        self.require("")

    @contextlib.contextmanager
    def asked(self, name: str) -> Iterator[Any]:
        """Give a cursor of the owner at one server; every statement commits at once."""
        with self.servers[name]._connect(DATABASE) as connection, connection.cursor() as cursor:
            yield cursor

    def _write_passfile(self, name: str, account: Any) -> None:
        file = self.servers[name].base / ".pgpass"
        write_private(file, f"*:*:*:{OWNER}:{self.primary._passwords()[OWNER]}\n")
        account.own(file)


def _is_remains(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
