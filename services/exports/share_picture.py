"""The picture that stands beside a shared link to a result: 1200 x 630 px, drawn from the figures, kept by content."""

from __future__ import annotations

import hashlib
import io
from dataclasses import astuple, dataclass, replace
from functools import lru_cache

from flask_babel import gettext as _
from PIL import Image, ImageDraw, ImageFont, features

from services.exports.fonts import picture_fonts, picture_lacks
from services.result_words import verdict_title
from services.results import Result

SIZE = (1200, 630)
"""Pixels; what the Open Graph readers of social networks show without cropping."""
INK, PAPER, WHITE, SECOND, MIST, BAR = "#0b2e39", "#eff3f1", "#ffffff", "#1b5263", "#d5e3e5", "#123f4d"
MARGIN, HEAD = 64, 150
MOST_BARS = 4
BAR_LEFT, BAR_LONGEST, BAR_STEP, BAR_HEIGHT = 460, 470, 56, 30
HOLE, HOLE_STEP = 9, 30


@dataclass(frozen=True)
class Poster:
    """All that is drawn; two results that draw alike share one picture. A bar is (name, votes, share, NOTA)."""

    title: str
    kind: str
    headline: str
    turnout: str
    bars: tuple[tuple[str, int, float, bool], ...]
    more: str


def poster_of(result: Result) -> Poster:
    """Return what the picture of a result says; without a count it has no bars."""
    turnout = _("Turnout %(percent)s %%: %(voted)s of %(on_roll)s", percent=f"{result.turnout.percent:.1f}",
                voted=f"{result.turnout.voted:,}", on_roll=f"{result.turnout.on_roll:,}")  # fmt: skip
    if not result.counted:
        return Poster(result.title, _("Election"), _("Not counted yet"), turnout, (), "")
    rows = [(row.name, row.count or 0, row.share or 0.0, False) for row in result.rows[:MOST_BARS]]
    rows.append((result.nota.name, result.nota.count or 0, result.nota.share or 0.0, True))
    left = len(result.rows) - MOST_BARS
    more = _("and %(count)s more on the page", count=left) if left > 0 else ""
    if result.ranked:
        more = _("First preferences; the rounds are on the page")
    kind = _("Final result") if result.final else _("Count so far, not final")
    return Poster(result.title, kind, verdict_title(result), turnout, tuple(rows), more)


def poster_key(poster: Poster) -> str:
    """Return a short name for what the picture says, for its address: it changes with the figures."""
    return hashlib.sha256(repr(astuple(poster)).encode()).hexdigest()[:16]


@lru_cache(maxsize=64)
def share_picture(poster: Poster) -> bytes:
    """Return the PNG."""
    image = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(image)
    words = "".join([poster.title, poster.headline, *(bar[0] for bar in poster.bars)])
    regular, bold = picture_fonts(words)
    poster = _drawable(poster, bold)
    _head(pen, poster, regular, bold)
    _line(pen, (MARGIN, HEAD + 34), poster.headline, bold, 54, INK)
    _line(pen, (MARGIN, HEAD + 108), poster.turnout, regular, 28, SECOND)
    most = max((bar[1] for bar in poster.bars), default=0)
    for place, bar in enumerate(poster.bars):
        _bar(pen, HEAD + 168 + place * BAR_STEP, bar, most, regular, bold)
    _line(pen, (MARGIN, SIZE[1] - 38), poster.more, regular, 22, SECOND)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _drawable(poster: Poster, bold: str | None) -> Poster:
    """Return the poster with words in the place of what this machine's fonts would draw as boxes.

    A font of all East Asian letters has 15 MB and more, too much for a picture; the page shows every name.
    """

    def said(text: str, words: str) -> str:
        return words if picture_lacks(text, bold) else text

    bars = tuple(
        (said(bar[0], _("Candidate %(place)s, see the page", place=place)), *bar[1:])
        for place, bar in enumerate(poster.bars, start=1)
    )
    return replace(
        poster, title=said(poster.title, _("Result of an election")),
        headline=said(poster.headline, _("Who is elected is on the page")), bars=bars,
    )  # fmt: skip


def _head(pen: ImageDraw.ImageDraw, poster: Poster, regular: str | None, bold: str | None) -> None:
    pen.rectangle((0, 0, SIZE[0], HEAD), fill=INK)
    for middle in range(HOLE_STEP // 2, SIZE[0], HOLE_STEP):
        pen.ellipse((middle - HOLE, HEAD - HOLE, middle + HOLE, HEAD + HOLE), fill=PAPER)
    pen.text((SIZE[0] - MARGIN, 34), poster.kind, font=_font(regular, 26), fill=MIST, anchor="ra")
    pen.text((MARGIN, 32), "Smart Voting", font=_font(bold, 28), fill=WHITE)
    _line(pen, (MARGIN, 78), poster.title, bold, 42, WHITE)


def _bar(
    pen: ImageDraw.ImageDraw, top: int, bar: tuple[str, int, float, bool], most: int, regular: str | None,
    bold: str | None,
) -> None:  # fmt: skip
    name, votes, share, hatched = bar
    _line(pen, (MARGIN, top - 2), name, bold, 28, INK, BAR_LEFT - MARGIN - 24)
    length = round(BAR_LONGEST * votes / most) if most else 0
    box = (BAR_LEFT, top, BAR_LEFT + length, top + BAR_HEIGHT)
    if hatched and length:
        pen.rectangle(box, fill=WHITE, outline=BAR, width=2)
        for left in range(BAR_LEFT - BAR_HEIGHT, BAR_LEFT + length, 10):
            start, end = max(left, BAR_LEFT), min(left + BAR_HEIGHT, BAR_LEFT + length)
            pen.line((start, top + BAR_HEIGHT - (start - left), end, top + BAR_HEIGHT - (end - left)), BAR, 2)
    elif length:
        pen.rectangle(box, fill=BAR)
    pen.line((BAR_LEFT, top - 10, BAR_LEFT, top + BAR_HEIGHT + 10), INK, 3)
    pen.text((BAR_LEFT + length + 14, top - 3), f"{votes:,}", font=_font(bold, 28), fill=INK)
    wide = pen.textlength(f"{votes:,}", font=_font(bold, 28))
    pen.text((BAR_LEFT + length + 26 + wide, top + 2), f"{share:.1f} %", font=_font(regular, 22), fill=SECOND)


def _line(
    pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str, path: str | None, size: int, colour: str,
    room: int = SIZE[0] - 2 * MARGIN,
) -> None:  # fmt: skip
    """Write one line: smaller down to two thirds where it is long, then cut."""
    font = _font(path, size)
    while pen.textlength(text, font=font) > room and size > 18 and font.size > size * 2 / 3:
        font = _font(path, round(font.size) - 2)
    while len(text) > 1 and pen.textlength(text, font=font) > room:
        text = text[:-2].rstrip() + "…"
    # A sentence stays one from left to right, whatever script a name in it has; without raqm there is no choice.
    pen.text(place, text, font=font, fill=colour, direction="ltr" if features.check("raqm") else None)


@lru_cache(maxsize=64)
def _font(path: str | None, size: int) -> ImageFont.FreeTypeFont:
    if path is None:
        return ImageFont.load_default(size)  # type: ignore[return-value]
    return ImageFont.truetype(path, size)
