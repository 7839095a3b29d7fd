"""The result as a printed document (A4): cover, charts, tables, turnout, how a tie was resolved, booth sheets."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, PageBreak

from services.clock import local_text, utc_text
from services.errors import Conflict
from services.exports import pdf_appendix, pdf_figures, pdf_rounds
from services.exports import pdf_parts as parts
from services.exports.fonts import choose_face
from services.exports.pdf_notes import words_of
from services.exports.pdf_pages import Cover, typeset
from services.result_report import Appendix
from services.result_words import balance_sentence, both_times, verdict_title, verdict_words, votes_heading
from services.results import Result


def pdf_export(result: Result, printed_at: datetime, zone: str, appendix: Appendix | None = None) -> bytes:
    """Return the PDF; `printed_at` is UTC, `zone` the IANA name of the local time zone.

    Raises Conflict while the counts may not be seen.
    """
    if result.total is None:
        raise Conflict(result.note)
    appendix = appendix or Appendix()
    said = _letters(result, appendix)
    styles = parts.Styles(choose_face(said))
    kind = _("Final result") if result.final else _("Count so far, not final")
    cover = Cover(result.title, kind, result.title, f"{_('Result')} – {result.title}")
    return typeset(cover, lambda: _story(result, appendix, styles, said, zone), styles, printed_at, zone)


def _letters(result: Result, appendix: Appendix) -> str:
    """Return all that people wrote, so that a font is chosen that has its letters."""
    made = result.resolution
    typed = [made.drawn_by, made.how, made.witnesses, made.reason, made.recorded_by] if made else []
    names = [row.name + row.party for row in result.rows]
    booths = [*(sheet.name for sheet in appendix.sheets), words_of(appendix.notes)]
    names.append(result.presence.meeting if result.presence else "")
    return "".join([result.title, result.note, *names, *typed, *booths])


def _story(result: Result, appendix: Appendix, styles: parts.Styles, said: str, zone: str) -> list[Flowable]:
    story = [*_cover(result, appendix, styles, zone), PageBreak()]
    if result.rounds is not None:
        story += [styles.heading(_("Round by round")), *pdf_rounds.rounds(result.rounds, styles)]
    story += [
        CondPageBreak(60 * mm),
        styles.heading(votes_heading(result)),
        pdf_figures.bars([(row.name, row.party, row) for row in result.rows], result.nota, styles),
        *_parties(result, styles),
        CondPageBreak(60 * mm),
        styles.heading(_("First preferences in figures") if result.ranked else _("All figures")),
        pdf_figures.table(result, styles),
        styles.small(_("Shares are rounded; they may not add up to exactly 100 %."), spaceBefore=6),
    ]
    story += [*pdf_appendix.turnout(appendix, styles, zone), *pdf_appendix.rules(result, styles)]
    story += pdf_appendix.sheets(appendix, styles, zone)
    if styles.face.lacks(said):
        lacking = _("This machine has no font for some letters of a name; a ? stands for each. The CSV has them.")
        story.append(styles.small(lacking, spaceBefore=10))
    return [*story, *(pdf_appendix.signatures(result, styles) if result.resolution else [])]


def _parties(result: Result, styles: parts.Styles) -> list[Flowable]:
    """Return the sums of the parties; a motion has none."""
    if not result.parties:
        return []
    heading = _("First preferences for each party") if result.ranked else _("Votes for each party")
    bars = pdf_figures.bars([(party.name, "", party) for party in result.parties], result.nota, styles)
    return [CondPageBreak(45 * mm), styles.heading(heading), bars]


def _cover(result: Result, appendix: Appendix, styles: parts.Styles, zone: str) -> list[Flowable]:
    """Return the first page: the verdict, the figures, how it adds up, and what vouches for it."""
    story: list[Flowable] = [
        styles.paragraph(verdict_title(result), 24, 29, bold=True, spaceBefore=14),
        styles.paragraph(verdict_words(result), 11, 16, spaceBefore=5, textColor=parts.INK_SECOND),
        *([] if result.intact else [_not_intact(styles)]),
        pdf_figures.figures(result, styles),
        styles.paragraph(balance_sentence(result.balance, result.secret), spaceBefore=12),
    ]
    if appendix.under_review:
        story.append(styles.paragraph(appendix.under_review, 10, 14, bold=True, spaceBefore=6))
    if result.resolution:
        story += pdf_appendix.resolution(result.resolution, styles, zone)
    story += [styles.heading(_("The election")), styles.facts(_facts(result, appendix, zone))]
    # The words about a resolved tie fill the cover; it is signed at the end then.
    return story if result.resolution else [*story, *pdf_appendix.signatures(result, styles)]


def _facts(result: Result, appendix: Appendix, zone: str) -> list[tuple[str, str]]:
    secret, recorded = _("Secret. No vote is stored with its voter."), _("Recorded. Each choice stands with its voter.")
    facts = [(_("Ballot"), secret if result.secret else recorded)]
    if result.opens_at and result.closes_at:
        begin, end = local_text(result.opens_at, zone), local_text(result.closes_at, zone)
        utc = f"{utc_text(result.opens_at)[:16]} – {utc_text(result.closes_at)[:16]} UTC"
        facts.append((_("Voting period"), f"{begin} – {end} ({utc})"))
    for label, moment in ((_("Closed"), result.closed_at), (_("Counted"), result.counted_at)):
        if moment is not None:
            facts.append((label, both_times(moment, zone)))
    if result.presence is not None:
        facts += [(_("Meeting"), result.presence.meeting), (_("Presence"), " ".join(result.presence.sentences))]
    if result.presence is None or not result.presence.motion:
        facts.append((_("Seats"), f"{result.seats}"))
    if result.fingerprint:
        facts.append((_("Signed definition"), parts.grouped(result.fingerprint)))
    if appendix.key_fingerprint:
        facts.append((_("Key that signed it"), parts.grouped(appendix.key_fingerprint)))
    return facts


def _not_intact(styles: parts.Styles) -> Flowable:
    words = _("The stored election differs from its signed definition. Do not rely on this result.")
    return styles.paragraph(words, 11, 16, bold=True, spaceBefore=6, textColor=parts.DANGER)
