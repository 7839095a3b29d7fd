"""How a choice or a receipt looks when somebody left it lying about in a text."""

from __future__ import annotations

import re

from services.secrecy_audit.target import Target, Voted

RECEIPT = r"(?:[A-Z2-7]{4}[ -]?){6}[A-Z2-7]{2}"
CHOICE_KEY = r'\\*"(?:choices?|candidates?|candidate_id)\\*" *: *\\*(?:["\[] *\\*"? *\w|\d)|\\*"nota\\*" *: *true'
"""A choice in JSON, also inside the JSON of a text; an empty list or null is none."""
SHORTEST_NAME = 3


class Traces:
    """The patterns of one election: names of its choices (also as the hexadecimal of a bytea), receipts, JSON."""

    def __init__(self, target: Target) -> None:
        names = [name for name in target.choices.values() if len(name) >= SHORTEST_NAME]
        words = "|".join(sorted((re.escape(name) for name in names), key=len, reverse=True))
        hexadecimal = "|".join(name.encode().hex() for name in names)
        parts = [RECEIPT, CHOICE_KEY, *([rf"\b(?:{words})\b", hexadecimal] if names else [])]
        self.receipts = target.receipts
        self._names = re.compile(rf"\b(?:{words})\b" if names else r"(?!)", re.IGNORECASE)
        self._hidden = re.compile(hexadecimal or r"(?!)")
        self.any = re.compile("|".join(parts), re.IGNORECASE)
        self.sql = "|".join([RECEIPT, CHOICE_KEY.replace("(?:", "("), *([words, hexadecimal] if names else [])])

    def holds(self, words: str, voter: Voted | None = None) -> bool:
        """Tell whether a text holds a choice or a receipt; the voter's own name and address are none."""
        for own in (voter.email, voter.name, voter.number) if voter else ():
            words = re.sub(re.escape(own), " ", words, flags=re.IGNORECASE) if own else words
        if self._names.search(words) or self._hidden.search(words.lower()) or re.search(CHOICE_KEY, words):
            return True
        return any(re.sub(r"[ -]", "", code) in self.receipts for code in re.findall(RECEIPT, words))
