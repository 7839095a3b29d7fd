"""Registering with the real face engine: every bad photo is refused in words, good portraits pass."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

from models import Registration, db
from services import voter_accounts
from services.context import platform
from services.errors import ValidationFailed
from services.face_service import DlibEngine, FaceService
from services.voter_accounts import Entries
from tests.conftest import SHARED
from tests.support import pictures, portraits
from tests.support.voter_accounts import ADDRESS, ANYBODY, typed

pytestmark = pytest.mark.realface
SEVERAL = SHARED / "faces" / "several"


@pytest.fixture(scope="module")
def engine():
    return DlibEngine()


@pytest.fixture(autouse=True)
def real(app, engine, monkeypatch):
    """Put the real engine in the place of the fake one."""
    faces = FaceService(engine, platform().faces.templates, 0.60)
    monkeypatch.setattr(app.extensions["platform"], "faces", faces)


def file_of(picture, kind="JPEG", **options):
    """Return a picture (array or Pillow) as the bytes of a file."""
    buffer = io.BytesIO()
    made = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    made.save(buffer, kind, **options)
    return buffer.getvalue()


def face(size=512):
    """Return Eileen Collins' head and shoulders, square."""
    return Image.fromarray(portraits.astronaut()).crop((80, 0, 380, 300)).resize((size, size))


def scaled_light(factor):
    return np.clip(np.asarray(face()).astype(float) * factor, 0, 255).astype(np.uint8)


def blurred():
    from PIL import ImageFilter

    return face().filter(ImageFilter.GaussianBlur(4))


def hidden_under_alpha():
    layer = face().convert("RGBA")
    layer.putalpha(0)
    return layer


def two_of_them():
    pair = Image.new("RGB", (1024, 512))
    pair.paste(face(), (0, 0))
    pair.paste(face(), (512, 0))
    return pair


BAD = {
    "no picture at all": (lambda: pictures.TEXT_AS_IMAGE, "not a picture"),
    "empty": (lambda: b"", "Add a photo"),
    "cut off": (lambda: file_of(face())[:9000], "not a picture"),
    "a bomb": (pictures.bomb, "not a picture"),
    "a thumbnail": (lambda: file_of(face(120)), "at least 160 pixels"),
    "moving": (lambda: file_of(face(), "WEBP", save_all=True, append_images=[face().rotate(5)]), "moves"),
    "16-bit grey": (lambda: file_of(Image.new("I;16", (400, 400)), "PNG"), "colour"),
    "nobody": (lambda: pictures.plain_picture((640, 480)), "No face was found"),
    "hidden under transparency": (lambda: file_of(hidden_under_alpha(), "PNG"), "No face was found"),
    "upside down": (lambda: file_of(face().rotate(180)), "No face was found"),
    "tilted": (lambda: file_of(face().rotate(25)), "turned or tilted"),
    "far away": (lambda: file_of(_far()), "too small"),
    "dark": (lambda: file_of(scaled_light(0.2)), "too dark"),
    "bright": (lambda: file_of(scaled_light(1.6)), "too bright"),
    "blurred": (lambda: file_of(blurred()), "blurred"),
    "two people": (lambda: file_of(two_of_them()), "more than one face"),
}
"""What face.md, section 4, found at the edges, made from a portrait that anybody may use."""


def _far():
    far = Image.new("RGB", (600, 600), "grey")
    far.paste(face(250), (150, 150))
    return far


def register(photo, email="rosa@example.org"):
    values = typed(email=email) | {"consent": True}
    return voter_accounts.register(Entries(**values), photo, ANYBODY, ADDRESS)


def refusal(photo):
    with pytest.raises(ValidationFailed) as error:
        register(photo)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Registration)) == 0
    assert error.value.fields.keys() == {"photo"}
    return error.value.fields["photo"]


def test_every_bad_photo_is_refused_with_the_one_thing_to_change():
    said = {name: refusal(make()) for name, (make, _words) in BAD.items()}
    assert {name: words for name, words in said.items() if BAD[name][1] not in words} == {}


@pytest.mark.skipif(not SEVERAL.exists(), reason="the shared photographs are not here")
def test_photographs_of_several_people_are_refused():
    names = sorted(path.name for path in SEVERAL.iterdir())
    assert names
    assert {name: "more than one face" in refusal((SEVERAL / name).read_bytes()) for name in names} == dict.fromkeys(
        names, True
    )


def test_the_two_portraits_in_the_public_domain_pass_also_as_a_phone_and_a_print_shop_save_them():
    register(file_of(portraits.astronaut()), "eileen@example.org")
    register(file_of(portraits.admiral()), "grace@example.org")
    turned = face().rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    register(file_of(turned, exif=exif), "phone@example.org")
    register(file_of(face().convert("CMYK")), "print@example.org")
    assert db.session.scalar(select(func.count()).select_from(Registration)) == 4
