"""The life of elections under any sequence of acts, clocks and workers: a model beside the real services.

Each run works in a transaction of its own that is rolled back. Time is the application's frozen clock and, by the same
amount, that of `cast_ballot`: the database's own clock is real and cannot be set, so within that transaction the
function reads it through a shift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select, text

from models import CandidateOrder, Election, ElectionStatus, RollEntry, Secrecy, Voter, db, transaction, use_role
from services import ballots, elections
from services.actor import SYSTEM
from services.ballots import Choice
from services.clock import utc_now
from services.errors import Conflict, ValidationFailed
from tests import factories
from tests.support import database, voting

DRAFT, ACTIVE, CLOSED, ARCHIVED = ElectionStatus
STEP = timedelta(minutes=30)
SHIFT = "(clock_timestamp() + coalesce(nullif(current_setting('sv.test_shift', true), ''), '0')::interval)"
NUMBERS = st.integers(min_value=0, max_value=7)


@dataclass
class Known:
    """What the model knows of one election."""

    id: int
    opens_at: datetime
    closes_at: datetime
    status: ElectionStatus = DRAFT
    complete: bool = True
    on_roll: bool = True
    scheduled: bool = False
    voted: set[int] = field(default_factory=set)
    frozen: tuple[Any, ...] | None = None


class ElectionMachine(RuleBasedStateMachine):
    """Acts on up to eight elections; `app` and `done` are set by whoever runs it."""

    app: Flask
    done: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.known: list[Known] = []
        self.stack = ExitStack()
        self.stack.enter_context(self.app.app_context())
        self.stack.enter_context(database.savepoint_session(self.app))
        self.clock = time_machine.travel(datetime.now(UTC), tick=False)
        self.coordinates = self.clock.start()
        self.stack.callback(self.clock.stop)
        self.shifted = timedelta()

    @initialize()
    def shift_the_clock_of_the_database(self) -> None:
        with use_role("owner"):
            connection = db.session.connection().execution_options(no_parameters=True)
            source = connection.exec_driver_sql("SELECT pg_get_functiondef('cast_ballot'::regproc)").scalar_one()
            connection.exec_driver_sql(source.replace("clock_timestamp()", SHIFT))
            db.session.commit()
        self.voters = [factories.VoterFactory().id for _ in range(3)]
        # Hypothesis leaves whole acts out of a run: without these many a run would have nothing to act on.
        self.create(begins=-1, lasts=12, complete=True, secrecy=Secrecy.SECRET)
        self.create(begins=1, lasts=12, complete=True, secrecy=Secrecy.SECRET)
        self.open(0)

    def teardown(self) -> None:
        self.stack.close()

    # Acts

    @precondition(lambda self: len(self.known) < 8)
    @rule(begins=st.integers(-2, 4), lasts=st.integers(1, 6), complete=st.booleans(), secrecy=st.sampled_from(Secrecy))
    def create(self, begins: int, lasts: int, complete: bool, secrecy: Secrecy) -> None:
        opens_at = utc_now() + begins * STEP + STEP / 2
        made = elections.create_election(
            title="An election", opens_at=opens_at, closes_at=opens_at + lasts * STEP, actor=SYSTEM, secrecy=secrecy,
            opens_without_faces=True,
        )  # fmt: skip
        for _ in range(2 if complete else 1):
            factories.CandidateFactory(election=made)
        for voter in self.voters:
            db.session.add(RollEntry(election_id=made.id, voter_id=voter))
        db.session.commit()
        self.known.append(Known(made.id, made.opens_at, made.closes_at, complete=complete))
        self.done["create"] += 1

    @precondition(lambda self: self.known)
    @rule(number=NUMBERS, later=st.integers(0, 3), order=st.sampled_from(CandidateOrder))
    def edit(self, number: int, later: int, order: CandidateOrder) -> None:
        one = self._pick(number)
        changes = {"closes_at": one.closes_at + later * STEP, "candidate_order": order, "confirmation_text": f"{later}"}
        free = one.status is DRAFT and not one.scheduled
        self._try("edit", free, lambda e: elections.update_election(e, changes, SYSTEM), one)
        if free:
            one.closes_at += later * STEP

    @precondition(lambda self: self.known and len(self.known) < 8)
    @rule(number=NUMBERS, with_roll=st.booleans())
    def copy(self, number: int, with_roll: bool) -> None:
        one = self._pick(number)
        made = self._try("copy", True, lambda e: elections.copy_election(e, SYSTEM, with_roll=with_roll), one)
        copied = Known(made.id, made.opens_at, made.closes_at, complete=one.complete)
        copied.on_roll = with_roll and one.on_roll
        assert elections.roll_counts(made) == (0, 3 if copied.on_roll else 0)
        self.known.append(copied)

    @precondition(lambda self: self.known)
    @rule(number=NUMBERS)
    def schedule(self, number: int) -> None:
        one = self._pick(number)
        allowed = self._can_open(one) and one.opens_at > utc_now()
        self._try("schedule", allowed, lambda e: elections.schedule_opening(e, SYSTEM), one)
        one.scheduled = one.scheduled or allowed

    @precondition(lambda self: any(one.scheduled for one in self.known))
    @rule(number=NUMBERS)
    def cancel(self, number: int) -> None:
        one = self._pick(number)
        self._try("cancel", one.scheduled, lambda e: elections.cancel_opening(e, SYSTEM), one)
        one.scheduled = False

    @precondition(lambda self: self.known)
    @rule(number=NUMBERS)
    def open(self, number: int) -> None:
        one = self._pick(number)
        allowed = self._can_open(one)
        self._try("open", allowed, lambda e: elections.open_election(e, SYSTEM), one)
        if allowed:
            one.status, one.scheduled = ACTIVE, False

    @precondition(lambda self: self.known)
    @rule(number=NUMBERS, voter=st.integers(0, 2), nota=st.booleans())
    def cast(self, number: int, voter: int, nota: bool) -> None:
        one = self._pick(number)
        found = db.session.get_one(Election, one.id)
        voter_id = self.voters[voter]
        if not one.on_roll:
            return
        choice = Choice(nota=True) if nota else Choice(candidates=(found.candidates[0].id,))
        if one.status is DRAFT:
            assert found.definition is None  # nothing to cast against
            return
        expected = "already_voted" if voter_id in one.voted else "cast" if self._inside(one) else "closed"
        kind = voting.cast_by(db.session.get_one(Voter, voter_id), found, choice).kind
        assert kind == expected, (kind, expected)
        if kind == "cast":
            one.voted.add(voter_id)
        self.done[f"vote {kind}"] += 1

    @precondition(lambda self: any(self._inside(one) for one in self.known))
    @rule(number=NUMBERS, voter=st.integers(0, 2))
    def cast_inside_the_window(self, number: int, voter: int) -> None:
        inside = [place for place, one in enumerate(self.known) if self._inside(one)]
        self.cast(inside[number % len(inside)], voter, nota=False)

    @precondition(lambda self: any(one.status is ACTIVE for one in self.known))
    @rule(number=NUMBERS)
    def close(self, number: int) -> None:
        one = self._pick(number)
        allowed = one.status is ACTIVE
        self._try("close", allowed, lambda e: elections.close_election(e, SYSTEM), one)
        if allowed:
            one.status = CLOSED

    @precondition(lambda self: any(one.status is CLOSED for one in self.known))
    @rule(number=NUMBERS)
    def archive(self, number: int) -> None:
        one = self._pick(number)
        allowed = one.status is CLOSED
        self._try("archive", allowed, lambda e: elections.archive_election(e, SYSTEM), one)
        if allowed:
            one.status = ARCHIVED

    @precondition(lambda self: self.known and len(self.known) < 8)
    @rule(number=NUMBERS)
    def reset(self, number: int) -> None:
        one = self._pick(number)
        allowed = one.status in (ACTIVE, CLOSED)
        fresh = self._try("reset", allowed, lambda e: elections.reset_election(e, SYSTEM), one)
        if fresh is not None:
            one.status = ARCHIVED
            self.known.append(Known(fresh.id, fresh.opens_at, fresh.closes_at, status=ACTIVE))

    @precondition(lambda self: self.known)
    @rule(number=NUMBERS)
    def delete(self, number: int) -> None:
        one = self._pick(number)
        allowed = one.status is DRAFT and not one.scheduled
        self._try("delete", allowed, lambda e: elections.delete_election(e, SYSTEM), one)
        if allowed:
            self.known.remove(one)

    @precondition(lambda self: any(one.status is not ARCHIVED for one in self.known))
    @rule(steps=st.integers(1, 3))
    def time_passes(self, steps: int) -> None:
        self._wait(steps * STEP)

    @precondition(lambda self: any(self._inside(one) for one in self.known))
    @rule(number=NUMBERS, voter=st.integers(0, 2))
    def somebody_comes_just_after_the_end(self, number: int, voter: int) -> None:
        inside = [place for place, one in enumerate(self.known) if self._inside(one)]
        late = inside[number % len(inside)]
        self._wait(self.known[late].closes_at - utc_now() + timedelta(seconds=1))
        self.cast(late, voter, nota=False)

    def _wait(self, span: timedelta) -> None:
        self.coordinates.shift(span)
        self.shifted += span
        db.session.execute(select(func.set_config("sv.test_shift", f"{self.shifted.total_seconds()} s", False)))
        db.session.commit()
        self.done["time passes"] += 1

    @precondition(lambda self: any(one.status in (DRAFT, ACTIVE) for one in self.known))
    @rule()
    def the_worker_is_there(self) -> None:
        with use_role("sealer"):
            elections.follow_timetable(transaction)
        now = utc_now()
        for one in self.known:
            if one.status is ACTIVE and one.closes_at <= now:
                one.status = CLOSED
        for one in self.known:
            if one.scheduled and one.opens_at <= now:
                one.status = ACTIVE if self._can_open(one) else DRAFT
                one.scheduled = False
        self.done["worker"] += 1

    @precondition(lambda self: any(one.voted for one in self.known))
    @rule()
    def the_worker_seals(self) -> None:
        voting.seal_all()
        self.done["seal"] += 1

    # What always holds

    @invariant()
    def every_election_is_as_the_model_knows_it(self) -> None:
        db.session.expire_all()
        for one in self.known:
            found = db.session.get(Election, one.id)
            assert found is not None, "an election is gone"
            assert (found.status, found.opens_by_itself) == (one.status, one.scheduled)
            if one.status is DRAFT:
                continue
            frozen = (found.definition, found.opens_at, found.closes_at,
                      *(getattr(found, name) for name in elections.RULES))  # fmt: skip
            one.frozen = one.frozen or frozen
            assert frozen == one.frozen, "a frozen setting changed"
            assert ballots.definition_intact(found)
            if one.status is not ACTIVE:
                assert found.closed_at <= found.closes_at

    @invariant()
    def the_box_balances_and_nobody_voted_outside_the_window(self) -> None:
        for one in self.known:
            row = db.session.execute(text("SELECT * FROM ballot_counts(:id)"), {"id": one.id}).one()
            recorded = db.session.get_one(Election, one.id).secrecy is Secrecy.RECORDED
            assert row.votes == len(one.voted)
            assert row.box + row.ballots + row.spoiled == (0 if recorded else row.votes)
        outside = text(
            "SELECT count(*) FROM votes v JOIN elections e ON e.id = v.election_id"
            " WHERE v.cast_at < e.opens_at OR v.cast_at >= e.closes_at"
        )
        assert db.session.scalar(outside) == 0

    # Helpers

    def _pick(self, number: int) -> Known:
        return self.known[number % len(self.known)]

    def _inside(self, one: Known) -> bool:
        return one.status is ACTIVE and one.opens_at <= utc_now() < one.closes_at

    def _can_open(self, one: Known) -> bool:
        return one.status is DRAFT and one.complete and one.on_roll and one.closes_at > utc_now()

    def _try(self, name: str, allowed: bool, act: Callable[[Election], Any], one: Known) -> Any:
        """Act in a savepoint; it succeeds when the model allows it, and else is refused in words."""
        found, refusal, answer = db.session.get_one(Election, one.id), "", None
        try:
            with db.session.begin_nested():
                answer = act(found)
        except (Conflict, ValidationFailed) as error:
            refusal = error.message or "without a word"
        assert bool(refusal) is not allowed, f"{name}: {refusal or 'was possible'}"
        if refusal:
            db.session.expire_all()
        else:
            db.session.commit()
        self.done[f"{name} refused" if refusal else name] += 1
        return answer
