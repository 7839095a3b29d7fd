"""Sentences about a result that pages and prints share."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from services.identification import UnderReview
from services.results import Balance, Result


def verdict_title(result: Result) -> str:
    """Return the one line that says how it stands, e.g. `Amina Solberg is elected`."""
    if not result.counted:
        return _("Not counted yet")
    if not result.final:
        return _ahead(result)
    if len(result.winners) > 1:
        return _("%(names)s are elected", names=result.winner)
    if result.winner:
        return _("%(name)s is elected", name=result.winner)
    return _("A tie") if result.tie else _("No candidate is elected")


def _ahead(result: Result) -> str:
    if len(result.winners) > 1:
        return _("%(names)s are ahead", names=result.winner)
    return _("%(name)s is ahead", name=result.winner) if result.winner else _("Count so far")


def verdict_words(result: Result) -> str:
    """Return the sentence under the title: the winner's votes, and what the count does not decide."""
    if len(result.winners) != 1 or result.total is None:
        return result.note
    first = result.rows[0]
    words = [f"{first.party}."] if first.party else []
    votes = _("%(count)s of %(total)s votes", count=f"{first.count or 0:,}", total=f"{result.total:,}")
    return " ".join([*words, votes + _lead(result), result.note]).strip()


def _lead(result: Result) -> str:
    """Return how far the first is ahead of the second candidate."""
    if len(result.rows) < 2:
        return "."
    first, second = result.rows[0], result.rows[1]
    more = (first.count or 0) - (second.count or 0)
    return _(", %(more)s more than %(name)s.", more=f"{more:,}", name=second.name)


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
