"""Work outside requests: the mail queue and the periodic tasks."""

from services.jobs.schedule import TASKS, PeriodicTask, sweep
from services.jobs.worker import run_worker

__all__ = ["TASKS", "PeriodicTask", "run_worker", "sweep"]
