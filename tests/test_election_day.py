"""A short election day with trouble, through the real web server, worker and database: `benchmarks.election_day`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.day import trouble
from benchmarks.day.booth import Answer
from benchmarks.day.figures import Answered, Figures, over_bounds, percentile
from benchmarks.day.films import AS_THE_PAGE, Camera, Film
from benchmarks.day.trouble import AFTERMATH_SECONDS, Event, elsewhere
from benchmarks.day.web import is_painted
from benchmarks.election_day import Plan, run
from services.face_service.fake_engine import draw_face
from services.face_service.images import decode_image, encode_jpeg
from tests.support import portraits

SHORT = Plan(voters=40, kiosks=2, real=0, troubles=trouble.SHORT, bounds=False, liveness=False, painted=2)


@pytest.mark.slow
@pytest.mark.commits
def test_forty_voters_a_kill_and_a_crash_of_the_database_lose_and_double_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run(SHORT, tmp_path)
    said = capsys.readouterr().out
    assert done.failed == [], said
    assert len(done.lines) >= 15
    assert "web processes killed" in said
    assert "database stopped" in said


def test_the_95th_percentile_is_one_of_the_values():
    assert percentile(range(1, 101), 0.95) == 95
    assert percentile([3.0], 0.95) == 3.0
    assert percentile([1, 2], 0.5) == 1


def test_a_slow_step_is_over_its_bound_and_named():
    figures = Figures(phase="all")
    for seconds in [0.2] * 90 + [1.5] * 10:
        figures.took("vote", "fast", seconds)
        figures.took("document", "fast", seconds)
    [sentence] = over_bounds(figures, "all")
    assert sentence.startswith("p95 of vote (fast) is 1.500 s; the bound is 1.0 s")


def test_an_answer_long_after_the_trouble_is_not_explained_by_it():
    figures = Figures(in_trouble=True)
    event = Event("a kill", 10.0, 12.0)
    rows = [Answered(at, "index", 500, "", "1") for at in (9.0, 11.0, 12.0 + AFTERMATH_SECONDS, 60.0)]
    figures.troubled = rows
    assert elsewhere(figures, [event]) == [rows[0], rows[3]]


def test_painted_pictures_are_told_from_photographs_also_after_a_jpeg():
    assert is_painted(decode_image(encode_jpeg(draw_face(3), 80)))
    assert not is_painted(portraits.astronaut())
    assert not is_painted(np.zeros((480, 640, 3), dtype=np.uint8))


def test_the_camera_shows_a_movement_once_it_is_asked_for_and_never_a_frame_twice(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("benchmarks.day.films.time.monotonic", lambda: now[0])
    monkeypatch.setattr("benchmarks.day.films.time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    moves = {"left": [[b"l%d" % number for number in range(13)], [b"L%d" % number for number in range(13)]]}
    camera = Camera(Film([b"s%d" % number for number in range(40)], moves, [], ""), AS_THE_PAGE)
    assert camera.chunk(0)[1] == [b"s0", b"s1", b"s2", b"s3"]
    camera.demand("left")
    seen = [frame for _ in range(9) for frame in camera.chunk(0)[1]]
    assert len(set(seen)) == len(seen)
    assert [frame for frame in seen if frame.startswith(b"l")][:3] == [b"l0", b"l1", b"l2"]
    assert any(frame.startswith(b"L") for frame in seen)


def test_a_busy_server_costs_the_camera_frames_but_never_more_than_eight_wait(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("benchmarks.day.films.time.monotonic", lambda: now[0])
    camera = Camera(Film([b"%d" % number for number in range(100)], {}, [], ""), AS_THE_PAGE)
    now[0] = 5.0
    assert camera.chunk(0)[1] == [b"%d" % number for number in range(37, 45)]


def test_the_words_of_a_page_and_of_an_error_are_read():
    page = Answer(409, '<h1 class="k-h1">You have <mark>voted</mark></h1><p class="k-lead">Go &amp; rest.</p>', "")
    assert page.words == "You have voted. Go & rest."
    assert Answer(500, '{"error": {"code": "x", "message": "Try again."}}', "").words == "Try again."
