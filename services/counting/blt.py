"""BLT, the file format of ranked ballots that voting programs exchange: read as found in the wild, written strictly.

    4 2                candidates, seats
    -3                 withdrawn candidates (optional)
    28 1 2 4 0         papers, then the preferences, then 0
    0                  the end of the ballots
    "Name"             a line for each candidate, then the title

Read too: comments (`#`; Scottish files of 2007 name the candidates in them), ballot names in brackets, names without
quotation marks or quoted twice (as spreadsheets do), all names on one line, `-` for a skipped place and `=` between
names of one place. The Scottish rules know preferences in consecutive order only (article 2, "next available
preference"), so a ballot ends before a skipped or shared place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from services.counting.model import Contest, Ranking

MOST_CANDIDATES = 999
MOST_PAPERS = 10**12
MOST_DIGITS = 20
_STRING = re.compile(r'"((?:[^"]|"")*)"|([^"\s][^"]*)')
_NAME_IN_COMMENT = re.compile(r"#\s*ALTERNATIVE NAME \d+:\s*(.+)")
_BALLOT_NAME = re.compile(r"(?:\([^)]*\)|\[[^\]]*\])\s*")
Lines = Iterator[tuple[int, str]]


class BltError(ValueError):
    """The file cannot be read; `line` is the number of the line, from 1, where it stops making sense."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"Line {line}: {what}")
        self.line = line


@dataclass
class Blt:
    """The content of a file: candidates are 1 to n in its order. `ballots` are papers and rankings as they stand there.

    `cut` are papers that skipped a place or gave one place to several names: they end before it.
    """

    seats: int
    names: list[str]
    title: str = ""
    ballots: list[tuple[int, Ranking]] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    cut: int = 0

    def contest(self, lots: Iterable[int] = ()) -> Contest:
        """Return what is counted; without `lots` a tie that only a lot can break goes by the order of the file."""
        candidates = tuple(range(1, len(self.names) + 1))
        papers: dict[Ranking, int] = {}
        for number, ranking in self.ballots:
            papers[ranking] = papers.get(ranking, 0) + number
        return Contest(candidates, self.seats, papers, tuple(lots) or candidates, frozenset(self.withdrawn))


def read_blt(text: str) -> Blt:
    """Read a file; raises BltError with the line and what is wrong there."""
    lines = _lines(text)
    number, header = next(lines, (1, ""))
    counts = header.split()
    if len(counts) != 2 or not all(_is_number(one) for one in counts):
        raise BltError(number, "expected two numbers: how many candidates, how many seats.")
    candidates, seats = (int(one) for one in counts)
    if not 1 <= candidates <= MOST_CANDIDATES or not 1 <= seats <= candidates:
        raise BltError(number, f"{seats} seats among {candidates} candidates cannot be filled.")
    found = Blt(seats, [str(one) for one in range(1, candidates + 1)])
    end = _read_ballots(lines, number, found, candidates)
    _read_names(list(lines), end, found, candidates)
    return found


def write_blt(content: Blt) -> str:
    """Return the strict form: a line for each entry of `ballots`, in their order; quotation marks become single."""
    lines = [f"{len(content.names)} {content.seats}"]
    if content.withdrawn:
        lines.append(" ".join(str(-one) for one in content.withdrawn))
    lines += [" ".join(map(str, (papers, *ranking, 0))) for papers, ranking in content.ballots]
    quoted = (" ".join(name.split()).replace('"', "'") for name in (*content.names, content.title))
    return "\n".join([*lines, "0", *(f'"{name}"' for name in quoted)]) + "\n"


def _lines(text: str) -> Lines:
    """Yield the lines that say something, with their numbers."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        words = line.strip()
        if named := _NAME_IN_COMMENT.fullmatch(words):
            words = named[1]
        if words and not words.startswith("#"):
            yield number, words


def _read_ballots(lines: Lines, last: int, found: Blt, candidates: int) -> int:
    for number, line in lines:
        last = number
        named = _BALLOT_NAME.match(line)
        words = line[named.end() :] if named else line
        tokens = words.split("#")[0].split()
        if tokens == ["0"]:
            return number
        if all(word.startswith("-") and word != "-" for word in tokens):
            found.withdrawn += [_candidate(number, word[1:], candidates) for word in tokens]
            continue
        _read_ballot(number, tokens, found, candidates)
    raise BltError(last, "the ballots do not end: a line with 0 alone is missing.")


def _read_ballot(number: int, tokens: list[str], found: Blt, candidates: int) -> None:
    papers = tokens[0]
    if not _is_number(papers) or int(papers) > MOST_PAPERS:
        raise BltError(number, f"“{papers[:40]}” is no number of papers. Papers are whole numbers.")
    if len(tokens) < 2 or tokens[-1] != "0":
        raise BltError(number, "the ballot does not end with 0.")
    ranking: list[int] = []
    for place, word in enumerate(tokens[1:-1]):
        names = [] if word == "-" else [_candidate(number, one, candidates) for one in word.split("=")]
        if len(names) != 1:
            rest = tokens[1 + place : -1]
            found.cut += int(papers) if set(rest) != {"-"} else 0
            break
        if names[0] not in ranking:
            ranking += names
    found.ballots.append((int(papers), tuple(ranking)))


def _candidate(number: int, token: str, candidates: int) -> int:
    if not _is_number(token) or not 1 <= int(token) <= candidates:
        raise BltError(number, f"“{token[:40]}” is no candidate: there are 1 to {candidates}.")
    return int(token)


def _is_number(word: str) -> bool:
    """Tell whether a word is a whole number; Python refuses to read those of thousands of digits."""
    return word.isascii() and word.isdigit() and len(word) <= MOST_DIGITS


def _read_names(lines: list[tuple[int, str]], end: int, found: Blt, candidates: int) -> None:
    """Read a name a line, or all names on fewer lines; the title comes last and may be missing."""
    if not lines:
        return
    names = [_unquoted(piece) for _number, line in lines for piece in _STRING.findall(line)]
    if len(lines) > candidates or (len(lines) == candidates and len(names) != candidates + 1):
        names = [_plain(line) for _number, line in lines]
    if len(names) < candidates:
        raise BltError(lines[-1][0], f"{candidates} names were expected after line {end}, {len(names)} are there.")
    found.names = [name or str(place) for place, name in enumerate(names[:candidates], start=1)]
    found.title = names[candidates] if len(names) > candidates else ""


def _plain(line: str) -> str:
    """Return a name without its quotation marks, once or twice quoted; a party behind it follows a comma."""
    pieces = [_unquoted(piece) for piece in _STRING.findall(line)]
    if len(pieces) == 1 and '"' in pieces[0]:
        pieces = [_unquoted(piece) for piece in _STRING.findall(pieces[0])]
    return ", ".join(piece for piece in pieces if piece)


def _unquoted(piece: tuple[str, str]) -> str:
    quoted, bare = piece
    return " ".join((quoted.replace('""', '"') or bare).split())
