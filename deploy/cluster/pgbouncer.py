"""PgBouncer in transaction mode before whichever server is the primary."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import psycopg2

from deploy.cluster.layout import HOST, Layout
from deploy.cluster.postgres import Pair
from deploy.cluster.processes import Process
from services.embedded_postgres import DATABASE, LOGIN_ROLES
from services.embedded_postgres.binaries import ENVIRONMENT, account_for
from services.private_file import write_private

INI = """\
[databases]
{database} = host={host} port={server} dbname={database}

[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = userlist.txt
pool_mode = transaction
max_client_conn = 500
default_pool_size = 20
; Who got no connection within 10 s is told so, and tries again; a server that is back is tried after a second.
query_wait_timeout = 10
server_login_retry = 1
server_connect_timeout = 3
server_check_delay = 5
; A host that vanished without a word is noticed in 20 s.
tcp_keepalive = 1
tcp_keepidle = 5
tcp_keepintvl = 5
tcp_keepcnt = 3
log_connections = 0
log_disconnections = 0
stats_period = 600
"""


class Bouncer:
    """The pooler as a part of the cluster."""

    def __init__(self, layout: Layout, pair: Pair) -> None:
        self._layout, self._pair = layout, pair
        self.folder = layout.of("pgbouncer")
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        account = account_for(self.folder)
        # Relative: its folder may lie in a home that the account may not enter, and a reload opens the file again.
        self.process = Process(
            "pgbouncer", self.folder, [program, "pgbouncer.ini"], self.folder, ENVIRONMENT, self._answers,
            (account.uid, account.gid) if account.switch else None,
        )  # fmt: skip
        self._account = account

    def url(self, role: str) -> str:
        """Return the address of the database for a role, by way of the pooler."""
        return f"postgresql://{role}:{self._passwords()[role]}@{HOST}:{self._layout.port('pgbouncer')}/{DATABASE}"

    def write(self, server_port: int = 0) -> None:
        """Write the settings, for the present primary or for whatever listens at `server_port`."""
        values = {"host": HOST, "port": self._layout.port("pgbouncer"), "database": DATABASE}
        text = INI.format(server=server_port or self._pair.primary._port(), **values)
        known = self._passwords()
        self._put("pgbouncer.ini", text)
        self._put("userlist.txt", "".join(f'"{role}" "{known[role]}"\n' for role in LOGIN_ROLES))

    def repoint(self, server_port: int = 0) -> None:
        """Send new transactions to the present primary."""
        self.write(server_port)
        if (pid := self.process.pid) is not None:
            os.kill(pid, signal.SIGHUP)

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url("sv_web"), connect_timeout=3).close()
        except psycopg2.Error:
            return False
        return True

    def _passwords(self) -> dict[str, str]:
        return self._pair.primary._passwords()

    def _put(self, name: str, text: str) -> None:
        file: Path = self.folder / name
        write_private(file, text)
        self._account.own(file)
        self._account.own(self.folder)
