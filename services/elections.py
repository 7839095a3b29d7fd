"""Elections: draft → active → closed → archived, their definition, their roll and their keys.

The database refuses every other step and every change of what was signed (`migrations/sql/guards.sql`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, insert, select, update

from models import (
    BallotPass,
    Candidate,
    Channel,
    Election,
    ElectionStatus,
    Kiosk,
    ResultsPolicy,
    RollEntry,
    Secrecy,
    StaffUser,
    db,
)
from services import audit_logger, ballots, booth_sheet
from services.actor import Actor
from services.clock import utc_now
from services.errors import Conflict, NotFound, ValidationFailed

MIN_CHOICES = 2
COPIED = (
    "title", "description", "method", "seats", "max_choices", "secrecy", "results_policy", "live_batch", "channels",
    "allowed_networks", "quorum_rule",
)  # fmt: skip


def create_election(
    *,
    title: str,
    opens_at: datetime,
    closes_at: datetime,
    actor: Actor,
    description: str = "",
    secrecy: Secrecy = Secrecy.SECRET,
    results_policy: ResultsPolicy = ResultsPolicy.AFTER_CLOSE,
    max_choices: int = 1,
    live_batch: int | None = None,
    channels: tuple[Channel, ...] = (Channel.BOOTH,),
) -> Election:
    """Add a draft; raises ValidationFailed when closing is not after opening."""
    if closes_at <= opens_at:
        raise ValidationFailed(fields={"closes_at": _("Choose a closing time after the opening time.")})
    election = Election(
        title=title,
        description=description,
        opens_at=opens_at,
        closes_at=closes_at,
        secrecy=secrecy,
        results_policy=results_policy,
        max_choices=max_choices,
        live_batch=live_batch,
        channels=[channel.value for channel in channels],
    )
    db.session.add(election)
    db.session.flush()
    audit_logger.record(
        "staff:election:created", actor, election_id=election.id, title=title, secrecy=election.secrecy.value
    )
    return election


def get_election(election_id: int) -> Election:
    """Return an election; raises NotFound."""
    election = db.session.get(Election, election_id)
    if election is None:
        raise NotFound(_("There is no such election."))
    return election


def visible_elections() -> list[Election]:
    """Return all elections, the newest first."""
    return list(db.session.scalars(select(Election).order_by(Election.id.desc())))


def current_booth_elections() -> list[Election]:
    """Return the active elections that have a booth, the oldest first."""
    return list(
        db.session.scalars(
            select(Election)
            .where(Election.status == ElectionStatus.ACTIVE, Election.channels.contains([Channel.BOOTH.value]))
            .order_by(Election.id)
        )
    )


def choose_booth_election(wanted: Any, user: StaffUser) -> Election:
    """Return the election a kiosk is opened for: the wanted one, or the only one there is.

    Raises Conflict when there is none, ValidationFailed when one has to be chosen or the choice is not open.
    """
    open_now = current_booth_elections()
    if not open_now:
        raise Conflict(_("No election with a booth is open. An administrator opens it first."))
    if wanted in (None, "") and len(open_now) == 1:
        return open_now[0]
    for election in open_now:
        if str(wanted) == str(election.id):
            return election
    raise ValidationFailed(fields={"election_id": _("Choose the election this booth is for.")})


def roll_counts(election: Election) -> tuple[int, int]:
    """Return (voters who voted, voters on the roll)."""
    voted, on_roll = db.session.execute(
        select(func.count().filter(RollEntry.has_voted), func.count()).where(RollEntry.election_id == election.id)
    ).one()
    return voted, on_roll


def obstacles(election: Election) -> list[str]:
    """Return plain reasons why a draft cannot be opened; empty when it can."""
    found = []
    if len(election.candidates) < MIN_CHOICES:
        found.append(_("The ballot has fewer than %(count)s names.", count=MIN_CHOICES))
    if roll_counts(election)[1] == 0:
        found.append(_("The electoral roll is empty."))
    if election.closes_at <= utc_now():
        found.append(_("The closing time is past."))
    return found


def open_election(election: Election, actor: Actor) -> None:
    """Freeze, sign and open a draft. Raises Conflict for another status, ValidationFailed with what is missing."""
    _lock(election)
    if election.status is not ElectionStatus.DRAFT:
        raise Conflict(_("Only a draft can be opened."))
    if reasons := obstacles(election):
        raise ValidationFailed(" ".join(reasons))
    ballots.freeze_definition(election)
    election.status = ElectionStatus.ACTIVE
    election.activated_at = utc_now()
    db.session.flush()
    audit_logger.record("staff:election:opened", actor, election_id=election.id, fingerprint=_fingerprint(election))


def close_election(election: Election, actor: Actor) -> None:
    """Close an active election once the casts under way are done; the worker seals what is in the box.

    Raises Conflict for another status, SheetsUnbalanced while a booth sheet neither balances nor carries a note.
    """
    _lock(election)
    if election.status is not ElectionStatus.ACTIVE:
        raise Conflict(_("Only an open election can be closed."))
    booth_sheet.check_before_closing(election)
    election.status = ElectionStatus.CLOSED
    election.closed_at = utc_now()
    db.session.flush()
    # The flush waited for the casts under way, so a sheet may have grown since it was checked.
    booth_sheet.check_before_closing(election)
    booth_sheet.freeze(election)
    audit_logger.record("staff:election:closed", actor, election_id=election.id)


def archive_election(election: Election, actor: Actor) -> None:
    """Archive a closed election; it stays readable."""
    _lock(election)
    if election.status is not ElectionStatus.CLOSED:
        raise Conflict(_("Only a closed election can be archived."))
    election.status = ElectionStatus.ARCHIVED
    db.session.flush()
    audit_logger.record("staff:election:archived", actor, election_id=election.id)


def reset_election(election: Election, actor: Actor) -> Election:
    """Archive this round and open a fresh one with the same definition and roll; nothing is deleted."""
    _lock(election)
    if election.status is ElectionStatus.DRAFT:
        raise Conflict(_("A draft has no votes to set aside."))
    if election.status is ElectionStatus.ARCHIVED:
        raise Conflict(_("This round is archived already."))
    if election.status is ElectionStatus.ACTIVE:
        close_election(election, actor)
    archive_election(election, actor)
    fresh = _next_round(election)
    open_election(fresh, actor)
    db.session.execute(
        update(Kiosk).where(Kiosk.election_id == election.id, Kiosk.ended_at.is_(None)).values(election_id=fresh.id)
    )
    db.session.execute(
        update(BallotPass)
        .where(BallotPass.election_id == election.id, BallotPass.used_at.is_(None), BallotPass.ended_at.is_(None))
        .values(ended_at=utc_now())
    )
    audit_logger.record("staff:election:reset", actor, election_id=election.id, next_round=fresh.id)
    return fresh


def _lock(election: Election) -> None:
    """Wait for others who change this election or its candidates, then look at all of it afresh.

    NO KEY UPDATE: stops who changes the election or locks it FOR SHARE (the candidates), never a vote being cast.
    """
    db.session.flush()
    db.session.expire_all()
    db.session.refresh(election, with_for_update={"key_share": True})


def _next_round(election: Election) -> Election:
    duration = election.closes_at - election.opens_at
    now = utc_now()
    still_open = election.closes_at > now
    fresh = Election(
        **{name: getattr(election, name) for name in COPIED},
        opens_at=election.opens_at if still_open else now,
        closes_at=election.closes_at if still_open else now + duration,
        previous_round_id=election.id,
    )
    db.session.add(fresh)
    db.session.flush()
    for old in election.candidates:
        db.session.add(
            Candidate(
                election_id=fresh.id,
                party_id=old.party_id,
                name=old.name,
                description=old.description,
                image_path=old.image_path,
                display_order=old.display_order,
            )
        )
    roll = select(db.literal(fresh.id), RollEntry.voter_id).where(RollEntry.election_id == election.id)
    db.session.flush()
    db.session.execute(insert(RollEntry).from_select(["election_id", "voter_id"], roll))
    return fresh


def _fingerprint(election: Election) -> str:
    return election.definition_hash.hex() if election.definition_hash else ""
