"""A booth sheet in sentences that pages and prints share."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import ngettext

from services.booth_sheet.figures import Figures


def equation(figures: Figures) -> str:
    """Return e.g. `41 check-ins = 36 votes + 2 left + 1 expired + 2 refused. It balances.`

    Where the two sides differ: `41 check-ins, but 36 votes + 2 left = 38. It does not balance. ...`
    """
    if not figures.checkins and not figures.outcomes and figures.balanced:
        return _("No check-ins.")
    checkins = ngettext("%(count)s check-in", "%(count)s check-ins", figures.checkins, count=f"{figures.checkins:,}")
    terms = " + ".join(_terms(figures))
    if figures.checkins == figures.outcomes:
        sides = f"{checkins} = {terms}."
    else:
        total = f"{figures.outcomes:,}"
        sides = _("%(checkins)s, but %(terms)s = %(total)s.", checkins=checkins, terms=terms, total=total)
    verdict = _("It balances.") if figures.balanced else _("It does not balance.")
    return " ".join([sides, verdict, *faults(figures)])


def faults(figures: Figures) -> list[str]:
    """Return a sentence for each kind of what does not fit."""
    found = []
    if count := figures.missing:
        found.append(ngettext("%(num)d check-in opened no ballot.", "%(num)d check-ins opened no ballot.", count))
    if count := figures.lost:
        words = "%(num)d ballot is marked as cast, but its vote is missing."
        found.append(ngettext(words, "%(num)d ballots are marked as cast, but their votes are missing.", count))
    if count := figures.extra:
        found.append(
            ngettext("%(num)d ballot or vote has no check-in.", "%(num)d ballots or votes have no check-in.", count)
        )
    return found


def document_words(figures: Figures) -> str:
    """Return what became of the ballots opened by document, e.g. `By document: 2 votes, 1 left.`, or ''."""
    if not figures.by_document:
        return ""
    parts = [
        _votes(figures.document_votes),
        *_when(figures.document_left, _("left")),
        *_when(figures.document_expired, _("expired")),
        *_when(figures.document_waiting, _("still open")),
    ]
    return _("By document: %(parts)s.", parts=", ".join(parts))


def _terms(figures: Figures) -> list[str]:
    return [
        _votes(figures.votes),
        *_when(figures.left, _("left")),
        *_when(figures.expired, _("expired")),
        *_when(figures.waiting, _("still open")),
        *_when(figures.by_document, _("by document")),
        *_when(figures.refused, _("refused")),
    ]


def _votes(count: int) -> str:
    return ngettext("%(count)s vote", "%(count)s votes", count, count=f"{count:,}")


def _when(count: int, word: str) -> list[str]:
    return [f"{count:,} {word}"] if count else []
