"""What the attacks say, in words for a commission."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as N_

ATTACKS: dict[str, Any] = {
    "transactions": N_("Rows written together"),
    "columns": N_("Times, counters and extra columns"),
    "ballot_order": N_("Order of the ballots"),
    "receipt_order": N_("Order of the receipts"),
    "batches": N_("Small and unanimous batches"),
    "lengths": N_("Lengths"),
    "box": N_("Ciphertexts in the ballot box"),
    "contents": N_("Choices in audit rows, mails and other tables"),
    "server": N_("What the server writes down"),
    "dead_rows": N_("Deleted rows on the disk"),
    "data_directory": N_("Copy of the data directory"),
    "dump": N_("Dump"),
    "wal": N_("Write-ahead log"),
    "logs": N_("Log files"),
}
SENTENCES: dict[str, Any] = {
    "shared_transaction": N_("%(count)s votes were written in one transaction with %(what)s; %(who)s name the voter."),
    "looked_rows": N_("%(count)s rows of %(tables)s tables that name voters, against ballots, receipts and tallies."),
    "time_column": N_("%(table)s.%(column)s holds a time in %(count)s rows: the time tells the vote."),
    "extra_column": N_("%(table)s.%(column)s should not be there; %(count)s rows are filled."),
    "counting_column": N_("%(table)s.%(column)s counts up: %(count)s rows stand in the order of their arrival."),
    "extra_key": N_("%(count)s ballots hold more than a choice."),
    "time_made_ids": N_("%(count)s ids in %(table)s are not random: an id of another kind can hold a time."),
    "looked_columns": N_("%(count)s columns of %(tables)s tables, against the list of those planned."),
    "clusters": N_("Equal choices stand together (%(order)s), %(deviation)s standard deviations beyond a shuffle."),
    "order_known": N_("The ballots stand in an order that tells votes (%(order)s), %(deviation)s standard deviations."),
    "known_unusable": N_("%(count)s known votes can only be laid beside the ballots when all votes are sealed."),
    "no_known": N_(
        "Not looked: whether this is the order of arrival, apart from clusters of equal choices. Where choices"
        " alternate it shows only against votes that somebody knows: --known."
    ),
    "too_few": N_(
        "Not looked for clusters in %(count)s ballots (%(order)s): a choice with fewer than %(least)s proves none."
    ),
    "looked_known": N_("%(count)s known votes laid beside the ballots in %(orders)s orders."),
    "looked_order": N_("%(count)s ballots, by place in the chain and in the table."),
    "receipts_unsorted": N_("%(count)s receipts do not lie in the order of their codes: the order is somebody's."),
    "looked_receipts": N_("%(count)s receipts, by place in the table."),
    "small_batch": N_("A batch of %(count)s ballots is smaller than %(least)s."),
    "unanimous_batch": N_("All %(count)s ballots of a batch agree: its voters are known."),
    "past_sealing": N_("The ballots came in %(count)s transactions, the worker sealed %(sealed)s batches."),
    "looked_batches": N_("Batches: %(count)s. Ballots in them: %(ballots)s."),
    "ciphertext_lengths": N_("The rows of %(table)s have %(lengths)s lengths: a length tells the choice."),
    "mail_lengths": N_("Stored confirmations have %(lengths)s lengths."),
    "looked_lengths": N_("Lengths of %(count)s ciphertexts and stored confirmations."),
    "readable": N_("%(count)s rows of %(table)s can be read without a key."),
    "alike": N_("%(count)s ciphertexts of %(table)s are copies of others."),
    "looked_ciphertexts": N_("%(count)s ciphertexts."),
    "rows_with_choices": N_("A choice or a receipt stands in %(table)s with the voter: %(count)s votes."),
    "looked_tables": N_("All rows of %(count)s tables."),
    "logs_statements": N_("%(setting)s is %(value)s: statements, or values in them, reach the server's log."),
    "logs_failed": N_(
        "Statements that fail reach the server's log (log_min_error_statement is %(value)s): voters and ciphertexts,"
        " never a choice with a voter. Set it to panic to keep names of voters out."
    ),
    "commit_times": N_("The server keeps the times of commits. Ballots of one batch share one, so it tells no vote."),
    "looked_settings": N_("%(count)s settings of the server."),
    "no_pages": N_("Not looked: reading pages needs a superuser or pageinspect. Give a copy: --data-directory."),
    "no_tables_there": N_("Not looked: the tables are not there. Is it a copy of this very database?"),
    "looked_versions": N_("%(count)s versions of rows, deleted ones too."),
    "looked_box": N_("%(count)s ciphertexts on the disk, %(dead)s of them deleted."),
    "no_data_directory": N_("Not given: --data-directory, a copy of the data directory."),
    "no_dump": N_("Not given: --dump, a file of pg_dump."),
    "looked_dump": N_("%(count)s rows of %(tables)s tables."),
    "one_by_one": N_("%(count)s ballots were written as they left the box, one by one."),
    "looked_wal": N_("%(count)s changes in %(transactions)s transactions."),
    "wal_of_another": N_("Not looked: no change of these tables is in it. Is it the log of this very database?"),
    "no_wal": N_("Not given: --wal, a folder of write-ahead log."),
    "lines": N_("%(file)s: a choice, a receipt or its key stands with the voter of %(count)s votes."),
    "looked_lines": N_("%(count)s lines of %(files)s files."),
    "no_logs": N_("Not given: --logs, log files."),
}
ORDERS: dict[str, Any] = {
    "seq": N_("by place in the chain"),
    "heap": N_("by place in the table"),
    "cast": N_("in the order of casting"),
    "cast_backwards": N_("in the order of casting, backwards"),
    "roll": N_("in the order of the roll"),
    "names": N_("in the order of names"),
    "dump": N_("in the order of the dump"),
}
STATES: dict[str, Any] = {
    "clean": N_("Nothing linked"),
    "linked": N_("Linked"),
    "exposed": N_("A door stands open"),
    "not_given": N_("Not given"),
    "not_allowed": N_("Could not look"),
}


def say(code: str, values: Mapping[str, Any]) -> str:
    """Return one sentence; numbers are written with a comma for thousands."""
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
    if "order" in shown:
        shown["order"] = str(ORDERS[shown["order"]])
    return str(SENTENCES[code]) % shown
