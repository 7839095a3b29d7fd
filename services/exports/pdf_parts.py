"""What a printed result is drawn with: colours, paragraph styles, bars, the ink head and the foot of a page.

The look is that of the pages (look.md): an ink head, the perforation, then paper. Lengths are points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Table

from services import charts
from services.exports.drawings import drawing
from services.exports.fonts import Face, turns

INK, INK_BAR, INK_SECOND = HexColor("#0b2e39"), HexColor("#123f4d"), HexColor("#1b5263")
HAIRLINE, MIST, DANGER = HexColor("#d2dddf"), HexColor("#d5e3e5"), HexColor("#991b15")
WATERMARK = HexColor("#e3eaeb")
PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 20 * mm
TEXT_WIDTH = PAGE_WIDTH - 2 * MARGIN
HOLE_RADIUS, HOLE_STEP = 3.4, 11.6
HEAD_TOP, HEAD_BOTTOM = 27 * mm, 9 * mm
BAR_HEIGHT, BAR_WIDTH = 26.0, 88 * mm
FACT_WIDTH = 36 * mm


class Turned(Paragraph):
    """A paragraph with right-to-left words: broken into lines first, then each line is turned.

    Turned as a whole, its end would stand on the first line.
    """

    def turn(self, text: str, face: Face, bold: bool) -> Turned:
        """Remember the text as it is read; the room for its lines is known when it is laid out."""
        self._read = text, face, bold
        return self

    def wrap(self, room: float, height: float) -> tuple[float, float]:
        """Break and turn the text for `room`, and return width and height, in points."""
        if read := getattr(self, "_read", None):
            text, face, bold = read
            lines = face.lines(text, room, self.style.fontSize, bold)
            Paragraph.__init__(self, "<br/>".join(map(face.marked, lines)), self.style)
        width, needed = super().wrap(room, height)
        return float(width), float(needed)


@dataclass(frozen=True)
class Styles:
    """Paragraph styles of one document; the face decides the fonts."""

    face: Face

    def make(self, size: float, lead: float, bold: bool = False, **more: Any) -> ParagraphStyle:
        """Return a style of `size` points with `lead` points from line to line."""
        name = self.face.bold if bold else self.face.regular
        more.setdefault("textColor", INK)
        return ParagraphStyle(f"s{size}", fontName=name, fontSize=size, leading=lead, **more)

    def paragraph(self, text: str, size: float = 10, lead: float = 14, bold: bool = False, **more: Any) -> Paragraph:
        """Return a paragraph of plain text; nothing in it is read as markup."""
        style = self.make(size, lead, bold, **more)
        if turns(text):
            return Turned(self.face.marked(text), style).turn(text, self.face, bold)
        return Paragraph(self.face.marked(text), style)

    def small(self, text: str, **more: Any) -> Paragraph:
        """Return a remark in the second voice."""
        return self.paragraph(text, 9, 13, **{"textColor": INK_SECOND, **more})

    def facts(self, facts: list[tuple[str, str]]) -> Table:
        """Return names and values in two columns, hairlines between."""
        rows = [[self.paragraph(name, 9.5, 13.5, textColor=INK_SECOND), self.paragraph(value)] for name, value in facts]
        rules: list[Any] = [
            ("LINEBELOW", (0, 0), (-1, -2), 0.5, HAIRLINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 3.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
        ]
        return Table(rows, colWidths=[FACT_WIDTH, TEXT_WIDTH - FACT_WIDTH], style=rules)

    def heading(self, text: str) -> Paragraph:
        """Return the heading of a section."""
        return self.paragraph(text, 13, 17, bold=True, spaceBefore=20, spaceAfter=6)


def table_rules() -> list[Any]:
    """Return the rules of a table with a head and a sum: ink under the head and over the sum, hairlines between."""
    return [
        ("LINEBELOW", (0, 0), (-1, 0), 1.4, INK),
        ("LINEBELOW", (0, 1), (-1, -3), 0.5, HAIRLINE),
        ("LINEABOVE", (0, -1), (-1, -1), 1.4, INK),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]


def grouped(code: str) -> str:
    """Return a fingerprint in groups of four, so that it can be read aloud and broken over lines."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def bar(face: Face, value: int, share: str, most: int, hatched: bool = False) -> Drawing:
    """Return one bar from zero with its value beside it; the longest bar of the chart has `most`."""
    return drawing(charts.bar(value, share, most, hatched), BAR_WIDTH, BAR_HEIGHT, face, beyond=3)


