"""The result of an election, as much of it as its policy lets anybody see."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from models import Election, ElectionStatus, Method, NotaRule, TieResolution, db
from services import ballots, elections, ties
from services.ballots.batch_cost import RARE
from services.meeting_result import MeetingVote, meeting_vote
from services.result_rules import counts_visible, is_over, rules_of
from services.rounds import Rounds, in_rounds, listed, rounds_in
from services.verdict import NOTA_LOT, Outcome, Verdict, verdict_of

PERCENT = 100
SHARE_DIGITS = 1


@dataclass(frozen=True)
class Turnout:
    """`percent` of the electoral roll, one decimal; 0.0 for an empty roll."""

    voted: int
    on_roll: int
    percent: float


@dataclass(frozen=True)
class Share:
    """A name with its votes; `count` and `share` (percent of the counted ballots) are None while they are sealed."""

    name: str
    count: int | None
    share: float | None


@dataclass(frozen=True)
class Row:
    """A candidate's line; `winner` says who has a seat by this count, settled or not (`Result.final`)."""

    candidate_id: int
    name: str
    party: str
    count: int | None
    share: float | None
    symbol_path: str | None
    image_path: str | None
    winner: bool = False


@dataclass(frozen=True)
class Resolution:
    """How a tie was resolved; `lots` are names in the order drawn, `elected` those whom the lots added.

    `kind` is `drawn` or `published` (the lot order of the definition); `drawn_at` and `recorded_at` are UTC.
    """

    kind: str
    lots: list[str]
    elected: list[str]
    drawn_at: datetime
    drawn_by: str
    how: str
    witnesses: str
    reason: str
    recorded_by: str
    confirmed_by: str
    recorded_at: datetime


@dataclass(frozen=True)
class Balance:
    """votes = ballots + box + spoiled (design, section 3, rule 8); a recorded election has no box."""

    votes: int
    ballots: int
    box: int
    spoiled: int
    balanced: bool


@dataclass(frozen=True)
class Result:
    """What a result page shows. `live` tells that counts move while people vote, `final` that they are settled.

    `status` is that of the election, or `sealing` between its close and its count.
    `winner` names who has a seat by this count and by lot: elected when it is final, ahead before. `tie` names who has
    the same number of votes in a final count, resolved or not; `resolution` says how it was resolved.
    `presence` is what a vote in a meeting says of who was there and of its majority.
    Of `ranked` ballots the rows hold first preferences; `rounds` is the whole count once it is final.
    """

    election_id: int
    title: str
    status: str
    secret: bool
    live: bool
    final: bool
    intact: bool
    seats: int
    turnout: Turnout
    rows: list[Row]
    nota: Share
    parties: list[Share]
    total: int | None
    winner: str | None
    winners: list[str]
    tie: list[str]
    balance: Balance
    counted_at: datetime | None
    closed_at: datetime | None
    note: str
    resolution: Resolution | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    rules: list[str] = field(default_factory=list)
    lot_order: list[str] = field(default_factory=list)
    fingerprint: str = ""
    ranked: bool = False
    rounds: Rounds | None = None
    presence: MeetingVote | None = None

    @property
    def counted(self) -> bool:
        """Tell whether the counts may be seen."""
        return self.total is not None

    @property
    def undecided(self) -> bool:
        """Tell whether a tie waits for the committee."""
        return bool(self.tie) and self.resolution is None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON types; times are ISO 8601 in UTC."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime) else value


