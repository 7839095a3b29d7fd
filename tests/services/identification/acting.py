"""A voter who acts out a challenge before the fake camera, frame by frame, on a clock that the test turns."""

from __future__ import annotations

import base64
import itertools
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import cv2
import numpy as np
from sqlalchemy import select

from models import AuthEvent, AuthResult, BallotPass, Consent, Election, Kiosk, RollEntry, Voter, db
from services import ballots
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.face_service import Pixels, encode_jpeg
from services.face_service.fake_engine import PATCH, draw_face

TURN, NOD = 30.0, 26.0
SHARES = (0, 0, 0.3, 0.6, 0.85, 1, 1, 1, 0.8, 0.5, 0.2, 0, 0)
LIDS = (0, 0, 0, 0.6, 1, 1, 1, 0.5, 0, 0, 0, 0)
CHUNK = 6
SHADE = 30
CHUNK_SECONDS = 0.7

_seeds = itertools.count(1)


def picture(person: int = 7, **pose: Any) -> Pixels:
    """Return one picture with enough light and shade for the quality gates; no two are the same, as from a sensor."""
    drawn = draw_face(person, seed=next(_seeds), **pose)
    shade = np.where(np.arange(drawn.shape[1]) // 20 % 2, SHADE, -SHADE).astype(np.int16)
    grey = drawn[PATCH:, :, 0] + shade  # below the patches all is grey: one channel tells the three
    drawn[PATCH:] = cv2.cvtColor(np.clip(grey, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB)
    return drawn


def frame(person: int = 7, **pose: Any) -> str:
    """Return one camera frame as a data URL."""
    return as_data_url(encode_jpeg(picture(person, **pose), quality=80))


def as_data_url(content: bytes, kind: str = "jpeg") -> str:
    return f"data:image/{kind};base64," + base64.b64encode(content).decode()


def straight(person: int = 7, count: int = 5) -> list[str]:
    return [frame(person) for _ in range(count)]


def movement(step: str, person: int = 7) -> list[str]:
    """Return the frames of one movement from straight and back."""
    if step == "blink":
        return [frame(person, closed=closed) for closed in LIDS]
    if step == "nod":
        return [frame(person, pitch=NOD * share) for share in SHARES]
    sign = 1 if step == "left" else -1
    return [frame(person, yaw=sign * TURN * share) for share in SHARES]


def performance(steps: Sequence[str], person: int = 7) -> Iterator[tuple[int, list[str]]]:
    """Yield (movements done, chunk of frames): looking straight, then each step in its order."""
    yield 0, straight(person)
    for done, step in enumerate(steps):
        frames = movement(step, person)
        for start in range(0, len(frames), CHUNK):
            yield done, frames[start : start + CHUNK]


def perform(
    send: Callable[[int, list[str], int], object],
    pass_time: Callable[[float], None],
    steps: Sequence[str],
    person: int = 7,
    is_pending: Callable[[object], bool] = lambda answer: getattr(answer, "steps_done", None) is not None,
) -> object:
    """Send the whole performance until the answer is final; return the last answer."""
    answer: object = None
    for seq, (done, frames) in enumerate(performance(steps, person)):
        pass_time(CHUNK_SECONDS)
        answer = send(done, frames, seq)
        if not is_pending(answer):
            break
    return answer


def enrol(voter: Voter, person: int = 7) -> None:
    """Enrol three pictures of the person, with consent, as the desk would."""
    pictures = [picture(person) for _ in range(3)]
    platform().faces.enroll_images(voter.id, pictures)
    db.session.add(Consent(voter_id=voter.id, text_version="test"))
    db.session.commit()


def only_voter(election: Election) -> Voter:
    """Return the first voter on the roll."""
    entry = db.session.scalars(
        select(RollEntry).where(RollEntry.election_id == election.id).order_by(RollEntry.id)
    ).first()
    assert entry is not None
    return entry.voter


def failed_before(kiosk: Kiosk, voter: Voter, result: AuthResult, position: int = 0, reason: str = "timeout") -> None:
    """Leave the record of an earlier failed attempt."""
    db.session.add(
        AuthEvent(
            election_id=kiosk.election_id,
            kiosk_id=kiosk.id,
            voter_id=voter.id,
            voter_id_input=voter.voter_id,
            result=result,
            reason=reason,
            liveness={"position": position},
        )
    )
    db.session.commit()


def vote(kiosk: Kiosk, voter: Voter, actor: Actor) -> datetime:
    """Cast a vote for nobody as this voter; return when."""
    ballot_pass = BallotPass(
        kiosk_id=kiosk.id,
        election_id=kiosk.election_id,
        voter_id=voter.id,
        expires_at=utc_now() + timedelta(seconds=60),
    )
    db.session.add(ballot_pass)
    db.session.flush()
    outcome = ballots.cast_with_pass(ballot_pass, ballots.Choice(nota=True), secrets.token_urlsafe(24), actor)
    db.session.commit()
    assert outcome.cast_at is not None
    return outcome.cast_at
