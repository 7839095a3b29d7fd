"""Is the order of ballots or receipts an order of arrival, or the same order twice?"""

from __future__ import annotations

import csv
import itertools
import math
from collections import Counter
from collections.abc import Sequence

from services.secrecy_audit.findings import Finding
from services.secrecy_audit.target import Target, rows

UNLIKELY = 5.0
"""Standard deviations: a shuffled order is beyond them in about 3 of 10 million elections (normal tail)."""
FEW = 8  # below so many ballots of the second choice the normal tail is no measure


def ballot_order(target: Target) -> Finding:
    """Ask whether the sealed order tells arrival: by clusters of equal choices, and against votes the attacker knows.

    Arrival has clusters (a family, a shift, a bus), a shuffle has none. Who knows some votes (the own, those of
    friends, those of a rehearsal) can lay them beside the ballots: `--known`, a CSV of voter ID and choice.
    """
    finding = Finding("ballot_order")
    found = rows(
        "SELECT xmin::text, payload::text FROM ballots WHERE election_id = :id ORDER BY seq", id=target.election_id
    )
    for name, order in (("seq", found), ("heap", _heap(target))):
        for batch in _grouped(order):
            clusters = runs_deviation(batch)
            if clusters is None:
                finding.say("too_few", order=name, count=len(batch), least=FEW)
            elif clusters < -UNLIKELY:
                finding.unnamed = max(finding.unnamed, len(batch))
                finding.say("clusters", order=name, count=len(batch), deviation=round(-clusters, 1))
    if target.sources.known is not None:
        _against_known(target, finding, [payload for _transaction, payload in found])
    else:
        finding.say("no_known")
    finding.say("looked_order", count=len(found))
    return finding


def receipt_order(target: Target) -> Finding:
    """Ask whether receipts lie in the order of their codes, as sealing writes them; any other order is somebody's."""
    finding = Finding("receipt_order")
    found = rows(
        "SELECT xmin::text, code FROM ballot_receipts WHERE election_id = :id ORDER BY ctid", id=target.election_id
    )
    for batch in _grouped(found):
        if not in_order_of_codes(batch):
            finding.unnamed += len(batch)
            finding.say("receipts_unsorted", count=len(batch))
    finding.say("looked_receipts", count=len(found))
    return finding


def in_order_of_codes(codes: Sequence[str]) -> bool:
    """Tell whether codes ascend; where a table's pages are filled from the front, a few steps back are not an order."""
    back = sum(later < earlier for earlier, later in itertools.pairwise(codes))
    return back == 0 or (len(codes) >= FEW and back * 4 <= len(codes))


def runs_deviation(values: Sequence[str]) -> float | None:
    """Return how many standard deviations the number of runs is off that of a shuffled order; None for too few.

    Runs of k kinds: mean and variance of Barton and David, Multiple runs, Biometrika 44 (1957) 168-178; for two kinds
    the test of Wald and Wolfowitz. Far below zero: equal choices stand together.
    """
    kinds, n = Counter(values), len(values)
    if len(kinds) < 2 or sorted(kinds.values())[-2] < FEW:
        return None
    runs = 1 + sum(one != other for one, other in itertools.pairwise(values))
    squares, cubes = sum(c**2 for c in kinds.values()), sum(c**3 for c in kinds.values())
    mean = n + 1 - squares / n
    variance = (squares * (squares + n * (n + 1)) - 2 * n * cubes - n**3) / (n**2 * (n - 1))
    return (runs - mean) / math.sqrt(variance) if variance > 0 else None


def matches_deviation(guess: Sequence[str | None], truth: Sequence[str]) -> float:
    """Return how many standard deviations more places agree than in a random order.

    `guess` holds None where the attacker knows nothing. Mean and variance of a sum over a random permutation:
    Hoeffding, A combinatorial central limit theorem, Annals of Mathematical Statistics 22 (1951) 558-566.
    """
    n = len(truth)
    known, shown = Counter(g for g in guess if g is not None), Counter(truth)
    agree = sum(g == t for g, t in zip(guess, truth, strict=True) if g is not None)
    mean = sum(count * shown[kind] for kind, count in known.items()) / n
    whole = mean / n
    variance = 0.0
    for kind, count in [*known.items(), (None, n - sum(known.values()))]:
        row = shown[kind] / n if kind is not None else 0.0
        for column, many in shown.items():
            entry = float(kind == column) - row - known[column] / n + whole
            variance += count * many * entry**2
    variance /= max(n - 1, 1)
    return (agree - mean) / math.sqrt(variance) if variance > 0 else 0.0


def _heap(target: Target) -> list[tuple[str, str]]:
    return rows(
        "SELECT xmin::text, payload::text FROM ballots WHERE election_id = :id ORDER BY ctid", id=target.election_id
    )


def _grouped(found: Sequence[tuple[str, str]]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for transaction, value in found:
        groups.setdefault(transaction, []).append(value)
    return list(groups.values())


def _against_known(target: Target, finding: Finding, ballots: list[str]) -> None:
    """Lay known votes beside the ballots in each order that an attacker would try."""
    known = _read_known(target)
    if len(ballots) != len(target.votes) or not known:
        finding.say("known_unusable", count=len(known))
        return
    orders = {
        "cast": target.votes,
        "cast_backwards": target.votes[::-1],
        "roll": sorted(target.votes, key=lambda vote: vote.voter_id),
        "names": sorted(target.votes, key=lambda vote: vote.name),
    }
    for name, voters in orders.items():
        deviation = matches_deviation([known.get(vote.number) for vote in voters], ballots)
        if abs(deviation) > UNLIKELY:
            finding.votes |= {vote.vote_id for vote in voters}
            finding.say("order_known", order=name, count=len(voters), deviation=round(deviation, 1))
    finding.say("looked_known", count=len(known), orders=len(orders))


def _read_known(target: Target) -> dict[str, str]:
    """Read `voter ID, choice` (a name, a candidate's id, or nota) as the payloads that such a ballot has."""
    assert target.sources.known is not None  # noqa: S101 (asked by the caller)
    payloads = {payload for (payload,) in rows(
        "SELECT DISTINCT payload::text FROM ballots WHERE election_id = :id", id=target.election_id
    )}  # fmt: skip
    single = {str(number): f'{{"nota": false, "candidates": [{number}]}}' for number in target.choices}
    words = {name: single[str(number)] for number, name in target.choices.items()} | single
    words["nota"] = '{"nota": true, "candidates": []}'
    with target.sources.known.open(encoding="utf-8", newline="") as file:
        pairs = [(row[0].strip(), words.get(row[1].strip(), "")) for row in csv.reader(file) if len(row) >= 2]
    return {number: payload for number, payload in pairs if payload in payloads}
