"""A whole loss, by the operator's own commands: backup, keys apart, another empty machine, restore, verify; in seconds.

    .venv/bin/python -m benchmarks.restore_drill [--rows 1000000] [--ballots 200000] [--files 2000] [--file-kb 60]

The database is that of `benchmarks.verification`. The second installation begins without a key, a table and a file, in
folders of its own. Prints a table of steps with seconds, sizes and the peak memory of our own processes. Exit 1 when a
command does not end as it should: when the restored database, the audit log's head or a file is not what was lost.
"""

from __future__ import annotations

import argparse
import os
import platform as machine
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.day.installation import Installation
from benchmarks.verification import fill
from config import PROJECT
from models import AuditBlock, db, use_role
from services.context import platform
from services.storage import FACES

KB = 1024
MB = 1024 * KB


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--ballots", type=int, default=200_000)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--file-kb", type=int, default=60)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sv-restore-") as folder:
        lost, new = (Installation(Path(folder) / name, "fake") for name in ("lost", "new"))
        for one in (lost, new):
            one.folder.mkdir()
        try:
            with lost.prepare().app_context():
                fill(asked.rows, asked.ballots)
                for _ in range(asked.files):
                    platform().storage.save_private(FACES, secrets.token_bytes(asked.file_kb * KB))
                head = _head()
                db.session.remove()
            return drill(Path(folder), lost, new, head)
        finally:
            lost.stop()
            new.stop()


def drill(folder: Path, lost: Installation, new: Installation, head: str) -> int:
    """Lose everything but two folders, and bring it back; return the exit status."""
    data, keys, passphrase = folder / "data", folder / "keys", folder / "passphrase"
    passphrase.write_text("a drill is no secret\n")
    print(f"{machine.platform()}, {os.cpu_count()} processors, Python {machine.python_version()}")
    flask = ("-m", "flask", "--app", "app")
    good = _step("flask backup", lost, *flask, "backup", str(data))
    good &= _step("flask backup-keys", lost, *flask, "backup-keys", str(keys), "--passphrase-file", str(passphrase),
                  "--with-box-keys")  # fmt: skip
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    lost.stop()
    [copy] = keys.iterdir()
    good &= _step("restore_keys", new, "-m", "blueprints.cli.restore_keys", str(copy), "--passphrase-file",
                  str(passphrase))  # fmt: skip
    good &= _step("flask restore --verify", new, *flask, "restore", str(data), "--verify", "--head", head)
    good &= _step("flask audit verify", new, *flask, "audit", "verify")
    print(f"backup on disk {size / MB:,.1f} MB; peak memory of a command "
          f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / KB:,.0f} MB")  # fmt: skip
    print("Everything came back." if good else "NOT EVERYTHING CAME BACK")
    return int(not good)


def _step(name: str, where: Installation, *command: str) -> bool:
    began = time.monotonic()
    own = {**os.environ, **where._values, "FLASK_SKIP_DOTENV": "1"}
    done = subprocess.run([sys.executable, *command], cwd=PROJECT, env=own, capture_output=True, text=True, check=False)
    print(f"{name:<24}{time.monotonic() - began:>9.1f} s   exit {done.returncode}", flush=True)
    for line in (done.stdout + (done.stderr if done.returncode else "")).strip().splitlines():
        print(f"    {line}")
    return done.returncode == 0


def _head() -> str:
    """Return the head of the audit log as a mail tells it."""
    with use_role("owner"):
        block = db.session.query(AuditBlock).order_by(AuditBlock.height.desc()).first()
        assert block is not None
        return f"{block.height}:{block.block_hash.hex()}"


if __name__ == "__main__":
    sys.exit(main())
