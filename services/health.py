"""Whether the application can do its work, for load balancers and operators."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from models import InstallationKey, db
from services import clock_skew, disk, heads, partitions, redis_server, replica, worker_beats, write_probe
from services.boot import check_keys
from services.context import platform
from services.email_service import queue_state
from services.email_service.problems import in_words
from services.errors import DomainError
from services.security import KeyringError

MIGRATIONS = Path(__file__).parent.parent / "migrations"
COMMITS_WAIT_FOR = "synchronous_standby_names"
"""PostgreSQL's setting: the replicas that must have a change before it is acknowledged."""
HALF_RESTORED = "A restore is under way, or was cut off: stop web servers and workers, and give flask restore again."
log = logging.getLogger(__name__)


def database_answers() -> bool:
    """Tell whether the database answers a query."""
    try:
        return bool(db.session.scalar(text("SELECT 1")) == 1)
    except SQLAlchemyError as error:
        log.error("The database does not answer: %s", type(error).__name__)
        return False


@dataclass(frozen=True)
class Readiness:
    """Whether requests can be answered well now: `problems` stop that, `warnings` do not. Words for operators."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems


def readiness() -> Readiness:
    """Look at database, its room, schema, keys, worker and the store of files; leaves nothing behind."""
    try:
        problems = [*_schema_problems()] or [*_key_problems(), *_write_problems()]
        return Readiness(tuple(problems), () if problems else tuple(_warnings()))
    except SQLAlchemyError as error:
        log.error("The database does not answer: %s", type(error).__name__)
        return Readiness(("The database does not answer.",))


def _warnings() -> list[str]:
    return (
        _schema_warnings()
        + _commit_warnings()
        + _worker_warnings()
        + _clock_warnings()
        + _mail_warnings()
        + _stamp_warnings()
        + _storage_warnings()
        + _room_warnings()
        + _face_warnings()
        + _scale_warnings()
    )


def _schema_problems() -> list[str]:
    if db.session.scalar(text("SELECT to_regclass('alembic_version') IS NULL")):
        return ["The database has no tables."]
    if db.session.scalar(text("SELECT to_regclass('restore_under_way') IS NOT NULL")):
        return [HALF_RESTORED]
    present, wanted = _schema(), max(_migrations())
    return [] if present >= wanted else [f"The database has the schema {present or None}; this version needs {wanted}."]


def _schema_warnings() -> list[str]:
    """A newer schema stops nothing: during an upgrade the nodes of the version before go on until each is replaced."""
    present = _schema()
    return [] if present in _migrations() else [f"The database has the schema {present}, newer than this version."]


def _schema() -> str:
    return db.session.scalar(text("SELECT version_num FROM alembic_version")) or ""


@cache
def _migrations() -> frozenset[str]:
    """Return the numbers of all migrations of this version, each of four digits."""
    return frozenset(script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions())


def _key_problems() -> list[str]:
    known = {row.name: row.fingerprint for row in db.session.execute(
        select(InstallationKey.name, InstallationKey.fingerprint)
    )}  # fmt: skip
    keyring = platform().keyring
    wrong = [name for name in keyring.fingerprints() if name in known and not keyring.belongs(name, known[name])]
    missing = [] if keyring.is_complete() else ["The key folder is not complete."]
    return missing + [f"The {name} key does not belong to this database." for name in wrong]


def _write_problems() -> list[str]:
    trouble = write_probe.trouble()
    return [trouble] if trouble else []


def _worker_warnings() -> list[str]:
    age = worker_beats.age()
    if age is None:
        return ["No worker runs: no mail is sent, no ballot sealed."]
    if age > worker_beats.LATE_AFTER:
        return [f"The worker gave no sign of life for {int(age.total_seconds())} s."]
    return [
        f"The worker {one.name} gave no sign of life for {int(one.age.total_seconds())} s. Others do its work, but what"
        " it holds waits: start it again."
        for one in worker_beats.silent()
    ]


def _clock_warnings() -> list[str]:
    trouble = clock_skew.trouble()
    return [trouble] if trouble else []


def _mail_warnings() -> list[str]:
    pause = queue_state.current_pause()
    return [" ".join(("No mail leaves.", *in_words(pause.problem)))] if pause else []


def _storage_warnings() -> list[str]:
    """Warn only: votes by link and open ballots need no file, and every process would go at once."""
    trouble = platform().storage.trouble()
    return [trouble] if trouble else []


def _room_warnings() -> list[str]:
    trouble = disk.trouble()
    return [trouble] if trouble else []


def _face_warnings() -> list[str]:
    trouble = platform().faces.engine.trouble()
    return [trouble] if trouble else []


def _scale_warnings() -> list[str]:
    return [trouble for trouble in (partitions.trouble(), redis_server.trouble(), replica.trouble()) if trouble]


def _commit_warnings() -> list[str]:
    """Warn only: what waits goes on by itself, and whoever asks again meanwhile waits no shorter."""
    waits = text(
        "SELECT current_setting(:name) <> '' AND NOT EXISTS (SELECT FROM pg_stat_replication)"
    ).bindparams(name=COMMITS_WAIT_FOR)  # fmt: skip
    if not db.session.scalar(waits):
        return []
    return ["No replica is there: every vote waits for one. Start it, or set synchronous_standby_names to empty."]


def _stamp_warnings() -> list[str]:
    words = heads.waiting_words()
    return [words] if words else []


@dataclass
class Report:
    """What has to be mended, and what is worth a thought."""

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def lines(self) -> list[str]:
        """Return one line for each finding, or one that says all is well."""
        found = [f"PROBLEM  {line}" for line in self.problems] + [f"warning  {line}" for line in self.warnings]
        return found or ["All is well."]


def check_installation() -> Report:
    """Check settings, files, database, roles, keys and the face engine."""
    settings = platform().settings
    report = Report(settings.problems(), settings.warnings())
    report.problems += _storage_warnings()
    if not database_answers():
        report.problems.append("The database does not answer.")
        return report
    try:
        check_keys()
    except KeyringError as error:
        report.problems.append(str(error))
    _check_roles(report)
    report.warnings += _scale_warnings()
    try:
        platform().faces.engine.detect(np.zeros((240, 320, 3), np.uint8))
        report.warnings += _face_warnings()
    except DomainError as error:
        report.problems.append(error.message)
    return report


def _check_roles(report: Report) -> None:
    """The web role must not see the ballot box; one login for all roles gives that promise away."""
    if db.session.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
        report.warnings.append("The web role is a superuser of the database: nothing is hidden from it.")
    if db.session.scalar(text("SELECT has_table_privilege('ballot_box', 'SELECT')")):
        report.warnings.append(
            "The web role can read the ballot box: give DB_URL, DB_OWNER_URL, DB_SEALER_URL roles of their own."
        )
