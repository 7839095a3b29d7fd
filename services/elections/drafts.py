"""Drafts: what can still change."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from models import Candidate, Channel, Election, ResultsPolicy, Secrecy, StaffRole, db
from services import audit_logger, membership, ties
from services.actor import Actor
from services.errors import ValidationFailed

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
    """Add a draft that whoever makes it can see; raises ValidationFailed when closing is not after opening."""
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
    if actor.role in set(StaffRole) and actor.id is not None:
        membership.join(election.id, actor.id)
    audit_logger.record(
        "staff:election:created", actor, election_id=election.id, title=title, secrecy=election.secrecy.value
    )
    return election


def copy_choices(source: Election, target: Election) -> None:
    """Give a draft the names of another election's ballot in the same order, its rule for NOTA and its lots."""
    for old in source.candidates:
        db.session.add(
            Candidate(
                election_id=target.id,
                party_id=old.party_id,
                name=old.name,
                description=old.description,
                image_path=old.image_path,
                display_order=old.display_order,
            )
        )
    db.session.flush()
    ties.carry_over(source, target)