def columns(face: Face, given: list[charts.Column]) -> Drawing:
    """Return columns over time, as wide as the text."""
    return drawing(charts.columns(given), TEXT_WIDTH, charts.COLUMNS_HEIGHT, face)


def head_height(title: Paragraph) -> float:
    """Return the height of the ink head for a title of any length."""
    return float(HEAD_TOP + title.wrap(TEXT_WIDTH, PAGE_HEIGHT / 3)[1] + HEAD_BOTTOM + 16)


def draw_head(canvas: Any, title: Paragraph, kind: str, face: Face) -> None:
    """Draw the counterfoil on top of the first page: mark, name, what this is, title, perforation."""
    height = head_height(title)
    bottom = PAGE_HEIGHT - height
    canvas.setFillColor(INK)
    canvas.rect(0, bottom, PAGE_WIDTH, height, stroke=0, fill=1)
    _perforate(canvas, bottom)
    _mark(canvas, MARGIN, PAGE_HEIGHT - 18.5 * mm, 24)
    canvas.setFillColor(white)
    canvas.setFont(face.bold, 12)
    canvas.drawString(MARGIN + 33, PAGE_HEIGHT - 16.7 * mm, "Smart Voting")
    canvas.setFillColor(MIST)
    canvas.setFont(face.regular, 10)
    canvas.drawRightString(PAGE_WIDTH - MARGIN, PAGE_HEIGHT - 16.6 * mm, kind)
    title.drawOn(canvas, MARGIN, bottom + HEAD_BOTTOM + 10)


def draw_slip(canvas: Any, title: str, face: Face) -> None:
    """Draw the narrow head of the pages that follow."""
    canvas.setFillColor(INK)
    canvas.rect(0, PAGE_HEIGHT - 13 * mm, PAGE_WIDTH, 13 * mm, stroke=0, fill=1)
    _perforate(canvas, PAGE_HEIGHT - 13 * mm)
    canvas.setFillColor(white)
    canvas.setFont(face.bold, 9.5)
    canvas.drawString(MARGIN, PAGE_HEIGHT - 8.2 * mm, title)


def draw_foot(canvas: Any, printed: str, page: str, face: Face) -> None:
    """Draw the line at the foot: when it was printed, and which page of how many."""
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.8)
    canvas.line(MARGIN, 16 * mm, PAGE_WIDTH - MARGIN, 16 * mm)
    canvas.setFillColor(INK_SECOND)
    canvas.setFont(face.regular, 8.5)
    canvas.drawString(MARGIN, 11.5 * mm, printed)
    canvas.drawRightString(PAGE_WIDTH - MARGIN, 11.5 * mm, page)


def draw_watermark(canvas: Any, word: str, face: Face) -> None:
    """Draw a word from corner to corner, light enough to read through and dark enough to survive a copy."""
    canvas.saveState()
    canvas.translate(PAGE_WIDTH / 2, PAGE_HEIGHT / 2 - 30 * mm)
    canvas.rotate(52)
    canvas.setFont(face.bold, 120)
    canvas.setFillColor(WATERMARK)
    canvas.drawCentredString(0, -40, word)
    canvas.restoreState()


def _perforate(canvas: Any, height: float) -> None:
    canvas.setFillColor(white)
    left = HOLE_STEP / 2
    while left < PAGE_WIDTH:
        canvas.circle(left, height, HOLE_RADIUS, stroke=0, fill=1)
        left += HOLE_STEP


def _mark(canvas: Any, left: float, bottom: float, size: float) -> None:
    """Draw the product's mark: a stub beside a ballot with a tick."""
    unit = size / 48
    canvas.saveState()
    canvas.translate(left, bottom + size)
    canvas.scale(unit, -unit)
    canvas.setStrokeColor(white)
    canvas.setFillColor(white)
    canvas.setLineWidth(3)
    canvas.rect(3, 8, 12, 32, stroke=1, fill=0)
    canvas.rect(19, 8, 26, 32, stroke=0, fill=1)
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(4.2)
    canvas.setLineCap(1)
    canvas.setLineJoin(1)
    tick = canvas.beginPath()
    tick.moveTo(25.5, 24.5)
    tick.lineTo(30.5, 29.5)
    tick.lineTo(39.5, 18)
    canvas.drawPath(tick, stroke=1, fill=0)
    canvas.restoreState()
