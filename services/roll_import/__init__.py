"""Voters from a CSV file: taken in at the desk, read and imported by the worker, in one transaction or not at all."""

from services.roll_import.columns import TEMPLATE
from services.roll_import.intake import (
    MAX_FILE_MB,
    Upload,
    cancel,
    forget_old,
    get_import,
    latest_imports,
    start,
    take_in,
)
from services.roll_import.report import PROBLEMS_SHOWN, problem_kinds, problems, problems_csv
from services.roll_import.work import run_due

__all__ = [
    "MAX_FILE_MB",
    "PROBLEMS_SHOWN",
    "TEMPLATE",
    "Upload",
    "cancel",
    "forget_old",
    "get_import",
    "latest_imports",
    "problem_kinds",
    "problems",
    "problems_csv",
    "run_due",
    "start",
    "take_in",
]
