"""What a draft still lacks before it can open, and what somebody should look at first.

Nobody enrolled blocks an election with a booth unless its draft says `opens_without_faces`: then voters are identified
by document until they are enrolled, which takes two members of staff each.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import exists, func, select

from models import Channel, Election, Method, RollEntry, StaffRole, Voter, VoterFace, VoterStatus, db
from services import membership, presence, same_face, ties
from services.clock import utc_now
from services.context import platform
from services.settings_rules import mail_problems

MIN_CHOICES = 2
FOUR_EYES = 2
EXAMPLE_ADDRESS = "@example.org"


class Mend(enum.StrEnum):
    """The place of the desk where a finding is mended."""

    CANDIDATES = "candidates"
    ROLL = "roll"
    VOTERS = "voters"
    SETTINGS = "settings"
    RULES = "rules"
    SERVER = "server"
    STAFF = "staff"
    MEETING = "meeting"


@dataclass(frozen=True)
class Finding:
    """One line of the checklist: it `blocks` the opening, or warns."""

    code: str
    words: str
    mend: Mend
    blocks: bool = True


@dataclass(frozen=True)
class _Roll:
    voters: int
    without_mail: int
    without_face: int
    not_verified: int
    without_account: int


def check(election: Election) -> list[Finding]:
    """Return everything that blocks the opening of a draft, then everything that is worth a look."""
    roll = _roll(election)
    found = [
        *_ballot(election, roll),
        *_voters(election, roll),
        *_times(election),
        *_rules(election, roll),
        *_meeting(election),
        *_house(election),
    ]
    return sorted(found, key=lambda finding: not finding.blocks)


def obstacles(election: Election) -> list[str]:
    """Return plain reasons why a draft cannot be opened; empty when it can."""
    return [finding.words for finding in check(election) if finding.blocks]


def _ballot(election: Election, roll: _Roll) -> list[Finding]:
    names = len(election.candidates)
    if names < MIN_CHOICES:
        words = _("The ballot has fewer than %(count)s names.", count=MIN_CHOICES)
        return [Finding("few_choices", words, Mend.CANDIDATES)]
    if election.method is Method.RANKED:
        return _seen_by_their_order(names, roll)
    if election.max_choices > names:
        words = _("A voter may mark more names than the ballot has.")
        return [Finding("marks_all", words, Mend.SETTINGS, blocks=False)]
    return []


def _seen_by_their_order(names: int, roll: _Roll) -> list[Finding]:
    """Warn where there are more orders than voters: ballots are published, and a rare order can be somebody's mark."""
    orders = sum(math.perm(names, places) for places in range(1, names + 1))
    if orders <= roll.voters:
        return []
    words = _(
        "%(names)s names can be ranked in %(orders)s ways, more than there are voters. Ballots are published without"
        " names: somebody who tells a voter to rank in a rare order could look for it. Fewer names make it harder.",
        names=names, orders=f"{orders:,}",
    )  # fmt: skip
    return [Finding("rankings_seen", words, Mend.CANDIDATES, blocks=False)]


def _voters(election: Election, roll: _Roll) -> list[Finding]:
    if roll.voters == 0:
        return [Finding("empty_roll", _("The electoral roll is empty."), Mend.ROLL)]
    found = [*_faces(election, roll), *_accounts(election, roll)]
    if count := roll.without_mail:
        words = _no_mail(election, count)
        found.append(Finding("no_mail", words, Mend.VOTERS, blocks=False))
    if count := roll.not_verified:
        words = ngettext(
            "%(num)s voter on the roll is not verified and cannot vote.",
            "%(num)s voters on the roll are not verified and cannot vote.",
            count,
        )
        found.append(Finding("not_verified", words, Mend.VOTERS, blocks=False))
    if doubt := same_face.opening_warning(election):
        found.append(Finding("same_face", doubt, Mend.VOTERS, blocks=False))
    return found


def _no_mail(election: Election, count: int) -> str:
    if election.channels == [Channel.LINK]:
        return ngettext(
            "%(num)s voter has no e-mail address, gets no voting link and cannot vote.",
            "%(num)s voters have no e-mail address, get no voting link and cannot vote.",
            count,
        )
    return ngettext(
        "%(num)s voter has no e-mail address and gets no confirmation.",
        "%(num)s voters have no e-mail address and get no confirmation.",
        count,
    )


