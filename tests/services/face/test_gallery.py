"""The gallery of means: nearest first, nothing left behind, and in step with the table whoever changes it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, text, update

from models import FaceMean, db
from services.context import platform
from services.face_service.gallery import Gallery
from services.face_service.means import Means
from tests import factories

RANDOM = np.random.default_rng(20261127)


def vector(norm: float = 1.5) -> np.ndarray:
    found = RANDOM.normal(size=128)
    return (found / np.linalg.norm(found) * norm).astype(np.float32)


def beside(other: np.ndarray, distance: float) -> np.ndarray:
    return (other + vector(distance)).astype(np.float32)


@pytest.fixture
def gallery() -> Gallery:
    made = Gallery()
    for number in range(1, 3001):  # more than the first room, so that it grows
        made.put(number, number, vector())
    return made


def test_the_near_ones_are_found_nearest_first_and_one_is_left_out(gallery):
    face = vector()
    for voter, distance in ((7001, 0.3), (7002, 0.1), (7003, 0.44), (7004, 0.46)):
        gallery.put(voter, voter, beside(face, distance))
    found = gallery.nearest(face, 0.45, 5)
    assert [near.voter_id for near in found] == [7002, 7001, 7003]
    assert [round(near.distance, 2) for near in found] == [0.1, 0.3, 0.44]
    assert [near.voter_id for near in gallery.nearest(face, 0.45, 1, besides=7002)] == [7001]


def test_a_dropped_face_leaves_nothing_and_the_others_stay(gallery):
    faces = {voter: vector() for voter in (8001, 8002)}
    for voter, face in faces.items():
        gallery.put(voter, voter, face)
    gallery.drop(8001)
    gallery.drop(8001)
    assert not gallery.holds(faces[8001])
    assert [near.voter_id for near in gallery.nearest(faces[8002], 0.45, 5)] == [8002]
    assert (gallery.count, gallery.version_sum) == (3001, sum(range(1, 3001)) + 8002)


def test_a_face_that_cannot_be_read_is_near_nobody(gallery):
    gallery.put(9001, 9001, None)
    gallery.put(9002, 9002, np.full(128, np.nan, dtype=np.float32))
    assert gallery.nearest(np.zeros(128, dtype=np.float32), 0.45, 5) == []
    assert gallery.nearest(np.full(128, np.nan, dtype=np.float32), 0.45, 5) == []


def test_the_matrix_is_wiped_when_nobody_searched_for_a_while():
    made, face = Gallery(idle_seconds=0.01), vector()
    made.put(1, 1, face)
    made.nearest(face, 0.45, 5)
    for _moment in range(6000):
        if made.count == 0:
            break
        time.sleep(0.01)
    assert made.count == 0
    assert not made.holds(face)


@pytest.fixture
def here(app: Any) -> Means:
    return Means(platform().cipher)


@pytest.fixture
def elsewhere(app: Any) -> Means:
    """The means as another process holds them."""
    return Means(platform().cipher)


def test_what_another_process_enrols_withdraws_and_enrols_again_is_seen_by_the_next_search(here, elsewhere):
    one, two, three = (factories.VoterFactory().id for _number in range(3))
    face = vector()
    here.save(one, [face])
    elsewhere.save(two, [beside(face, 0.2)])
    assert [near.voter_id for near in here.near_voter(one)] == [two]

    elsewhere.save(two, [vector()])
    assert here.near_voter(one) == []

    elsewhere.save(three, [beside(face, 0.3)])
    elsewhere.erase([two])
    assert [near.voter_id for near in here.near_voter(one)] == [three]
    assert here.gallery.count == elsewhere.gallery.count + 2 == 2

    db.session.execute(delete(FaceMean).where(FaceMean.voter_id == three))
    assert here.near_voter(one) == []


def test_what_was_rolled_back_is_forgotten_although_the_gallery_saw_it(here, elsewhere):
    one, two = factories.VoterFactory().id, factories.VoterFactory().id
    face = vector()
    here.save(one, [face])
    here.save(two, [vector()])
    with db.session.begin_nested() as lost:
        here.save(two, [beside(face, 0.1)])
        assert [near.voter_id for near in here.near_voter(one)] == [two]
        lost.rollback()
    elsewhere.save(factories.VoterFactory().id, [vector()])
    assert here.near_voter(one) == []


def test_a_mean_copied_to_another_voter_opens_to_nothing(here):
    one, two = factories.VoterFactory().id, factories.VoterFactory().id
    here.save(one, [vector()])
    here.save(two, [vector()])
    stolen = db.session.get(FaceMean, one).encoding
    db.session.execute(
        update(FaceMean)
        .where(FaceMean.voter_id == two)
        .values(encoding=stolen, version=text("nextval('face_means_version_seq')"))
    )
    assert here.near_voter(one) == []
    assert here.near_voter(two) == []
