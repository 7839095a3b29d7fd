"""The figures of a booth sheet, and when they balance."""

from __future__ import annotations

from dataclasses import dataclass, fields

DOCUMENT = "document_"
OUTCOMES = ("votes", "left", "expired", "waiting")
"""What becomes of a ballot that a check-in opened."""


@dataclass(frozen=True)
class Figures:
    """Counts of one booth in one hour, or sums of such counts; never who, never what was chosen.

    A **check-in** is one recorded attempt to be identified at the booth (one row of `auth_events`); who is refused
    and then recognised checked in twice. Each falls into one column, by the hour of the check-in:

    - `refused`: nobody was recognised, or this voter may not vote here (unknown number, not on the roll, voted
      already, sent to the officer, ...);
    - `left`: the voter walked away, from the camera (an abandoned challenge) or with a ballot handed back, ended by
      another check-in of the same voter, or by a stopped kiosk, before its time was over;
    - `votes`, `expired`, `waiting`: recognised by face, and the ballot was cast, ran out of time or was closed
      because nobody touched it any more, is still open;
    - `by_document`: identified by document; `document_votes`, `document_left`, `document_expired` and
      `document_waiting` say what became of these ballots and stand in no other column.

    Check-ins are counted from the events, what became of them from ballot passes and votes, so the two sides agree
    only if the tables do. What does not fit is counted apart:

    - `missing`: recognised, but no ballot was opened;
    - `lost`: a ballot is marked as cast, but no vote of its voter exists;
    - `extra`: a ballot or a vote that no recognised check-in of this booth opened.
    """

    checkins: int = 0
    votes: int = 0
    left: int = 0
    expired: int = 0
    waiting: int = 0
    refused: int = 0
    document_votes: int = 0
    document_left: int = 0
    document_expired: int = 0
    document_waiting: int = 0
    missing: int = 0
    lost: int = 0
    extra: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Figures)))

    @property
    def by_document(self) -> int:
        return sum(getattr(self, DOCUMENT + outcome) for outcome in OUTCOMES)

    @property
    def all_votes(self) -> int:
        """Return the votes cast here, however the voters were identified."""
        return self.votes + self.document_votes

    @property
    def outcomes(self) -> int:
        """Return the right side of the equation."""
        return self.votes + self.left + self.expired + self.waiting + self.by_document + self.refused

    @property
    def difference(self) -> int:
        """Return how many check-ins, ballots and votes do not fit; two that cancel each other out are two."""
        return self.missing + self.lost + self.extra

    @property
    def balanced(self) -> bool:
        return self.difference == 0 and self.checkins == self.outcomes
