"""Breaking a tie in a count: by the votes of another stage, else by the order of the lots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.counting.model import Tie


def break_tie(
    purpose: str,
    tied: Sequence[int],
    history: Sequence[Mapping[int, int]],
    lots: Sequence[int],
    *,
    lowest: bool,
    newest_first: bool,
) -> Tie:
    """Return the tie with who is `lowest`, or highest, at the first stage that tells them apart.

    `history` are the votes at the end of each stage. Stages are looked at from the newest (Scottish rules 50 and 52
    of 2011) or from the first preferences on (United Kingdom, rules 49 and 49A of 2011). A stage that sets only some
    apart leaves the others tied. Who is left is told apart by `lots`: who stands first is the highest.
    """
    left = list(tied)
    places = range(len(history))
    for place in reversed(places) if newest_first else places:
        votes = history[place]
        edge = (min if lowest else max)(votes[one] for one in left)
        left = [one for one in left if votes[one] == edge]
        if len(left) == 1:
            return Tie(purpose, tuple(tied), left[0], place + 1)
    by_lot = [one for one in lots if one in left]
    return Tie(purpose, tuple(tied), by_lot[-1] if lowest else by_lot[0], None)
