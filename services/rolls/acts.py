"""Changes of the roll of an open election: dangerous acts, which a second member of staff confirms."""

from __future__ import annotations

import enum
from collections.abc import Collection

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from models import Election, ElectionStatus, RollEntry, Voter, VoterStatus, db
from services import audit_logger
from services.actor import Actor
from services.approvals import Change, DangerousAct, Description, register
from services.approvals.acts import Payload
from services.errors import Conflict, ValidationFailed
from services.rolls.changes import count_on_roll, put_on, take_off
from services.voters import format_voter_number, set_suspended

ROLL_CHANGE = "roll_change"
MOST_AT_ONCE = 200
"""Voters in one request: more than a second person reads in ten minutes."""
NAMED = 10
"""Voters whom the description names."""


class RollAct(enum.StrEnum):
    ADD = "add"
    REMOVE = "remove"
    SUSPEND = "suspend"
    LIFT = "lift"


def change_payload(act: str, voters: Collection[int]) -> Payload:
    """Return what is asked for; raises ValidationFailed for an unknown act, nobody, or too many voters at once."""
    if act not in list(RollAct):
        raise ValidationFailed(fields={"change": _("Choose what to do with these voters.")})
    if not voters:
        raise ValidationFailed(fields={"voters": _("Tick a voter first.")})
    if len(set(voters)) > MOST_AT_ONCE:
        raise ValidationFailed(fields={"voters": _("Choose at most %(most)s voters at once.", most=MOST_AT_ONCE)})
    return {"change": act, "voters": sorted(set(voters))}


def open_roll_of(voter: Voter) -> Election | None:
    """Return an open election on whose roll the voter stands, the oldest first."""
    return db.session.scalar(
        select(Election)
        .join(RollEntry, RollEntry.election_id == Election.id)
        .where(RollEntry.voter_id == voter.id, Election.status == ElectionStatus.ACTIVE)
        .order_by(Election.id)
        .limit(1)
    )


def described(election: Election, payload: Payload) -> Description:
    """Return what a change would do, in words; raises Conflict when it is not possible."""
    _check(election, payload)
    return _describe(election, payload)


def _check(election: Election, payload: Payload) -> None:
    """Every voter asked for must be one whom the act changes: what is confirmed is what was described."""
    if election.status is not ElectionStatus.ACTIVE:
        raise Conflict(_("This election is not open. Its roll is changed on the page Roll before it opens."))
    found, entries = _voters(payload), _entries(election, payload)
    if len(found) != len(payload["voters"]):
        raise Conflict(_("One of these voters is gone. Choose again."))
    act = RollAct(payload["change"])
    if act is RollAct.ADD and entries:
        raise Conflict(_("One of these voters is on the roll already. Choose again."))
    if act is not RollAct.ADD and len(entries) != len(found):
        raise Conflict(_("One of these voters is not on the roll. Choose again."))
    if act is RollAct.REMOVE and any(entries.values()):
        raise Conflict(_("One of these voters has voted and stays on the roll. Choose again."))
    suspended = [voter.status is VoterStatus.SUSPENDED for voter in found]
    if (act is RollAct.SUSPEND and any(suspended)) or (act is RollAct.LIFT and not all(suspended)):
        raise Conflict(_("One of these voters is suspended or admitted already. Choose again."))


def _describe(election: Election, payload: Payload) -> Description:
    act, count = RollAct(payload["change"]), len(payload["voters"])
    titles = {
        RollAct.ADD: _("Add to the roll of an open election"),
        RollAct.REMOVE: _("Remove from the roll of an open election"),
        RollAct.SUSPEND: _("Suspend on the roll of an open election"),
        RollAct.LIFT: _("Admit again on the roll of an open election"),
    }
    effects = {
        RollAct.ADD: ngettext("%(num)s voter can vote then.", "%(num)s voters can vote then.", count),
        RollAct.REMOVE: ngettext("%(num)s voter cannot vote then.", "%(num)s voters cannot vote then.", count),
        RollAct.SUSPEND: ngettext(
            "%(num)s voter can vote nowhere then.", "%(num)s voters can vote nowhere then.", count
        ),
        RollAct.LIFT: ngettext("%(num)s voter can vote again.", "%(num)s voters can vote again.", count),
    }
    now = ngettext("%(num)s voter is on the roll now.", "%(num)s voters are on the roll now.", count_on_roll(election))
    return Description(titles[act], (effects[act], _named(payload), now))


def _perform(election: Election, payload: Payload, reason: str, actor: Actor) -> Change:
    act, before = RollAct(payload["change"]), count_on_roll(election)
    if act is RollAct.ADD:
        put_on(election, Voter.id.in_(payload["voters"]), actor, kind="voters", reason=reason)
    elif act is RollAct.REMOVE:
        take_off(election, payload["voters"], reason, actor)
    else:
        for voter_id in payload["voters"]:
            set_suspended(voter_id, act is RollAct.SUSPEND, reason, actor)
        audit_logger.record(
            "staff:roll:suspension", actor, election_id=election.id, count=len(payload["voters"]), kind=act.value,
            reason=reason,
        )  # fmt: skip
    return Change({"on_roll": before}, {"on_roll": count_on_roll(election)})


def _named(payload: Payload) -> str:
    found = _voters(payload)
    names = ", ".join(f"{voter.name} ({format_voter_number(voter.voter_id)})" for voter in found[:NAMED])
    if len(found) > NAMED:
        return _("%(names)s and %(more)s more.", names=names, more=len(found) - NAMED)
    return f"{names}."


def _voters(payload: Payload) -> list[Voter]:
    wanted = select(Voter).where(Voter.id.in_(payload["voters"])).order_by(Voter.name, Voter.id)
    return list(db.session.scalars(wanted))


def _entries(election: Election, payload: Payload) -> dict[int, bool]:
    """Return whether each has voted, by row id, for those on the roll."""
    rows = db.session.execute(
        select(RollEntry.voter_id, RollEntry.has_voted).where(
            RollEntry.election_id == election.id, RollEntry.voter_id.in_(payload["voters"])
        )
    )
    return {row.voter_id: row.has_voted for row in rows}


register(DangerousAct(ROLL_CHANGE, check=_check, describe=_describe, perform=_perform))
