"""The life of an election: draft → active → closed → archived, and nothing else.

| From   | To       | Act     | Guard                                                                      |
|--------|----------|---------|----------------------------------------------------------------------------|
| draft  | active   | open    | the checklist finds nothing that blocks; the definition is frozen, signed  |
| active | closed   | close   | the casts under way are done; unless the clock closes it, every booth      |
|        |          |         | sheet balances or carries a note                                           |
| closed | archived | archive | none                                                                       |

A draft may wait to open by itself (`timetable.py`): no status of its own, a mark that opening takes away. Drafts are
changed, copied and deleted (`drafts.py`); nothing else ever is, and `rounds.py` starts a fresh round instead.

`move` is the only place that writes `Election.status`; the database refuses every other step by itself
(`sv_guard_election` in `migrations/sql/guards.sql`).
"""

from __future__ import annotations

from flask_babel import lazy_gettext as N_

from models import Election, ElectionStatus, db
from services.clock import utc_now
from services.errors import Conflict

DRAFT, ACTIVE, CLOSED, ARCHIVED = ElectionStatus
NEXT = {DRAFT: ACTIVE, ACTIVE: CLOSED, CLOSED: ARCHIVED}
"""The one status that may follow each."""
REFUSALS = {
    ACTIVE: N_("Only a draft can be opened."),
    CLOSED: N_("Only an open election can be closed."),
    ARCHIVED: N_("Only a closed election can be archived."),
}


def lock_election(election: Election) -> None:
    """Wait for others who change this election or its candidates, then look at all of it afresh.

    NO KEY UPDATE: stops who changes the election or locks it FOR SHARE (the candidates), never a vote being cast.
    """
    db.session.flush()
    db.session.expire_all()
    db.session.refresh(election, with_for_update={"key_share": True})


def lock_for(election: Election, target: ElectionStatus) -> None:
    """Lock the election for a step to `target`; raises Conflict when the table has no such step from here."""
    lock_election(election)
    if NEXT.get(election.status) is not target:
        raise Conflict(str(REFUSALS[target]))


def move(election: Election, target: ElectionStatus) -> None:
    """Take the one step there is, and note when; raises Conflict for any other. Expects the lock of `lock_for`.

    A step from active waits in the database for the casts under way. Whoever comes late to closing finds that the
    election ended at the time that was announced: the database takes no vote after it.
    """
    if NEXT.get(election.status) is not target:
        raise Conflict(str(REFUSALS[target]))
    election.status = target
    if target is ACTIVE:
        election.activated_at = utc_now()
    elif target is CLOSED:
        election.closed_at = min(utc_now(), election.closes_at)
    db.session.flush()
