"""What stands beside a choice: a time, a number that counts up, an id made of the time, anything nobody planned."""

from __future__ import annotations

from services.secrecy_audit.findings import Finding
from services.secrecy_audit.target import Target, rows

PLANNED = {
    "ballots": {"election_id", "seq", "payload", "previous_hash", "ballot_hash"},
    "ballot_box": {"id", "election_id", "ballot_length", "sealed_payload"},
    "ballot_receipts": {"election_id", "code"},
    "spoiled_ballots": {"id", "election_id", "reason", "sealed_payload"},
    "tallies": {"election_id", "choice", "count", "updated_at"},
    "seal_batch_members": {"batch_id", "box_id"},
}
"""Written here a second time on purpose: a column that a later version of the tables adds is to be found as well."""
IN_A_BALLOT = {"candidates", "nota"}
RANDOM_UUID = "4"


def unplanned_columns(target: Target) -> Finding:
    """Look for columns, keys, counters and time-made ids beside ballots, receipts and ciphertexts."""
    finding = Finding("columns")
    found = rows(
        "SELECT table_name, column_name, data_type, coalesce(column_default, '') LIKE 'nextval%' OR is_identity = 'YES'"
        " FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ANY(:tables)",
        tables=list(PLANNED),
    )
    for table, column, kind, counts_up in found:
        if column in PLANNED[table] and not counts_up:
            continue
        count = _filled(target, table, column)
        code = "time_column" if kind.startswith(("timestamp", "date", "time")) else "extra_column"
        finding.unnamed = max(finding.unnamed, count)
        finding.exposed = True
        finding.say("counting_column" if counts_up else code, table=table, column=column, count=count)
    _keys(target, finding)
    _ids(target, finding)
    finding.say("looked_columns", count=len(found), tables=len(PLANNED))
    return finding


def _filled(target: Target, table: str, column: str) -> int:
    scope = "" if table == "seal_batch_members" else "AND election_id = :id"
    statement = f'SELECT count(*) FROM {table} WHERE "{column}" IS NOT NULL {scope}'  # noqa: S608
    return int(rows(statement, **({"id": target.election_id} if scope else {}))[0][0])


def _keys(target: Target, finding: Finding) -> None:
    found = rows(
        "SELECT key, count(*) FROM ballots, LATERAL jsonb_object_keys(payload) AS key"
        " WHERE election_id = :id GROUP BY key",
        id=target.election_id,
    )
    for key, count in found:
        if key not in IN_A_BALLOT:
            finding.unnamed = max(finding.unnamed, count)
            finding.say("extra_key", count=count)


def _ids(target: Target, finding: Finding) -> None:
    for table in ("ballot_box", "spoiled_ballots"):
        statement = (
            f"SELECT count(*) FROM {table} WHERE election_id = :id AND substring(id::text, 15, 1) <> '{RANDOM_UUID}'"  # noqa: S608
        )
        count = rows(statement, id=target.election_id)[0][0]
        if count:
            finding.exposed = True
            finding.say("time_made_ids", table=table, count=count)
