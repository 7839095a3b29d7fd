"""QR codes as pictures: for receipts, the app of the second step, the big screen of a meeting."""

from __future__ import annotations

from functools import lru_cache

import segno

BORDER = 2
"""Quiet modules around the code. ISO/IEC 18004 asks for four; the pages' own white does the rest."""
KEPT = 64


def inline(text: str, mode: str | None = None) -> str:
    """Return the code as SVG without styles, scripts or sizes, for the page's own style sheet."""
    code = segno.make(text, error="m", mode=mode, micro=False)
    return str(code.svg_inline(omitsize=True, svgclass="qr-code", lineclass="qr-line", border=BORDER))


@lru_cache(KEPT)
def picture(text: str) -> str:
    """Return the code as the address (`data:`) of a black and white picture, for an `img` that changes."""
    return str(segno.make(text, error="m", micro=False).svg_data_uri(border=4, light="#fff", omitsize=True))