def result_of(election: Election, now: datetime) -> Result:
    """Return the result of `election` as its secrecy and results policy allow at `now` (UTC).

    Turnout is always there. Counts are None, and `note` says why, while they may not be seen.
    """
    counts = ballots.counts(election)
    visible = counts_visible(election, counts)
    final = visible and is_over(election)
    verdict = verdict_of(election, counts) if visible else Verdict(Outcome.NO_VOTES)
    resolved = db.session.get(TieResolution, election.id) if final and verdict.is_tie else None
    first = tuple(resolved.elected) if resolved else verdict.first
    rounds = rounds_in(election, counts) if final else None
    rows = in_rounds(_rows(election, counts if visible else None, first), rounds)
    winners = _names(rows, first)
    total = counts.total if visible else None
    tie = _tie(rows, verdict)
    return Result(
        election_id=election.id,
        title=election.title,
        status=_state(election, visible),
        secret=election.is_secret,
        live=visible and not final,
        final=final,
        intact=election.status is ElectionStatus.DRAFT or ballots.definition_intact(election),
        seats=election.seats,
        turnout=_turnout(election, counts),
        rows=rows,
        nota=_share(ties.nota_name(election), counts.nota if visible else None, total),
        parties=[] if ties.is_motion(election) else party_totals(rows, total),
        total=total,
        winner=listed(winners) or None,
        winners=winners,
        tie=tie if final else [],
        balance=_balance(election, counts),
        counted_at=counts.counted_at if visible else None,
        closed_at=election.closed_at,
        note="" if resolved else note_for(election, counts, now, tie, verdict),
        resolution=_resolution(rows, verdict, resolved) if resolved else None,
        opens_at=election.opens_at,
        closes_at=election.closes_at,
        rules=rules_of(election),
        lot_order=ties.lot_names(election),
        fingerprint=election.definition_hash.hex() if election.definition_hash else "",
        ranked=election.method is Method.RANKED,
        rounds=rounds,
        presence=meeting_vote(election, counts if visible else None, verdict, final),
    )


def public_election(chosen: int | None) -> Election | None:
    """Return the chosen election, else the present booth election, else the newest one; never a draft."""
    if chosen is not None:
        found = db.session.get(Election, chosen)
        return found if found is not None and found.status is not ElectionStatus.DRAFT else None
    present = next(iter(elections.current_booth_elections()), None)
    newest = select(Election).where(Election.status != ElectionStatus.DRAFT).order_by(Election.id.desc()).limit(1)
    return present or db.session.scalar(newest)


def receipts_listed(election: Election) -> bool:
    """Tell whether the receipts of all counted ballots are listed: a secret election, closed and counted."""
    return election.is_secret and is_over(election) and ballots.counts(election).box == 0


def note_for(election: Election, counts: ballots.Counts, now: datetime, tie: list[str], verdict: Verdict) -> str:
    """Return the sentences that explain a result: why counts are missing, or what a count does not decide."""
    if election.status is ElectionStatus.DRAFT:
        return _("This election has not opened.")
    if not counts_visible(election, counts):
        return _hidden_note(election, now)
    if not is_over(election):
        return _live_note(election, counts)
    return _verdict_note(election, tie, verdict)


def party_totals(rows: list[Row], total: int | None) -> list[Share]:
    """Return the sum of each party's candidates, most votes first; candidates without a party are one line."""
    sums: dict[str, int | None] = {}
    for row in rows:
        name = row.party or _("No party")
        sums[name] = None if row.count is None else (sums.get(name) or 0) + row.count
    shares = [_share(name, count, total) for name, count in sums.items()]
    return sorted(shares, key=lambda share: -(share.count or 0))


def _hidden_note(election: Election, now: datetime) -> str:
    if is_over(election):
        return _("The ballots are being sealed and counted. The count appears here in a moment.")
    if now >= election.closes_at:
        return _("Voting has ended. The count appears when the commission has closed the election.")
    if election.is_secret:
        return _("The ballots stay in the ballot box. The count appears when the election is closed.")
    return _("The count appears when the election is closed.")


def _live_note(election: Election, counts: ballots.Counts) -> str:
    if election.method is Method.RANKED:
        return _("First preferences so far. The rounds are counted when the election is closed.")
    if not election.is_secret:
        return _("The count moves with every vote. It is final when the election is closed.")
    if not counts.sealed:
        return _(
            "To keep votes secret, ballots are counted %(batch)s at a time. None are counted so far.",
            batch=election.live_batch,
        )
    counted = _(
        "To keep votes secret, ballots are counted %(batch)s at a time. It is final when the election is closed.",
        batch=election.live_batch,
    )
    return f"{counted} {_batch_cost(counts, election.live_batch or 0)}"


def _batch_cost(counts: ballots.Counts, batch: int) -> str:
    """Say what the live count costs at the present spread."""
    shares = [count / counts.total for count in (*counts.per_candidate.values(), counts.nota)]
    one_in = ballots.batches_until_one_agrees(shares, batch)
    if one_in == 1:
        return _("All ballots counted so far agree, so the choice of every voter in them is known.")
    if one_in == RARE:
        return _("With counts like these, fewer than one batch in a million agrees and tells the choice of its voters.")
    return _(
        "With counts like these, about one batch in %(number)s agrees and tells the choice of its voters.",
        number=f"{one_in:,}",
    )


