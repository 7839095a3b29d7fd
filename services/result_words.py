"""Sentences about a result that pages and prints share."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import ngettext

from models import LotMethod
from services.clock import local_text, utc_text
from services.identification import UnderReview
from services.meeting_result import headline
from services.results import Balance, Resolution, Result
from services.rounds import Rounds, grouped, listed


def verdict_title(result: Result) -> str:
    """Return the one line that says how it stands, e.g. `Amina Solberg is elected`."""
    if not result.counted:
        return _("Not counted yet")
    if not result.final:
        return _ahead(result)
    if result.presence and (said := headline(result.presence.outcome)):
        return said
    if result.winner and result.undecided:
        return _("Elected: %(names)s. A tie for the last seat", names=result.winner)
    if len(result.winners) > 1:
        return _("%(names)s are elected", names=result.winner)
    if result.winner:
        by_lot = _("%(name)s is elected by lot", name=result.winner)
        return by_lot if result.resolution else _("%(name)s is elected", name=result.winner)
    return _("A tie") if result.undecided else _("No candidate is elected")


def _ahead(result: Result) -> str:
    if len(result.winners) > 1:
        return _("%(names)s are ahead", names=result.winner)
    return _("%(name)s is ahead", name=result.winner) if result.winner else _("Count so far")


def verdict_words(result: Result) -> str:
    """Return the sentence under the title: the winner's votes, and what the count does not decide."""
    if result.presence and headline(result.presence.outcome):
        return result.presence.sentences[-1 if result.presence.held else 1]
    if result.resolution:
        return tie_sentence(result)
    if result.rounds is not None and result.winners:
        return rounds_sentence(result, result.rounds)
    if len(result.winners) != 1 or result.total is None or result.undecided:
        return result.note
    first = result.rows[0]
    words = [f"{isolated(first.party)}."] if first.party else []
    votes = _("%(count)s of %(total)s votes", count=f"{first.count or 0:,}", total=f"{result.total:,}")
    return " ".join([*words, votes + _lead(result), result.note]).strip()


def rounds_sentence(result: Result, rounds: Rounds) -> str:
    """Return how many ballots and rounds a ranked count had, and the quota or the winner's votes at its end."""
    said = ngettext("Counted in %(num)d round", "Counted in %(num)d rounds", len(rounds.rounds))
    if rounds.quota:
        return _("%(said)s. The quota was %(quota)s votes.", said=said, quota=rounds.quota)
    last = rounds.lines[0].cells[-1]
    rest = sum(line.cells[-1].units for line in rounds.lines)
    return _(
        "%(said)s. %(votes)s of the %(all)s votes that remained in the last one.",
        said=said, votes=last.votes, all=grouped(rest),
    )  # fmt: skip


def tie_sentence(result: Result) -> str:
    """Return who has the same number of votes and whom the lot elected, '' without a resolved tie."""
    made = result.resolution
    if made is None:
        return ""
    names = listed(result.tie)
    if not made.elected:
        return _("%(names)s have the same number of votes. The lot fell on none of the above.", names=names)
    elected = listed(made.elected)
    return _("%(names)s have the same number of votes. The lot elected %(elected)s.", names=names, elected=elected)


def resolution_facts(made: Resolution, zone: str) -> list[tuple[str, str]]:
    """Return how a tie was resolved as names and values; times local to the IANA `zone`, UTC in brackets."""
    published = made.kind == LotMethod.PUBLISHED.value
    people = made.recorded_by
    if made.confirmed_by not in ("", made.recorded_by):
        people = _("%(first)s, confirmed by %(second)s", first=made.recorded_by, second=made.confirmed_by)
    facts = [
        (_("How"), made.how),
        (_("Lots in order"), ", ".join(f"{place}. {name}" for place, name in enumerate(made.lots, start=1))),
        (_("Published") if published else _("Drawn"), both_times(made.drawn_at, zone)),
        (_("By"), made.drawn_by),
        (_("Witnesses"), made.witnesses or _("none named")),
        (_("Recorded"), f"{both_times(made.recorded_at, zone)}, {people}"),
    ]
    return [*facts, (_("Reason"), made.reason)] if made.reason else facts


def both_times(moment: datetime, zone: str) -> str:
    """Return local time with weekday and zone, UTC in brackets where it is another."""
    if moment.astimezone(ZoneInfo(zone)).tzname() == "UTC":
        return local_text(moment, zone)
    return f"{local_text(moment, zone)} ({utc_text(moment)})"


def _lead(result: Result) -> str:
    """Return how far the first is ahead of the second candidate."""
    if len(result.rows) < 2:
        return "."
    first, second = result.rows[0], result.rows[1]
    more = (first.count or 0) - (second.count or 0)
    return _(", %(more)s more than %(name)s.", more=f"{more:,}", name=isolated(second.name))


def isolated(name: str) -> str:
    """Return a name that does not turn the figures beside it: right-to-left ones stand in isolates (Unicode UAX 9)."""
    turns = any(unicodedata.bidirectional(char) in ("R", "AL") for char in name)
    return f"\u2068{name}\u2069" if turns else name


def balance_sentence(balance: Balance, secret: bool) -> str:
    """Return e.g. `731 votes = 720 ballots sealed and counted + 11 in the ballot box. It balances.`"""
    parts = [_counted(balance.ballots, secret)]
    if secret:
        parts.append(_("%(count)s in the ballot box", count=f"{balance.box:,}"))
    if balance.spoiled:
        parts.append(_("%(count)s spoiled", count=f"{balance.spoiled:,}"))
    votes = ngettext("%(count)s vote", "%(count)s votes", balance.votes, count=f"{balance.votes:,}")
    verdict = _("It balances.") if balance.balanced else _("It does not balance. Call the operator.")
    return f"{votes} = {' + '.join(parts)}. {verdict}"


def under_review_sentence(counts: UnderReview) -> str:
    """Return the sentences about votes whose voter's identification is in doubt; empty when there are none."""
    words = []
    if counts.rejected:
        words.append(
            ngettext(
                "%(count)s vote is under review: the identification of its voter was rejected afterwards."
                " It stays in the count.",
                "%(count)s votes are under review: the identification of their voters was rejected afterwards."
                " They stay in the count.",
                counts.rejected,
                count=f"{counts.rejected:,}",
            )
        )
    if counts.waiting:
        words.append(
            ngettext(
                "The identification of %(count)s voter who voted still waits for a review.",
                "The identifications of %(count)s voters who voted still wait for a review.",
                counts.waiting,
                count=f"{counts.waiting:,}",
            )
        )
    return " ".join(words)


def _counted(count: int, secret: bool) -> str:
    said = f"{count:,}"
    if secret:
        return ngettext(
            "%(count)s ballot sealed and counted", "%(count)s ballots sealed and counted", count, count=said
        )
    return ngettext("%(count)s recorded choice", "%(count)s recorded choices", count, count=said)


def votes_heading(result: Result) -> str:
    """Return what stands over the count: names, first preferences, or the answers of a motion."""
    if result.ranked:
        return _("First preferences")
    return _("Answers") if result.presence and result.presence.motion else _("Votes for each candidate")


def rules_heading(motion: bool) -> str:
    """Return what stands over the rules that were published before voting."""
    return _("How it is decided") if motion else _("How the winner is found")
