"""Ranked ballots as a form sends them: a place for each name, read into an order, refused in a voter's words.

Field names: `rank_<candidate id>` and `rank_nota`, one for every row of the ballot, marked or not, so that a request
has as many fields whatever is chosen. A value is the place (1 is the first choice) or 0; zeros in front do not matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from services.errors import ValidationFailed

PREFIX = "rank_"
NOTA_KEY = "nota"
LONGEST = 4
"""Digits of a place."""


def places_sent(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the places of a form by candidate id (or `nota`), empty when it has none."""
    return {name.removeprefix(PREFIX): value for name, value in fields.items() if name.startswith(PREFIX)}


def place_words(place: int) -> str:
    """Return `1st choice`, `2nd choice` and so on."""
    last = 0 if 10 < place % 100 < 14 else place % 10
    words = {
        1: _("%(place)sst choice", place=place),
        2: _("%(place)snd choice", place=place),
        3: _("%(place)srd choice", place=place),
    }
    return words.get(last) or _("%(place)sth choice", place=place)


def order_of(places: Mapping[str, Any], known: set[int]) -> tuple[int, ...] | None:
    """Return the candidates in the order of their places, None for none of the above.

    Raises ValidationFailed for names not on the ballot, a place twice, a gap, or nothing marked.
    """
    marked = {name: place for name, value in places.items() if (place := _place(value))}
    if any(name != NOTA_KEY and not _is_known(name, known) for name in places):
        raise _refused(_("Choose one of the names on this ballot, or none of the above."))
    nota = marked.pop(NOTA_KEY, 0)
    if nota and marked:
        raise _refused(_("You ranked names and chose none of the above. Choose one of the two."))
    if nota:
        return None
    _check(list(marked.values()))
    return tuple(int(name) for name in sorted(marked, key=lambda name: marked[name]))


def _check(taken: list[int]) -> None:
    """Raise ValidationFailed unless the places are 1, 2, 3 and so on, each once."""
    if not taken:
        raise _refused(_("Give one name your 1st choice. Or choose none of the above."))
    place, times = Counter(taken).most_common(1)[0]
    if times > 1:
        words = _(
            "%(times)s names have the %(place)s. Give each choice to one name.", times=times, place=place_words(place)
        )
        raise _refused(words)
    missing = next((one for one in range(1, len(taken) + 1) if one not in taken), None)
    if missing is not None:
        raise _refused(_("No name has the %(place)s. Number your choices without a gap.", place=place_words(missing)))


def _place(value: object) -> int:
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else "?"
    if text == "":
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST):
        raise _refused(_("Number the names 1, 2, 3 and so on, in your order."))
    return int(text)


def _is_known(name: str, known: set[int]) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 19 and int(name) in known


def _refused(words: str) -> ValidationFailed:
    return ValidationFailed(fields={"choice": words})
