"""A vote that is simply there, for tests of what a vote forbids."""

from __future__ import annotations

from models import Election, RollEntry, db
from tests import factories


def recorded_vote() -> RollEntry:
    """Return the roll entry of a voter who has voted in an open roll-call election."""
    election: Election = factories.make_recorded_election()
    entry = db.session.query(RollEntry).filter_by(election_id=election.id).one()
    insert = (
        "INSERT INTO votes (election_id, secrecy, voter_id, audit_ref, channel, nota, idempotency_hash)"
        " VALUES (:election, 'recorded', :voter, :reference, 'booth', true, '\\x00')"
    )
    # The web role casts through its function only.
    db.session.execute(db.text("RESET ROLE"))
    values = {"election": election.id, "voter": entry.voter_id, "reference": f"R{entry.voter_id}"}
    db.session.execute(db.text(insert), values)
    db.session.commit()
    return entry
