"""Drafts: made, changed, copied and deleted while nobody can vote in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from models import (
    AttendanceSession,
    Candidate,
    CandidateOrder,
    Channel,
    Election,
    ElectionStatus,
    Method,
    ResultsPolicy,
    RollEntry,
    Secrecy,
    StaffRole,
    db,
)
from services import audit_logger, membership, presence, ties
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.elections.networks import check_networks
from services.elections.state_machine import lock_election
from services.errors import Conflict, ValidationFailed

MAX_TITLE = 120
SMALLEST_BATCH = 50
"""Design, section 3, rule 7; the database refuses less."""
RULES = (
    "title", "description", "method", "seats", "max_choices", "secrecy", "results_policy", "live_batch", "channels",
    "allowed_networks", "candidate_order", "confirmation_text", "opens_without_faces",
    "identity_check", "meeting_id", "quorum_rule",
)  # fmt: skip
"""The settings that a form may change, besides the two times."""
COPIED = RULES
"""What a copy and the next round take over."""


def create_election(
    *,
    title: str,
    opens_at: datetime,
    closes_at: datetime,
    actor: Actor,
    description: str = "",
    method: Method = Method.PLURALITY,
    secrecy: Secrecy = Secrecy.SECRET,
    results_policy: ResultsPolicy = ResultsPolicy.AFTER_CLOSE,
    seats: int = 1,
    max_choices: int = 1,
    live_batch: int | None = None,
    channels: tuple[Channel, ...] = (Channel.BOOTH,),
    candidate_order: CandidateOrder = CandidateOrder.FIXED,
    confirmation_text: str = "",
    allowed_networks: tuple[str, ...] = (),
    opens_without_faces: bool = False,
    identity_check: bool = False,
    meeting_id: int | None = None,
    quorum_rule: Mapping[str, Any] | None = None,
) -> Election:
    """Add a draft that whoever makes it can see; raises ValidationFailed with all settings against a rule."""
    values = _checked(
        {
            "title": title, "description": description, "method": method, "opens_at": opens_at, "closes_at": closes_at,
            "secrecy": secrecy, "results_policy": results_policy, "seats": seats, "max_choices": max_choices,
            "live_batch": live_batch, "channels": channels, "candidate_order": candidate_order,
            "confirmation_text": confirmation_text, "allowed_networks": allowed_networks,
            "opens_without_faces": opens_without_faces, "identity_check": identity_check,
            "meeting_id": meeting_id, "quorum_rule": quorum_rule,
        }
    )  # fmt: skip
    election = Election(**values)
    db.session.add(election)
    db.session.flush()
    _join(election, actor)
    audit_logger.record(
        "staff:election:created", actor, election_id=election.id, title=title, secrecy=election.secrecy.value
    )
    return election


def update_election(election: Election, changes: Mapping[str, Any], actor: Actor) -> None:
    """Change settings of a draft; the audit log keeps what each was before.

    Raises Conflict when the election is no draft or waits to open by itself, ValidationFailed as `create_election`.
    """
    _lock_draft(election)
    before = {name: getattr(election, name) for name in (*RULES, "opens_at", "closes_at")}
    changed = before | dict(changes)
    if (rule := presence.rule_of(election)) is not None and changed["quorum_rule"] is not None:
        changed["quorum_rule"] = {**changed["quorum_rule"], "motion": rule.motion}
    after = {name: value for name, value in _checked(changed).items() if value != before[name]}
    if not after:
        return
    for name, value in after.items():
        setattr(election, name, value)
    election.opening_problem = election.opening_failed_at = None
    db.session.flush()
    kept = {name: _plain(before[name]) for name in after}
    audit_logger.record(
        "staff:election:changed", actor, election_id=election.id, before=kept,
        after={name: _plain(value) for name, value in after.items()},
    )  # fmt: skip


def copy_election(source: Election, actor: Actor, *, with_roll: bool) -> Election:
    """Make a draft with the settings and the candidates of another election, with its roll if wished; never votes.

    A period that has begun is moved on by whole days of the wall clock until it begins in the future.
    """
    opens_at, closes_at = _next_period(source)
    fresh = Election(**_copied(source), opens_at=opens_at, closes_at=closes_at)
    fresh.title = _("Copy of %(title)s", title=source.title)[:MAX_TITLE]
    db.session.add(fresh)
    db.session.flush()
    membership.copy_list(source, fresh)
    _join(fresh, actor)
    copy_choices(source, fresh)
    if with_roll:
        copy_roll(source, fresh)
    audit_logger.record("staff:election:copied", actor, election_id=fresh.id, title=fresh.title, subject_id=source.id)
    return fresh


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


def copy_roll(source: Election, target: Election) -> None:
    """Put everybody on the roll of one election on that of another; nobody has voted there."""
    roll = select(db.literal(target.id), RollEntry.voter_id).where(RollEntry.election_id == source.id)
    db.session.execute(insert(RollEntry).from_select(["election_id", "voter_id"], roll))


def delete_election(election: Election, actor: Actor) -> str:
    """Delete a draft with its candidates and its roll; return its title. What was done to it stays in the audit log.

    Raises Conflict for anything but a draft that waits for nothing, as the database does.
    """
    _lock_draft(election)
    number, title = election.id, election.title
    try:
        with db.session.begin_nested():
            db.session.execute(delete(Election).where(Election.id == number))
    except IntegrityError as error:
        raise Conflict(_("Something still refers to this draft. It cannot be deleted.")) from error
    db.session.expunge(election)
    audit_logger.record("staff:election:deleted", actor, election_id=number, title=title)
    return title


def _lock_draft(election: Election) -> None:
    lock_election(election)
    if election.status is ElectionStatus.ACTIVE:
        raise Conflict(_("This election is open: its settings are signed and frozen. Copy it to change them."))
    if election.status is not ElectionStatus.DRAFT:
        raise Conflict(_("This election is over: it stays as it is. Copy it to hold it again."))
    if election.opens_by_itself:
        raise Conflict(_("This draft opens by itself at its time. Cancel that first, then change it."))


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Return all settings in the form they are stored in; raises ValidationFailed with all that are wrong."""
    errors: dict[str, str] = {}
    if values["closes_at"] <= values["opens_at"]:
        errors["closes_at"] = _("Choose a closing time after the opening time.")
    if not values["channels"]:
        errors["channels"] = _("Choose one channel at least.")
    batch = values["live_batch"]
    counted_live = values["secrecy"] is Secrecy.SECRET and values["results_policy"] is ResultsPolicy.LIVE
    if batch is not None and batch < SMALLEST_BATCH:
        errors["live_batch"] = _("Use %(least)s or more: a small batch could give a vote away.", least=SMALLEST_BATCH)
    elif batch is not None and not counted_live:
        errors["live_batch"] = _("Batches are for secret ballots that are counted live. Leave this empty.")
    try:
        networks = check_networks(values["allowed_networks"])
    except ValidationFailed as error:
        errors |= error.fields
    rule = None
    if values["meeting_id"] is not None:
        try:
            rule = _meeting_rule(values)
        except ValidationFailed as error:
            errors |= error.fields
    if errors:
        raise ValidationFailed(fields=errors)
    values = values | {"quorum_rule": rule}
    channels = [Channel(channel).value for channel in Channel if channel in tuple(values["channels"])]
    return values | {"allowed_networks": networks, "channels": channels, "method": _method(values)}


