"""`flask audit …`: what is promised, checked."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from models import use_role
from services import verification
from services.jobs.worker import WORKER_ROLE

audit = AppGroup("audit", help="Check what is promised.")


@audit.command("verify")
def verify_command() -> None:
    """Compute every chain, count and signature anew: is everything still as it was signed? Exit 1 when not."""
    with use_role(WORKER_ROLE):
        report = verification.verify_all()
    for line in report.lines():
        click.echo(line)
    sys.exit(0 if report.ok else 1)
