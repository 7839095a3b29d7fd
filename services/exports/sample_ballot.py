"""The ballot to print and look at (A4), with SAMPLE across every page: it is no ballot and cannot be cast."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, KeepTogether, Table

from config import PROJECT
from models import CandidateOrder, Election, ElectionStatus, Method
from services import ballots, ties
from services.clock import local_text, utc_text
from services.context import platform
from services.errors import DomainError
from services.exports import pdf_parts as parts
from services.exports.drawings import OUTLINED
from services.exports.fonts import choose_face
from services.exports.pdf_pages import Cover, typeset
from services.result_rules import rules_of
from services.result_words import rules_heading

BOX, TILE = 8 * mm, 14 * mm
PICTURE = 13 * mm
NOTA_SYMBOL = PROJECT / "static" / "img" / "symbols" / "symbol-nota.png"


def sample_ballot_pdf(election: Election, printed_at: datetime, zone: str) -> bytes:
    """Return the PDF; `printed_at` is UTC, `zone` the IANA name of the local time zone.

    The choices are those of the signed definition once there is one; a draft says that it can still change.
    """
    choices = ballots.choices_of(election)
    said = [str(choice["name"]) + str(choice["party"] or "") + str(choice["description"]) for choice in choices]
    styles = parts.Styles(choose_face("".join([election.title, election.description, *said])))
    name = f"{_('Sample ballot')} – {election.title}"
    cover = Cover(election.title, _("Sample ballot"), name, name, watermark=_("SAMPLE"))
    return typeset(cover, lambda: _story(election, choices, styles, zone), styles, printed_at, zone)


def _story(election: Election, choices: list[dict[str, Any]], styles: parts.Styles, zone: str) -> list[Flowable]:
    how = _("Mark one name, or none of the above.")
    if ties.is_motion(election):
        how = _("Mark yes, no, or the abstention.")
    elif election.method is Method.RANKED:
        how = _("Number the names in your order: 1, 2, 3. Or mark none of the above.")
    elif election.max_choices > 1:
        how = _("Mark up to %(count)s names, or none of the above.", count=election.max_choices)
    story: list[Flowable] = [styles.paragraph(how, 20, 25, bold=True, spaceBefore=14)]
    if election.description:
        story.append(styles.paragraph(election.description, 11, 16, spaceBefore=4, textColor=parts.INK_SECOND))
    story += [
        styles.paragraph(_period(election, zone), 10, 14, spaceBefore=6),
        styles.small(f"{order_words(election)} {_('This is a sample. It cannot be cast.')}", spaceBefore=2),
        _rows(choices, {"name": ties.nota_name(election), "party": ties.nota_note(election)}, styles),
        KeepTogether([styles.heading(rules_heading(ties.is_motion(election))), *_rules(election, styles)]),
        KeepTogether([styles.heading(_("What vouches for this ballot")), *_vouchers(election, styles)]),
    ]
    return story


def order_words(election: Election) -> str:
    """Return in which order voters see the names."""
    if election.candidate_order is CandidateOrder.SHUFFLED:
        return _("The order of the names is drawn anew for every voter; none of the above stands last.")
    return _("Every voter sees the names in this order.")


def _period(election: Election, zone: str) -> str:
    begin, end = local_text(election.opens_at, zone), local_text(election.closes_at, zone)
    utc = f"{utc_text(election.opens_at)[:16]} – {utc_text(election.closes_at)[:16]} UTC"
    return _("Voting: %(begin)s to %(end)s (%(utc)s).", begin=begin, end=end, utc=utc)


def _rows(choices: list[dict[str, Any]], nota: dict[str, Any], styles: parts.Styles) -> Table:
    """Return one row a choice, all alike: box, portrait, symbol, name over party; NOTA last."""
    rows: list[list[Any]] = [
        [_box(), _picture(choice["image_path"]), _picture(choice["symbol_path"]), _who(choice, styles)]
        for choice in choices
    ]
    rows.append([_box(), "", Image(str(NOTA_SYMBOL), PICTURE, PICTURE), _who(nota, styles)])
    rules: list[Any] = [
        ("LINEABOVE", (0, 0), (-1, 0), 1.4, parts.INK),
        ("LINEBELOW", (0, 0), (-1, -2), 0.5, parts.HAIRLINE),
        ("LINEBELOW", (0, -1), (-1, -1), 1.4, parts.INK),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    widths = [BOX + 4 * mm, TILE + 2 * mm, TILE + 3 * mm]
    widths.append(parts.TEXT_WIDTH - sum(widths))
    return Table(rows, colWidths=widths, style=rules, spaceBefore=12)


def _who(choice: dict[str, Any], styles: parts.Styles) -> list[Flowable]:
    party = choice["party"] or choice.get("description") or _("Independent")
    return [
        styles.paragraph(choice["name"], 13, 16.5, bold=True),
        styles.paragraph(party, 9.5, 12.5, textColor=parts.INK_SECOND),
    ]


def _box() -> Drawing:
    drawing = Drawing(BOX, BOX)
    drawing.add(Rect(0.7, 0.7, BOX - 1.4, BOX - 1.4, **OUTLINED))
    return drawing


def _picture(path: str | None) -> Flowable | str:
    """Return a public picture in its frame; the place stays empty where there is none, or where it is damaged."""
    if not path:
        return ""
    try:
        content = platform().storage.read(path)
    except DomainError:
        return ""
    return Image(io.BytesIO(content), PICTURE, PICTURE, kind="proportional")


def _rules(election: Election, styles: parts.Styles) -> list[Flowable]:
    said: list[Flowable] = [styles.paragraph(rule, 10, 14, spaceBefore=2) for rule in rules_of(election)]
    if names := ties.lot_names(election):
        order = ", ".join(f"{place}. {name}" for place, name in enumerate(names, start=1))
        said.append(styles.paragraph(_("Lot order: %(names)s.", names=order), 10, 14, spaceBefore=2))
    return said


def _vouchers(election: Election, styles: parts.Styles) -> list[Flowable]:
    if election.status is ElectionStatus.DRAFT or election.definition_hash is None:
        draft = _("This is a draft and can still change. It is signed when the election opens.")
        return [styles.paragraph(draft, bold=True)]
    facts = [
        (_("Signed definition"), parts.grouped(election.definition_hash.hex())),
        (_("Key that signed it"), parts.grouped(platform().keyring.fingerprints()["signing"])),
    ]
    return [styles.facts(facts)]