def _meeting_rule(values: dict[str, Any]) -> dict[str, Any]:
    if db.session.get(AttendanceSession, values["meeting_id"]) is None:
        raise ValidationFailed(fields={"meeting_id": _("There is no such meeting. Choose another one.")})
    return presence.checked(values["quorum_rule"] or {}, values["method"], values["seats"], values["max_choices"])


def _method(values: dict[str, Any]) -> Method:
    """Return the method that fits the number of marks: plurality is one mark, approval and k of n are several."""
    if values["method"] is Method.RANKED:
        return Method.RANKED
    return Method.PLURALITY if values["max_choices"] == 1 else Method.APPROVAL


def _join(election: Election, actor: Actor) -> None:
    if actor.role in set(StaffRole) and actor.id is not None:
        membership.join(election.id, actor.id)


def _copied(source: Election) -> dict[str, Any]:
    return {name: getattr(source, name) for name in COPIED}


def _next_period(source: Election) -> tuple[datetime, datetime]:
    now = utc_now()
    if source.opens_at > now:
        return source.opens_at, source.closes_at
    zone = ZoneInfo(platform().settings.timezone)
    days = timedelta(days=(now - source.opens_at).days + 1)
    # In local time: an election at eight stays one at eight when the clocks change in between.
    opens_at = (source.opens_at.astimezone(zone) + days).astimezone(source.opens_at.tzinfo)
    closes_at = (source.closes_at.astimezone(zone) + days).astimezone(source.closes_at.tzinfo)
    return opens_at, max(closes_at, opens_at + timedelta(minutes=1))


def _plain(value: Any) -> Any:
    """Return a setting as JSON keeps it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value
