"""A stored picture that was changed behind our back: words instead of an error page, and somebody is told."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from models import AuditLog, EmailMessage, db
from services import pictures
from services.context import platform

WORDS = "This picture is damaged and cannot be shown. The Election Commission has been told."


def portrait() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((200, 200, 3), 120, dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def damaged(app):
    """The path of a public picture whose file holds something else by now."""
    path = pictures.store_public(portrait(), "portrait", "image")
    (platform().storage.root / path).write_bytes(b"\xff\xd8\xff another face")
    return path


@pytest.fixture
def private(app):
    """The path of an encrypted file that lies, changed, among the public ones."""
    storage = platform().storage
    name = "public/ab/" + "ab" * 16 + ".enc"
    (storage.root / name).parent.mkdir(parents=True, exist_ok=True)
    (storage.root / name).write_bytes(b"no token of ours")
    return name


@pytest.mark.parametrize("which", ["damaged", "private"])
def test_a_damaged_picture_is_answered_in_words_and_reported_once_an_hour(which, request, client):
    path = request.getfixturevalue(which)
    address = "/media/" + path.removeprefix("public/")
    for _ in range(3):
        page = client.get(address)
        assert page.status_code == 410
        assert WORDS in page.text
        assert "immutable" not in page.headers["Cache-Control"]
    answer = client.get(address, headers={"Accept": "application/json"})
    assert answer.json["error"] == {"code": "file_damaged", "message": WORDS}

    row = db.session.query(AuditLog).filter_by(event_type="system:picture:damaged").one()
    assert row.details == {"name": path}
    mail = db.session.query(EmailMessage).filter_by(kind="system_alert").one()
    assert "damaged" in mail.subject


def test_the_words_come_even_when_nothing_can_be_written_down(damaged, client, monkeypatch):
    def fail(path: str, actor: object) -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr(pictures, "report_damaged", fail)
    assert client.get("/media/" + damaged.removeprefix("public/")).status_code == 410


def test_a_whole_picture_is_still_shown(client):
    path = pictures.store_public(portrait(), "symbol", "image")
    assert client.get("/media/" + path.removeprefix("public/")).status_code == 200
