"""Voter numbers: eight digits, the last a check digit, shown as `2048 1739`."""

from __future__ import annotations

import secrets
import unicodedata

from stdnum import damm

NUMBER_DIGITS = 8
_FIRST_STEM = 10 ** (NUMBER_DIGITS - 2)
_STEMS = 9 * _FIRST_STEM
_JOINERS = frozenset({"Zs", "Cc", "Cf", "Pd", "Pc"})


def normalise_voter_number(text: str) -> str:
    """Return what was meant by a typed number: digits of any script as 0-9, no spaces, dashes or dots.

    Other characters stay (upper case), so that a wrong number is not found rather than mended into another one.
    """
    kept = []
    for character in unicodedata.normalize("NFKC", text):
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            kept.append(str(digit))
        elif unicodedata.category(character) not in _JOINERS and character != ".":
            kept.append(character.upper())
    return "".join(kept)


def is_voter_number(number: str) -> bool:
    """Tell whether a normalised number has eight digits and the right check digit (Damm, 2004)."""
    return len(number) == NUMBER_DIGITS and number.isascii() and number.isdigit() and bool(damm.is_valid(number))


def new_voter_number() -> str:
    """Return a random number that does not start with zero; it finds every single typing slip and swap."""
    return check_digit_added(str(_FIRST_STEM + secrets.randbelow(_STEMS)))


def check_digit_added(stem: str) -> str:
    """Return the voter ID that begins with these seven digits."""
    return stem + str(damm.calc_check_digit(stem))


def format_voter_number(number: str) -> str:
    """Return the number in groups of four, as it is printed and read out."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
