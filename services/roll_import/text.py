"""From bytes to text: UTF-8 with or without byte order mark, UTF-16, else Windows-1252."""

from __future__ import annotations

import codecs
import io

from flask_babel import gettext as _

from services.roll_import.errors import FileRefused

SAMPLE_BYTES = 8192
DECODED_BYTES = 1 << 20
MOST_CONTROLS = 0.01
"""Share of control characters from which a file is no text."""
UTF16_NULS = 0.3
"""Share of zero bytes in every second place from which a file without mark is UTF-16: Latin letters have one each."""
MAGIC = {
    b"PK\x03\x04": "workbook", b"\xd0\xcf\x11\xe0": "workbook", b"%PDF": "pdf", b"\x1f\x8b": "archive",
    b"7z\xbc\xaf": "archive", b"Rar!": "archive", b"\x89PNG": "picture", b"\xff\xd8\xff": "picture", b"GIF8": "picture",
}  # fmt: skip
NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16",
         "cp1252": "Windows-1252"}  # fmt: skip


def sniff_encoding(content: bytes) -> str:
    """Return the name of the codec that reads this file to its end; raises FileRefused for what is no text."""
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise FileRefused(_("This file is empty. Choose another one."))
    _refuse_magic(content)
    encoding = _marked(content) or _unmarked_utf16(content[:SAMPLE_BYTES])
    if encoding:
        _refuse_undecodable(content, encoding)
        return encoding
    _refuse_binary(content[:SAMPLE_BYTES])
    if decodes(content, "utf-8"):
        return "utf-8"
    _refuse_undecodable(content, "cp1252")
    return "cp1252"


def open_text(content: bytes, encoding: str) -> io.TextIOWrapper:
    """Return the text as a stream of lines whose ends (any kind) are left on."""
    return io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")


def decodes(content: bytes, encoding: str) -> bool:
    """Tell whether the codec reads all of it; needs memory for a part at a time only."""
    decoder = codecs.getincrementaldecoder(encoding)()
    view = memoryview(content)
    try:
        for start in range(0, len(content), DECODED_BYTES):
            decoder.decode(view[start : start + DECODED_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _refuse_magic(content: bytes) -> None:
    words = {
        "workbook": _("This is a workbook or an archive. Open it and save it as CSV, then choose that file."),
        "pdf": _("This is a PDF. Choose a CSV file."),
        "archive": _("This is an archive. Unpack it and choose the CSV file in it."),
        "picture": _("This is a picture. Choose a CSV file."),
    }
    for start, kind in MAGIC.items():
        if content.startswith(start):
            raise FileRefused(words[kind])


def _marked(content: bytes) -> str | None:
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _unmarked_utf16(sample: bytes) -> str | None:
    pairs = max(1, len(sample) // 2)
    even, odd = sample[0::2].count(0) / pairs, sample[1::2].count(0) / pairs
    if odd > UTF16_NULS and even < MOST_CONTROLS:
        return "utf-16-le"
    return "utf-16-be" if even > UTF16_NULS and odd < MOST_CONTROLS else None


def _refuse_binary(sample: bytes) -> None:
    controls = sum(byte < 32 and byte not in b"\t\r\n" for byte in sample)
    if controls > MOST_CONTROLS * len(sample) + 1:
        raise FileRefused(_("This is no text file. Choose a CSV file."))


def _refuse_undecodable(content: bytes, encoding: str) -> None:
    if not decodes(content, encoding):
        raise FileRefused(_("Some letters of this file cannot be read. Save it as CSV in UTF-8, then choose it again."))
