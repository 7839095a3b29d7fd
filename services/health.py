"""Whether the application can do its work, for load balancers and operators."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from models import db
from services.boot import check_keys
from services.context import platform
from services.errors import DomainError
from services.security import KeyringError

log = logging.getLogger(__name__)


def database_answers() -> bool:
    """Tell whether the database answers a query."""
    try:
        return bool(db.session.scalar(text("SELECT 1")) == 1)
    except SQLAlchemyError as error:
        log.error("The database does not answer: %s", type(error).__name__)
        return False


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
    """Check settings, database, roles, keys and the face engine."""
    settings = platform().settings
    report = Report(settings.problems(), settings.warnings())
    if not database_answers():
        report.problems.append("The database does not answer.")
        return report
    try:
        check_keys()
    except KeyringError as error:
        report.problems.append(str(error))
    _check_roles(report)
    try:
        platform().faces.engine.detect(np.zeros((240, 320, 3), np.uint8))
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
