"""The booth with the real face engine, on films composed from photographs after the steps are known."""

from __future__ import annotations

from functools import cache

import pytest

from models import AuthEvent, AuthResult, Consent, db
from services import identification
from services.context import platform
from services.face_service import DlibEngine, FaceService, NewTemplate, decode_image
from services.face_service.images import encode_jpeg
from tests.conftest import SHARED
from tests.services.identification import acting
from tests.support import film

PEOPLE = SHARED / "faces" / "people"
pytestmark = [
    pytest.mark.realface,
    pytest.mark.skipif(not PEOPLE.exists(), reason="the shared photographs are not here"),
]
ENROLLED = ("p01/01.jpg", "p01/02.jpg", "p01/03.jpg")
SAME, OTHER = "p01/04.jpg", "p02/01.jpg"
FRAMES = 5


def photo(name):
    return decode_image((PEOPLE / name).read_bytes())


@pytest.fixture(scope="module")
def engine():
    return DlibEngine()


@pytest.fixture(scope="module")
def enrolled(engine):
    pictures = [photo(name) for name in ENROLLED]
    vectors = [engine.encode(one, engine.detect(one)[0]) for one in pictures]
    return [NewTemplate(vector, {}, encode_jpeg(one)) for vector, one in zip(vectors, pictures, strict=True)]


@pytest.fixture(scope="module")
def sitter_of(engine):
    """Give who is in a photograph, ready to be filmed; a pose of each is composed once."""
    return cache(lambda name: film.Sitter.from_photo(engine, photo(name)))


@pytest.fixture
def real(app, engine, monkeypatch):
    """Put the real engine in the place of the fake one."""
    faces = FaceService(engine, platform().faces.templates, 0.60)
    monkeypatch.setattr(app.extensions["platform"], "faces", faces)
    return faces


@pytest.fixture
def person(open_election, real, enrolled):
    voter = acting.only_voter(open_election)
    real.templates.replace(voter.id, enrolled)
    db.session.add(Consent(voter_id=voter.id, text_version="test"))
    db.session.commit()
    return voter


@pytest.fixture
def show(kiosk, person, sitter_of, actor, clock):
    """Show a film to the kiosk: the maker gets sitter and steps, the outcome comes back."""

    def play(name, make, steps=("left", "right", "blink")):
        begun = identification.start(kiosk, person.voter_id, actor)
        begun.challenge.steps = list(steps)
        sitter = sitter_of(name)
        outcome, seq = None, 0
        for position, part in enumerate(make(sitter, begun.challenge.steps)):
            frames = [acting.as_data_url(encode_jpeg(frame)) for frame in part]
            for first in range(0, len(frames), FRAMES):
                clock.shift(FRAMES / film.FPS)
                outcome = identification.submit_frames(
                    kiosk, begun.challenge.ticket, max(0, position - 1), frames[first : first + FRAMES], actor, seq
                )
                seq += 1
                if isinstance(outcome, identification.Verdict):
                    return outcome
        return outcome

    return play


@pytest.mark.parametrize("steps", [("left", "right", "blink"), ("right", "nod", "left")], ids="-".join)
def test_the_enrolled_person_passes(steps, show):
    verdict = show(SAME, film.genuine, steps)

    assert verdict.result is AuthResult.SUCCESS
    assert verdict.distance <= 0.5


def test_another_person_is_a_mismatch(show):
    verdict = show(OTHER, film.genuine)

    assert verdict.result is AuthResult.MISMATCH
    assert verdict.distance > 0.6


@pytest.mark.parametrize("attack", [film.still, film.tilted, film.bent], ids=lambda attack: attack.__name__)
def test_a_photograph_of_the_enrolled_person_does_not_pass(attack, show, kiosk):
    outcome = show(SAME, attack)

    assert getattr(outcome, "result", None) is not AuthResult.SUCCESS
    assert db.session.query(AuthEvent).filter_by(result=AuthResult.SUCCESS).count() == 0
    with pytest.raises(identification.NoPass):
        identification.present_pass(kiosk)
