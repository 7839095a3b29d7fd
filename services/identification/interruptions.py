"""A check whose frames stopped on the way, and an answer that never arrived: the line, the server or a plug failed.

Who caused the silence cannot be told from here: an attacker may pull the cable as well as anybody. So a silence is
judged by its length on the server's own clock only, and what it gives away is bounded:

- Nothing of the broken challenge counts later; frames from before and after a silence are never put together, so
  nobody gains time inside a movement by pausing the line.
- The first broken challenge of a voter is no failure, every further one is (`failures.FREE_BREAKS`), and from the
  second on the officer reviews it. Every one is written down with its picture.
- A broken challenge stays among those drawn for the voter (`failures.MAX_CHALLENGES`): pulling the cable shows nobody
  more challenges than asking anew does. A film that suits one strict order in nine (face.md 3.3) gets one more throw,
  not endless ones.
- Before the first movement nothing was asked and nothing proven: the challenge is untouched, and the same steps are
  given again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from models import AuthEvent, AuthResult, Challenge, Kiosk, db
from services.actor import Actor
from services.clock import utc_now
from services.identification import attempts, booth_room, challenges, failures, passes, runs
from services.identification.attempts import Attempt
from services.identification.outcomes import Interrupted, NoPass, Verdict
from services.identification.runs import Run

SILENCE_SECONDS = 4.0
"""So long without frames breaks a challenge. Of the 6 s of a movement less than two would be left, and a movement
takes 1.3 s after it was read; a page that waits for a busy server is not silent, its answers end the wait."""
BROKEN_AGAIN = attempts.SUSPICIOUS
"""Suspicion for every break of a kind after the first; a judgement for the review list, not a measurement."""
ANSWER_AGAIN = timedelta(minutes=3)
"""How long a lost verdict may be asked for again: as long as the ballot that it opened stays open."""
VERDICT_LOST = failures.FREE_BREAKS.keys() | {attempts.ABANDONED}
"""Reasons of events that no verdict was given for."""


def fell_silent(run: Run, now: datetime) -> bool:
    """Tell whether frames came, and then none for so long that the challenge cannot go on."""
    return run.line.silence(now.timestamp()) >= SILENCE_SECONDS


def end(kiosk: Kiosk, challenge: Challenge, run: Run, actor: Actor) -> Interrupted:
    """End a challenge that fell silent, or lay an untouched one back as it was."""
    if not runs.has_begun(challenge):
        challenge.state = {}
        counted = failures.count(kiosk.election_id, challenge.voter_id)
        return Interrupted(counted.tries_left, counted.officer_needed)
    counted = record_break(kiosk, challenge, run, actor, failures.INTERRUPTED)
    return Interrupted(counted.tries_left, counted.officer_needed)


def record_break(kiosk: Kiosk, challenge: Challenge, run: Run, actor: Actor, kind: str) -> failures.Failures:
    """Use the challenge up without a judgement and write the break down; return the failures counted after it."""
    failures.lock_voter(challenge.voter_id)
    challenges.spend(challenge)
    counted = failures.count(kiosk.election_id, challenge.voter_id)
    before = counted.interruptions if kind == failures.INTERRUPTED else counted.camera_changes
    report = run.report()
    report["suspicion_score"] = min(1.0, float(report["suspicion_score"]) + BROKEN_AGAIN * before)
    with booth_room.booth_words():
        attempt = Attempt(AuthResult.UNKNOWN, kind, None, report, run.shot)
        _event, counted = attempts.record(kiosk, challenge, attempt, actor)
    return counted


def given_verdict(kiosk: Kiosk, challenge: Challenge, seq: int | None) -> Verdict | None:
    """Return the verdict that chunk `seq` already got, if its answer may have been lost; None when there is none.

    Only the very chunk that decided gets it again, from the same kiosk, and a success only while its ballot is open.
    """
    if seq is None or challenge.used_at is None:
        return None
    event = db.session.scalar(
        select(AuthEvent).where(
            AuthEvent.kiosk_id == kiosk.id,
            AuthEvent.voter_id == challenge.voter_id,
            AuthEvent.created_at > utc_now() - ANSWER_AGAIN,
            AuthEvent.liveness["challenge"].as_string() == str(challenge.id),
            AuthEvent.liveness["last_seq"].as_integer() == seq,
        )
    )
    if event is None or event.reason in VERDICT_LOST:
        return None
    if event.result is AuthResult.SUCCESS and not _ballot_is_open(kiosk, event):
        return None
    return _verdict_of(kiosk, event)


def _ballot_is_open(kiosk: Kiosk, event: AuthEvent) -> bool:
    try:
        return passes.present_pass(kiosk).auth_event_id == event.id
    except NoPass:
        return False


def _verdict_of(kiosk: Kiosk, event: AuthEvent) -> Verdict:
    success = event.result is AuthResult.SUCCESS
    live = event.liveness.get("status") == "passed"
    counted = failures.count(kiosk.election_id, event.voter_id or 0)
    others = [code for code in event.liveness.get("reasons", []) if code != event.reason]
    return Verdict(
        result=event.result,
        distance=round(event.distance, 2) if live and event.distance is not None else None,
        live=live,
        reasons=() if success else (event.reason or "", *others),
        tries_left=counted.tries_left,
        officer=not success and counted.officer_needed,
    )
