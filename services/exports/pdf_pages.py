"""Pages that every print shares: an ink head on the first, a slip on the others, time and page number at the foot."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from reportlab.lib.colors import white
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, NextPageTemplate, PageTemplate

from services.clock import local_text, utc_text
from services.exports import pdf_parts as parts
from services.exports.fonts import Face, visual

FOOT = 20 * mm
LATER_HEAD = 18 * mm
SLIP_LETTERS = 90
Story = Callable[[], list[Flowable]]


@dataclass(frozen=True)
class Cover:
    """What a print says of itself: `title` and `kind` in the head, `slip` on later pages, `document` in the file.

    `watermark` is a word across every page.
    """

    title: str
    kind: str
    slip: str
    document: str
    watermark: str = ""


def typeset(cover: Cover, story: Story, styles: parts.Styles, printed_at: datetime, zone: str) -> bytes:
    """Return the PDF; `printed_at` is UTC, `zone` the IANA name of the local time zone.

    Typeset twice, `story` made anew each time: the number of pages is known after the first.
    """
    pages = _build(cover, story(), styles, printed_at, zone, None)[1]
    return _build(cover, story(), styles, printed_at, zone, pages)[0]


def _build(
    cover: Cover, story: list[Flowable], styles: parts.Styles, printed_at: datetime, zone: str, pages: int | None
) -> tuple[bytes, int]:
    face = styles.face
    title = styles.paragraph(cover.title, 21, 25, bold=True, textColor=white)
    printed = _("Printed %(local)s (%(utc)s)", local=local_text(printed_at, zone), utc=utc_text(printed_at))
    last = 0

    def foot(canvas: Any, document: Any) -> None:
        nonlocal last
        last = document.page
        if cover.watermark:
            parts.draw_watermark(canvas, cover.watermark, face)
        page = _("Page %(page)s of %(pages)s", page=document.page, pages=pages or "?")
        parts.draw_foot(canvas, printed, page, face)

    def first(canvas: Any, document: Any) -> None:
        parts.draw_head(canvas, title, cover.kind, face)
        foot(canvas, document)

    def later(canvas: Any, document: Any) -> None:
        parts.draw_slip(canvas, _drawable(cover.slip, face), face)
        foot(canvas, document)

    target = io.BytesIO()
    document = BaseDocTemplate(target, title=cover.document, author="Smart Voting", lang="en")
    document.addPageTemplates(
        [
            PageTemplate("first", [_frame(parts.head_height(title) + 4)], onPage=first),
            PageTemplate("later", [_frame(LATER_HEAD)], onPage=later),
        ]
    )
    document.build([NextPageTemplate("later"), *story])
    return target.getvalue(), last


def _frame(head: float) -> Frame:
    height = parts.PAGE_HEIGHT - head - FOOT
    return Frame(parts.MARGIN, FOOT, parts.TEXT_WIDTH, height, leftPadding=0, rightPadding=0, topPadding=10)


def _drawable(text: str, face: Face) -> str:
    """Return a title as one canvas string: letters of other fonts are left to the paragraphs."""
    return "".join(char if face.can_draw(char) else "·" for char in visual(text[:SLIP_LETTERS]))
