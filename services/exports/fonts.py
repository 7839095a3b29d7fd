"""Letters for printed results: base fonts where they suffice, else a family that this machine has.

Names of people come in every script; the base fonts of PDF know Western Europe only. No font is part of the
project, so a family is looked for where systems keep theirs, and embedded. Chinese, Japanese and Korean use the
readers' own fonts (PDF reference, predefined CID fonts). What nobody can draw is replaced and said.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import reportlab
from arabic_reshaper import ArabicReshaper
from bidi import get_display
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts",
    "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
FAMILIES = (
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("arial.ttf", "arialbd.ttf"),
    ("Arial.ttf", "Arial Bold.ttf"),
    ("Vera.ttf", "VeraBd.ttf"),
)
CID_FONTS = (
    ("HANGUL", "HYSMyeongJo-Medium"),
    ("HIRAGANA", "HeiseiKakuGo-W5"),
    ("KATAKANA", "HeiseiKakuGo-W5"),
    ("CJK", "STSong-Light"),
)
REPLACEMENT = "?"
RIGHT_TO_LEFT = ("R", "AL")
ISOLATES = ("FSI", "PDI")
JOINED = ArabicReshaper({"ARABIC LIGATURE ALLAH": False})
"""Without the one sign for a whole word: few fonts have it, and taken apart it would stand in reading order."""


@dataclass(frozen=True)
class Face:
    """A family chosen for one document; `letters` None means the base fonts."""

    regular: str
    bold: str
    letters: frozenset[int] | None = None

    def can_draw(self, char: str) -> bool:
        """Tell whether the family has this character."""
        if self.letters is None:
            return _is_western(char)
        return ord(char) in self.letters or char in "\n\t"

    def marked(self, text: str) -> str:
        """Return paragraph markup of plain text: escaped, with other fonts for what this family lacks."""
        return "".join(self._piece(char) for char in visual(text))

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """Return how wide one line of text is drawn, in points."""
        own = self.bold if bold else self.regular
        fonts = ((char, own if self.can_draw(char) else _cid_font(char) or own) for char in visual(text))
        return float(sum(pdfmetrics.stringWidth(char, font, size) for char, font in fonts))

    def lines(self, text: str, room: float, size: float, bold: bool = False) -> list[str]:
        """Break text between words into lines of at most `room` points, before its letters are turned.

        A word that is wider has a line of its own.
        """
        made = [""]
        for word in text.split():
            longer = f"{made[-1]} {word}".strip()
            if made[-1] and self.width(longer, size, bold) > room:
                made.append(word)
            else:
                made[-1] = longer
        return made

    def lacks(self, text: str) -> bool:
        """Tell whether some letter of `text` is drawn as a replacement."""
        return any(not self.can_draw(char) and not _cid_font(char) for char in visual(text))

    def _piece(self, char: str) -> str:
        if self.can_draw(char):
            return escape(char)
        if font := _cid_font(char):
            return f'<font name="{font}">{escape(char)}</font>'
        bare = "".join(part for part in unicodedata.normalize("NFKD", char) if self.can_draw(part))
        return escape(bare or REPLACEMENT)


BASE = Face("Helvetica", "Helvetica-Bold")


def choose_face(text: str) -> Face:
    """Return the family that draws most of `text`; the base fonts when they draw all of it."""
    text = visual(text)
    wanted = {ord(char) for char in text if not _cid_font(char) and char not in "\n\t"}
    if all(_is_western(chr(code)) for code in wanted):
        return BASE
    best = max(_installed(), key=lambda face: len(wanted & (face.letters or frozenset())), default=BASE)
    return best


@cache
def picture_fonts(text: str) -> tuple[str | None, str | None]:
    """Return the files (regular, bold) of the family that draws most of `text`; None where this machine has none.

    Families of the list come first that have all letters; Pillow turns and joins right-to-left letters by itself.
    """
    wanted = {ord(char) for char in unicodedata.normalize("NFC", text) if not char.isspace()}
    pairs = [(_find(regular), _find(bold)) for regular, bold in FAMILIES]
    found = [(plain, heavy or plain) for plain, heavy in pairs if plain is not None]
    best = max(found, key=lambda pair: len(wanted & _letters_of(pair[1])), default=None)
    return (str(best[0]), str(best[1])) if best else (None, None)


def picture_lacks(text: str, file: str | None) -> bool:
    """Tell whether a picture's font file has no sign for some letter of `text`, and would draw a box."""
    signs = [char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char) not in ("Cf", "Zs")]
    if file is None:
        return any(not _is_western(char) for char in signs)
    letters = _letters_of(Path(file))
    return any(ord(char) not in letters for char in signs)


@cache
def _letters_of(path: Path | None) -> frozenset[int]:
    try:
        return frozenset(TTFont(f"letters-{path}", str(path)).face.charToGlyph)
    except (TTFError, OSError):
        return frozenset()


def turns(text: str) -> bool:
    """Tell whether some letter of the text belongs to a right-to-left script."""
    return any(unicodedata.bidirectional(char) in RIGHT_TO_LEFT for char in text)


def visual(text: str) -> str:
    """Return the letters of one line from left to right as they are drawn: right-to-left ones joined and turned."""
    text = unicodedata.normalize("NFC", text)
    if not turns(text):
        return text
    turned = str(get_display(JOINED.reshape(text), base_dir="L"))
    return "".join(char for char in turned if unicodedata.bidirectional(char) not in ISOLATES)


@cache
def _installed() -> tuple[Face, ...]:
    """Register every family of the list that this machine has, in the order of the list."""
    return tuple(face for regular, bold in FAMILIES if (face := _load(regular, bold)) is not None)


def _load(regular: str, bold: str) -> Face | None:
    first, second = _find(regular), _find(bold)
    if first is None:
        return None
    try:
        plain = TTFont(f"result-{first.stem}", str(first))
        heavy = TTFont(f"result-{first.stem}-bold", str(second or first))
    except (TTFError, OSError):
        return None
    pdfmetrics.registerFont(plain)
    pdfmetrics.registerFont(heavy)
    letters = frozenset(plain.face.charToGlyph) & frozenset(heavy.face.charToGlyph)
    return Face(plain.fontName, heavy.fontName, letters)


@cache
def _find(name: str) -> Path | None:
    folders = [*(Path(folder).expanduser() for folder in FOLDERS), Path(reportlab.__file__).parent / "fonts"]
    return next((path for folder in folders if folder.is_dir() for path in sorted(folder.rglob(name))), None)


@cache
def _cid_font(char: str) -> str | None:
    """Return the registered CID font for an East Asian letter."""
    if ord(char) < 0x1100:
        return None
    name = unicodedata.name(char, "")
    font = next((font for start, font in CID_FONTS if name.startswith(start)), None)
    if font:
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    return font


def _is_western(char: str) -> bool:
    try:
        char.encode("cp1252")
    except UnicodeEncodeError:
        return char in "\n\t"
    return True
