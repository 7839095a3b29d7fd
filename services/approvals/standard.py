"""The dangerous acts of every election: closing early, extending, resetting."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import update

from models import Election, ElectionStatus, StaffSession, db
from services import audit_logger, ballots, booth_sheet, elections, presence
from services.actor import Actor
from services.approvals.acts import Change, DangerousAct, Description, Payload, register
from services.clock import local_text, utc_now, utc_text
from services.context import platform
from services.errors import Conflict, ValidationFailed

CLOSE_EARLY = "close_early"
EXTEND = "extend"
RESET = "reset"
LATEST_YEARS = 10
"""A typing slip must not keep an election open for a century."""


def _check_closing(election: Election, payload: Payload) -> None:
    if election.status is not ElectionStatus.ACTIVE:
        raise Conflict(_("Only an open election can be closed."))
    booth_sheet.check_before_closing(election)


def _describe_closing(election: Election, payload: Payload) -> Description:
    voted, on_roll = elections.roll_counts(election)
    left = ngettext("%(left)s voter has not voted.", "%(left)s voters have not voted.", on_roll - voted,
                    left=f"{on_roll - voted:,}")  # fmt: skip
    until = _("Voting was announced until %(time)s.", time=_both(election.closes_at))
    return Description(
        _("Close the election early"), (left, until, _("Nobody can vote after this. It cannot be opened again."))
    )


def _close(election: Election, payload: Payload, reason: str, actor: Actor) -> Change:
    elections.close_election(election, actor)
    return Change({"status": "active"}, {"status": "closed"})


def new_closing_time(payload: Payload) -> datetime:
    """Return the closing time that an extension asks for, in UTC."""
    return datetime.fromisoformat(payload["closes_at"]).astimezone(UTC)


def _check_extension(election: Election, payload: Payload) -> None:
    if election.status is not ElectionStatus.ACTIVE:
        raise Conflict(_("Only an open election can be extended."))
    wanted = new_closing_time(payload)
    if wanted <= utc_now():
        raise ValidationFailed(fields={"closes_at": _("This time is past. Choose a later one.")})
    if wanted <= election.closes_at:
        now = _both(election.closes_at)
        raise ValidationFailed(
            fields={"closes_at": _("The election closes at %(time)s. Choose a later time.", time=now)}
        )
    if wanted.year > utc_now().year + LATEST_YEARS:
        raise ValidationFailed(fields={"closes_at": _("Check the year.")})
    if too_late := presence.after_meeting(election, wanted):
        raise ValidationFailed(fields={"closes_at": too_late})


def _describe_extension(election: Election, payload: Payload) -> Description:
    voted, on_roll = elections.roll_counts(election)
    wanted = new_closing_time(payload)
    open_now = ngettext(
        "%(num)s voter who has not voted gets more time.", "%(num)s voters who have not voted get more time.",
        on_roll - voted,
    )  # fmt: skip
    words = (
        _("It closes at %(time)s now.", time=_both(election.closes_at)),
        _("It would close at %(time)s.", time=_both(wanted)),
        open_now,
        _("The new time is signed and stands beside the definition. It can be made later again, never earlier."),
    )
    return Description(_("Extend the election"), words)


def _extend(election: Election, payload: Payload, reason: str, actor: Actor) -> Change:
    before, after = election.closes_at, new_closing_time(payload)
    ballots.extend_closing(election, after, reason)
    times = {"before": before.isoformat(), "after": after.isoformat()}
    audit_logger.record("staff:election:extended", actor, election_id=election.id, reason=reason, **times)
    return Change({"closes_at": times["before"]}, {"closes_at": times["after"]})


def _check_reset(election: Election, payload: Payload) -> None:
    if election.status in (ElectionStatus.DRAFT, ElectionStatus.ARCHIVED):
        raise Conflict(_("Only an election that has opened has a round to archive."))


def _describe_reset(election: Election, payload: Payload) -> Description:
    voted, on_roll = elections.roll_counts(election)
    kept = ngettext(
        "%(num)s vote goes to the archive and stays there.", "%(num)s votes go to the archive and stay there.", voted
    )
    fresh = ngettext(
        "%(num)s voter stands on the roll of the fresh round.",
        "%(num)s voters stand on the roll of the fresh round.",
        on_roll,
    )
    again = _("Nothing is deleted. Everybody on the roll can vote again. It cannot be taken back.")
    return Description(_("Archive this round and open a fresh one"), (kept, fresh, again))


def _reset(election: Election, payload: Payload, reason: str, actor: Actor) -> Change:
    before = election.status.value
    fresh = elections.reset_election(election, actor)
    # Whose desk showed the round that is over sees the one that is open.
    db.session.execute(update(StaffSession).where(StaffSession.election_id == election.id).values(election_id=fresh.id))
    return Change({"status": before}, {"status": "archived", "next_round": fresh.id}, next_election=fresh.id)


def _both(moment: datetime) -> str:
    """Return local time with weekday and zone, UTC in brackets."""
    local = local_text(moment, platform().settings.timezone)
    return local if platform().settings.timezone == "UTC" else f"{local} ({utc_text(moment)[:16]} UTC)"


register(DangerousAct(CLOSE_EARLY, check=_check_closing, describe=_describe_closing, perform=_close))
register(DangerousAct(EXTEND, check=_check_extension, describe=_describe_extension, perform=_extend))
register(DangerousAct(RESET, check=_check_reset, describe=_describe_reset, perform=_reset))