def _faces(election: Election, roll: _Roll) -> list[Finding]:
    if Channel.BOOTH not in election.channels or not roll.without_face:
        return []
    if roll.without_face < roll.voters:
        words = ngettext(
            "%(num)s voter has no enrolled face and is identified by document.",
            "%(num)s voters have no enrolled face and are identified by document.",
            roll.without_face,
        )
        return [Finding("some_faces", words, Mend.VOTERS, blocks=False)]
    words = _("Nobody on the roll is enrolled with a face.")
    if election.opens_without_faces:
        words += " " + _("Until then every voter is identified by document.")
        return [Finding("no_faces", words, Mend.VOTERS, blocks=False)]
    words += " " + _("Enrol the voters first, or allow opening without faces in the settings.")
    return [Finding("no_faces", words, Mend.VOTERS)]


def _accounts(election: Election, roll: _Roll) -> list[Finding]:
    """Where the account is the only way to vote, who has none cannot: all of them block, some are a warning."""
    if set(election.channels) != {Channel.ACCOUNT} or not roll.without_account:
        return []
    if roll.without_account == roll.voters:
        words = _("Nobody on the roll has a voter account. Add another channel, or nobody can vote.")
        return [Finding("no_channel", words, Mend.SETTINGS)]
    words = ngettext(
        "%(num)s voter on the roll has no voter account yet and cannot vote without one.",
        "%(num)s voters on the roll have no voter account yet and cannot vote without one.",
        roll.without_account,
    )
    return [Finding("few_accounts", words, Mend.VOTERS, blocks=False)]


def _times(election: Election) -> list[Finding]:
    now = utc_now()
    if election.closes_at <= now:
        return [Finding("closing_past", _("The closing time is past."), Mend.SETTINGS)]
    if election.opens_at <= now:
        words = _("The opening time is past: voting begins at once.")
        return [Finding("opening_past", words, Mend.SETTINGS, blocks=False)]
    return []


def _rules(election: Election, roll: _Roll) -> list[Finding]:
    found = []
    if problem := ties.lot_order_problem(election):
        found.append(Finding("lot_order", problem, Mend.RULES))
    elif election.method is Method.RANKED and election.lot_order is None:
        words = _("A ranked count breaks its ties by the lot order. Draw the lots first.")
        found.append(Finding("lot_order", words, Mend.RULES))
    if election.is_secret and election.live_batch and roll.voters < 2 * election.live_batch:
        words = _("The roll is too short for live counts: they begin when two batches wait in the box.")
        found.append(Finding("batch_too_large", words, Mend.SETTINGS, blocks=False))
    if election.identity_check and Channel.LINK in election.channels:
        words = _("Faces are checked in voter accounts only: who votes by link needs no more than the mail.")
        found.append(Finding("link_without_face", words, Mend.SETTINGS, blocks=False))
    return found


def _meeting(election: Election) -> list[Finding]:
    """Presence at the vote's meeting; a quorum that does not hold is mended by people, not by a page."""
    mend = {"motion_choices": Mend.CANDIDATES, "not_in_group": Mend.ROLL, "not_on_roll": Mend.ROLL}
    return [
        Finding(one.code, one.words, mend.get(one.code, Mend.MEETING), one.blocks)
        for one in presence.problems(election)
    ]


def _house(election: Election) -> list[Finding]:
    settings = platform().settings
    found = [Finding("mail", problem, Mend.SERVER) for problem in mail_problems(settings)]
    if settings.mail_transport == "development":
        words = _("Mail stays on this computer: no confirmation reaches a voter (MAIL_TRANSPORT).")
        found.append(Finding("mail_stays", words, Mend.SERVER, blocks=False))
    elif settings.alert_recipient.endswith(EXAMPLE_ADDRESS):
        words = _("Alerts go to an example address (ALERT_RECIPIENT).")
        found.append(Finding("alerts_nowhere", words, Mend.SERVER, blocks=False))
    if membership.count_members(election.id, StaffRole.ADMIN) < FOUR_EYES:
        words = _("There is one administrator only: nobody can confirm what needs a second person.")
        found.append(Finding("one_admin", words, Mend.STAFF, blocks=False))
    return found


def _roll(election: Election) -> _Roll:
    enrolled = exists().where(VoterFace.voter_id == Voter.id)
    row = db.session.execute(
        select(
            func.count(),
            func.count().filter(func.coalesce(Voter.email, "") == ""),
            func.count().filter(~enrolled),
            func.count().filter(Voter.status != VoterStatus.VERIFIED),
            func.count().filter(Voter.password_hash.is_(None)),
        )
        .select_from(RollEntry)
        .join(Voter, Voter.id == RollEntry.voter_id)
        .where(RollEntry.election_id == election.id)
    ).one()
    return _Roll(*row)