def _verdict_note(election: Election, tie: list[str], verdict: Verdict) -> str:
    if verdict.outcome is Outcome.NO_VOTES:
        return _("No votes were counted. No candidate is elected.")
    if verdict.outcome is Outcome.NOTA_FIRST:
        if election.method is Method.RANKED:
            return _(
                "More than half of the ballots say none of the above. By the rule of this election no one is elected."
            )
        return _nota_note(election.nota_rule)
    if not verdict.is_tie:
        return ""
    decides = _("The lot order published before opening decides. The commission confirms it.")
    by_lot = _("The commission decides by hand and states the reason.")
    return _(
        "%(names)s have the same number of votes. %(how)s",
        names=listed(tie),
        how=decides if election.lot_order else by_lot,
    )


def _nota_note(rule: NotaRule | None) -> str:
    if rule is None:
        return _("None of the above has the most votes. No candidate is elected by this count. The commission decides.")
    if rule is NotaRule.ADVISORY:
        return _("No candidate has a vote. No one is elected.")
    return _("None of the above has the most votes. By the rule of this election no one is elected.")


def _tie(rows: list[Row], verdict: Verdict) -> list[str]:
    names = _names(rows, verdict.tied)
    return [*names, _("None of the above")] if verdict.outcome is Outcome.NOTA_LEVEL else names


def _resolution(rows: list[Row], verdict: Verdict, made: TieResolution) -> Resolution:
    names = {row.candidate_id: row.name for row in rows} | {NOTA_LOT: _("None of the above")}
    return Resolution(
        kind=made.method.value,
        lots=[names[lot] for lot in made.lots],
        elected=[names[number] for number in made.elected if number not in verdict.first],
        drawn_at=made.drawn_at,
        drawn_by=made.drawn_by,
        how=made.how,
        witnesses=made.witnesses,
        reason=made.reason,
        recorded_by=made.recorded_by,
        confirmed_by=made.staff_user.username if made.staff_user else "",
        recorded_at=made.created_at,
    )


def _names(rows: list[Row], ids: tuple[int, ...]) -> list[str]:
    return [row.name for row in rows if row.candidate_id in ids]


def _rows(election: Election, counts: ballots.Counts | None, first: tuple[int, ...]) -> list[Row]:
    """Return the rows in the order of the count, or of the ballot while nothing is counted."""
    rows = [_row(choice, counts, first) for choice in ballots.choices_of(election)]
    return sorted(rows, key=lambda row: -(row.count or 0))


def _row(choice: dict[str, Any], counts: ballots.Counts | None, first: tuple[int, ...]) -> Row:
    candidate = int(choice["id"])
    count = counts.per_candidate.get(candidate, 0) if counts else None
    return Row(
        candidate_id=candidate,
        name=choice["name"],
        party=choice.get("party") or "",
        count=count,
        share=percent(count, counts.total) if counts and count is not None else None,
        symbol_path=choice.get("symbol_path"),
        image_path=choice.get("image_path"),
        winner=candidate in first,
    )


def _share(name: str, count: int | None, total: int | None) -> Share:
    return Share(name, count, None if count is None or total is None else percent(count, total))


def percent(part: int, whole: int) -> float:
    """Return `part` as a percentage of `whole`, one decimal; 0.0 of nothing."""
    return round(PERCENT * part / whole, SHARE_DIGITS) if whole else 0.0


def _turnout(election: Election, counts: ballots.Counts) -> Turnout:
    on_roll = elections.roll_size(election)
    return Turnout(counts.votes, on_roll, percent(counts.votes, on_roll))


def _balance(election: Election, counts: ballots.Counts) -> Balance:
    """Compare votes with ballots; `Counts` reads both in one statement, so a vote under way is no imbalance."""
    found = counts.sealed + counts.box + counts.spoiled if election.is_secret else counts.total
    return Balance(counts.votes, counts.total, counts.box, counts.spoiled, counts.votes == found)


def _state(election: Election, visible: bool) -> str:
    """Return the status, or `sealing` between the close of an election and its count."""
    return "sealing" if is_over(election) and not visible else election.status.value
