"""Passwords that are easy to guess. They are refused where one is set, never where one is checked: old ones go on."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator

from zxcvbn import zxcvbn
from zxcvbn.matching import L33T_TABLE

LOWEST_SCORE = 3
"""Of 0 to 4: 10^8 guesses or more, "safely unguessable" in the words of zxcvbn (D. L. Wheeler, USENIX Security 2016).

The paper takes 10^6 guesses for an attack on a sign-in; a hundred times that is for a stolen hash, which bcrypt makes
slow to try. NIST SP 800-63B asks for a comparison with common and expected values and with words of the context, and
for no rules of composition: length and rarity count here, kinds of characters do not.
"""
JUDGED_CHARACTERS = 40
JUDGED_SIGNS = 4
"""zxcvbn tries every reading of signs that may stand for letters: all of them in 72 characters took it four seconds.

With these bounds the worst of 400 searched cases took 0.2 s, where the hash that follows took 0.4 s. A long password
is good enough by its first 40 characters.
"""
OWN_WORDS = frozenset[str]({
    "smart", "voting", "smartvoting", "vote", "voter", "ballot", "booth", "election", "commission", "admin",
    "administrator", "officer", "observer", "staff",
})  # fmt: skip
"""The name of this system and what people are called in it. The documented list stands in `docs/SECURITY.md`."""
SHORTEST_WORD = 3
_SIGNS = frozenset(sign for signs in L33T_TABLE.values() for sign in signs if not sign.isdigit())
_PARTS = re.compile(r"[^\W_]+"), re.compile(r"[^\W\d_]+")


class Weakness(enum.StrEnum):
    """Why a password is easy to guess."""

    COMMON = "common"
    CONTEXT = "context"
    """Without the words of its context too little is left."""


def find_weakness(password: str, about: Iterable[str | None] = ()) -> Weakness | None:
    """Return why the password is easy to guess for who knows `about` whom it is: names, addresses, numbers."""
    rest = _without(password, context_words(about))
    if _score(rest) >= LOWEST_SCORE:
        return None
    return Weakness.COMMON if rest == password or _score(password) < LOWEST_SCORE else Weakness.CONTEXT


def context_words(about: Iterable[str | None]) -> frozenset[str]:
    """Return the words that count for nothing in a password: our own, and the parts of what is known of the person."""
    known = " ".join(text for text in about if text).casefold()
    parts = {part for pattern in _PARTS for part in pattern.findall(known)}
    return OWN_WORDS | {part for part in parts if len(part) >= SHORTEST_WORD}


def _without(password: str, words: frozenset[str]) -> str:
    """Take the words out, the longest first; zxcvbn's own `user_inputs` lets three of them in a row pass."""
    rest = password.casefold()
    for word in sorted(words, key=lambda word: (-len(word), word)):
        rest = rest.replace(word, "")
    return password if rest == password.casefold() else rest


def _score(text: str) -> int:
    """Return the score of the strongest piece: the whole is never weaker."""
    return max((int(zxcvbn(piece)["score"]) for piece in _pieces(text[:JUDGED_CHARACTERS])), default=0)


def _pieces(text: str) -> Iterator[str]:
    """Cut the text where it would hold too many kinds of signs that may stand for letters."""
    begin, kinds = 0, set[str]()
    for place, sign in enumerate(text):
        kinds |= {sign} & _SIGNS
        if len(kinds) > JUDGED_SIGNS:
            yield text[begin:place]
            begin, kinds = place, {sign}
    if text:
        yield text[begin:]
