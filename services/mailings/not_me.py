"""Somebody got a mail for a voter and is somebody else: one click and one button report it to the commission."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from models import Election, NotMeReport, Voter, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.email_service import queue_system_alert
from services.errors import NotFound
from services.voter_links import Purpose, look_up
from services.voters import format_voter_number


def disowned(token: str) -> tuple[Election, Voter] | None:
    """Return whom the link of a mail names; None when it is not ours."""
    return look_up(Purpose.NOT_ME, token)


def report(token: str, actor: Actor) -> tuple[Election, Voter] | None:
    """Tell the commission by desk, mail and audit log; the same report again changes nothing until it was settled."""
    found = disowned(token)
    if found is None:
        return None
    election, voter = found
    row = insert(NotMeReport).values(election_id=election.id, voter_id=voter.id, created_at=utc_now())
    again = row.on_conflict_do_update(
        index_elements=["election_id", "voter_id"],
        set_={"created_at": utc_now(), "settled_at": None, "settled_by": None},
        where=NotMeReport.settled_at.is_not(None),
    )
    if db.session.scalar(again.returning(NotMeReport.id)) is not None:
        number = format_voter_number(voter.voter_id)
        audit_logger.record("outside:mail:not_me", actor, election_id=election.id, voter_number=voter.voter_id)
        queue_system_alert(
            _("A mail for voter ID %(number)s reached somebody else", number=number),
            _("Somebody who got a mail of %(title)s for %(name)s, voter ID %(number)s, says: this is not me.\n"
              "Until you have settled this on the desk (Mail), no mail to all voters goes to this address.\n"
              "Ask the voter for the right address. A voting link that went there can be replaced by a new one.",
              title=election.title, name=voter.name, number=number),
        )  # fmt: skip
    return found


def open_reports(election: Election) -> list[NotMeReport]:
    """Return the reports that wait, the oldest first."""
    waiting = select(NotMeReport).where(NotMeReport.election_id == election.id, NotMeReport.settled_at.is_(None))
    return list(db.session.scalars(waiting.order_by(NotMeReport.created_at)))


def settle(election: Election, number: int, actor: Actor) -> Voter:
    """Note that somebody looked at a report; raises NotFound."""
    mine = (NotMeReport.id == number) & (NotMeReport.election_id == election.id)
    found = db.session.scalar(select(NotMeReport).where(mine, NotMeReport.settled_at.is_(None)))
    if found is None:
        raise NotFound(_("There is no such report, or it was settled."))
    found.settled_at, found.settled_by = utc_now(), str(actor)
    number_of = found.voter.voter_id
    audit_logger.record("staff:mail:not_me_settled", actor, election_id=election.id, voter_number=number_of)
    return found.voter
