"""`flask audit secrecy`: what is promised, tried by attack."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from models import transaction, use_role
from services import elections, secrecy_audit
from services.actor import OPERATOR
from services.errors import DomainError
from services.secrecy_audit import Report, Sources

CANNOT_RUN = 2

_file = click.Path(exists=True, dir_okay=False)
_folder = click.Path(exists=True, file_okay=False)


@click.command("secrecy")
@with_appcontext
@click.argument("election_id", type=int)
@click.option("--dump", type=_file, help="A dump of this database, plain or custom format.")
@click.option("--data-directory", type=_folder, help="A copy of the server's data directory.")
@click.option("--wal", type=_folder, help="A folder of write-ahead log, such as pg_wal.")
@click.option("--logs", type=_file, multiple=True, help="A log file; may be given again.")
@click.option("--known", type=_file, help="Votes the attacker knows, as CSV: voter ID, choice. For rehearsals.")
def secrecy_command(
    election_id: int, dump: str | None, data_directory: str | None, wal: str | None, logs: tuple[str, ...],
    known: str | None,
) -> None:  # fmt: skip
    """Play the owner of the database: how many ballots of ELECTION_ID can be linked to their voters, and by what?

    Exit 0: nothing was linked. 1: something was, or a door stands open. 2: an attack could not be made.
    """
    try:
        with use_role("owner"), transaction():
            found = elections.get_election(election_id)
            report = secrecy_audit.attack(found, Sources.at(dump, data_directory, wal, logs, known), OPERATOR)
    except DomainError as error:
        click.echo(error.message, err=True)
        sys.exit(CANNOT_RUN)
    _print(report)
    sys.exit(1 if report.linked or report.exposed else CANNOT_RUN if report.blind else 0)


def _print(report: Report) -> None:
    click.echo(f"{report.title}: {report.linked:,} ballots linked.")
    for finding in report.findings:
        state = secrecy_audit.STATES[finding.state.value]
        click.echo(f"\n{secrecy_audit.ATTACKS[finding.attack]}: {state}, {finding.linked:,} ballots")
        for code, values in finding.said:
            click.echo(f"  {secrecy_audit.say(code, values)}")
    if report.unanimous:
        click.echo("\nAll ballots of this election agree: the result itself tells every choice. No storage hides that.")
