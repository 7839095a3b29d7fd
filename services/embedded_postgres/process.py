"""The server as a process: set up its folder, start it, wait for it, stop it. The caller holds the lock."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from services.embedded_postgres.binaries import Account, EmbeddedPostgresError, account_for, binaries_for
from services.private_file import write_private

PROCESSES = Path("/proc")  # absent on macOS
START_SECONDS = 20.0  # a crash recovery of a laptop's database takes one or two
START_ATTEMPTS = 6
# Bounded log files that hold neither statements nor values: a ballot must not reach a log by way of an error.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "postgres-%a.log",
    "log_truncate_on_rotation": "on",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class ServerProcess:
    """The server whose files lie under `base`; `fast` trades durability for speed and is for tests only."""

    def __init__(self, base: Path, fast: bool) -> None:
        self.base = base
        self.data = base / "data"
        self.fast = fast

    def is_initialised(self) -> bool:
        """Whether the data folder is complete."""
        return (self.data / "PG_VERSION").exists()

    def initialise(self, owner: str, password: str) -> None:
        """Make the data folder aside and rename it when complete: an interrupted set-up leaves nothing half done.

        Raises EmbeddedPostgresError.
        """
        fresh, password_file = self.base / "data.new", self.base / ".password"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        account = account_for(fresh)
        self.base.chmod(0o711 if account.switch else 0o700)
        account.own(fresh)
        write_private(password_file, password)
        account.own(password_file)
        command = [*self._program(account, "initdb", fresh), "-U", owner, "-A", "scram-sha-256"]
        command += ["--pwfile=../.password", "-E", "UTF8", "--no-locale"]
        # The C locale of the system with Unicode letters: lower(email) must work for every letter on every host.
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += [f"--set={name}={value}" for name, value in SETTINGS.items()] + (["-N"] if self.fast else [])
        try:
            done = account.run(*command, cwd=fresh)
        finally:
            password_file.unlink()
        if done.returncode:
            raise EmbeddedPostgresError(f"initdb failed: {done.stdout.strip()[-500:]}")
        fresh.rename(self.data)

    def bring_up(self, answers: Callable[[], bool]) -> None:
        """Start the server, or wait for one that recovers or whose children outlive a killed postmaster.

        `answers` tells whether the server takes connections. Raises EmbeddedPostgresError after 20 s or 6 starts.
        """
        deadline, attempts, reason = time.monotonic() + START_SECONDS, 0, "it does not answer"
        while time.monotonic() < deadline and attempts < START_ATTEMPTS:
            if not self.lives():
                self._drop_foreign_pid_file()
                attempts += 1
                done = self._pg_ctl("start", "-l", "start.log", "-o", self._options())
                reason = done.stdout.strip() if done.returncode else reason
            if answers():
                return
            time.sleep(0.1 * 2**attempts)
        log = self.data / "start.log"
        tail = log.read_text(errors="replace")[-500:] if log.exists() else ""
        raise EmbeddedPostgresError(f"PostgreSQL does not start: {reason[-300:]}\n{tail}")

    def stop(self) -> bool:
        """Stop the server; False when it was not running. Raises EmbeddedPostgresError when it does not stop."""
        # Asked first, because pg_ctl signals whatever process has the number in the pid file.
        if not self.lives():
            return False
        done = self._pg_ctl("stop", "-m", "fast")
        if done.returncode:
            raise EmbeddedPostgresError(f"PostgreSQL does not stop: {done.stdout.strip()[-300:]}")
        return True

    def lives(self) -> bool:
        """Whether the pid file names our server: after a crash the number may belong to a stranger."""
        pid = self._recorded_pid()
        if pid is None:
            return False
        try:
            if PROCESSES.exists():
                return _works_in(PROCESSES / str(pid), self.data)
            shown = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
        except OSError:
            return False
        return "postgres" in shown.stdout

    def port(self) -> int | None:
        """The TCP port of the last start, or None before the first."""
        try:
            return int((self.base / "port").read_text())
        except (OSError, ValueError):
            return None

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _drop_foreign_pid_file(self) -> None:
        # PostgreSQL refuses to start while the number is in use, be it by a stranger or by its own unreaped remains.
        # A number that is free it clears up itself, with checks of its own that a missing file would defeat.
        pid = self._recorded_pid()
        if pid is None or _exists(pid):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _program(self, account: Account, name: str, data: Path) -> list[str | Path]:
        # Under another account the path may lead through a closed home. The folder it was started in stays open
        # to it, and this name leads there without passing the parents.
        return [binaries_for(account) / name, "-D", "/proc/self/cwd" if account.switch else data]

    def _pg_ctl(self, action: str, *options: str) -> subprocess.CompletedProcess[str]:
        account = account_for(self.data)
        return account.run(*self._program(account, "pg_ctl", self.data), "-w", *options, action, cwd=self.data)

    def _options(self) -> str:
        """The server's command line, with the port of last time unless somebody else has taken it."""
        port = self.port()
        if port is None or not _is_free(port):
            port = _free_port()
            write_private(self.base / "port", str(port))
        extra = FAST_SETTINGS if self.fast else {}
        return " ".join([f"-p {port}", *(f"-c {name}={value}" for name, value in extra.items())])


def _works_in(process: Path, data: Path) -> bool:
    try:
        return (process / "cwd").samefile(data)
    except PermissionError:
        # Root in a container may not look into the processes of other accounts: name, state and owner decide.
        name, _, state = (process / "stat").read_text().partition("(")[2].rpartition(")")
        return name == "postgres" and not state.startswith(" Z") and process.stat().st_uid == data.stat().st_uid


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
