"""Real faces: the astronaut under a second name is flagged, another officer is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models import Voter, db
from services import same_face
from services.actor import SYSTEM
from services.context import platform
from services.face_service import DlibEngine, FaceService, NewTemplate, Pixels, encode_jpeg
from tests import factories
from tests.services.face.helpers import packaged_portraits

pytestmark = pytest.mark.realface


def takes(portrait: Pixels, mirrored: bool) -> list[Pixels]:
    """Return three pictures of a sitting: darker, as it is, brighter; mirrored for another day."""
    turned = portrait[:, ::-1] if mirrored else portrait
    return [np.ascontiguousarray(np.clip(turned * share, 0, 255), dtype=np.uint8) for share in (0.85, 1.0, 1.1)]


def test_the_astronaut_under_a_second_name_is_flagged_and_grace_hopper_is_not(app: Any, monkeypatch: Any) -> None:
    faces = FaceService(DlibEngine(), platform().faces.templates, 0.60)
    monkeypatch.setattr(app.extensions["platform"], "faces", faces)
    astronaut, hopper = packaged_portraits()

    def enrolled(portrait: Pixels, mirrored: bool = False) -> Voter:
        voter = factories.VoterFactory()
        items = []
        for picture in takes(portrait, mirrored):
            vector = faces.engine.encode(picture, faces.engine.detect(picture)[0])
            items.append(NewTemplate(vector, {}, encode_jpeg(picture)))
        faces.templates.replace(voter.id, items)
        return voter

    first = enrolled(astronaut)
    assert same_face.look_for(enrolled(hopper), SYSTEM) == []
    second = enrolled(astronaut, mirrored=True)
    flags = same_face.look_for(second, SYSTEM)
    assert [flag.other_id for flag in flags] == [first.id]
    assert 0 < flags[0].distance < 0.35
    db.session.rollback()
