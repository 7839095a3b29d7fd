"""A server to send to, rows to write about, and a clock that stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from models import AuthEvent, AuthResult, db
from services.context import platform
from services.storage import FRAUD_ATTEMPTS
from tests.support.smtp import SmtpServer, smtp_server

CAST_AT = datetime(2026, 11, 20, 13, 2, 5, tzinfo=UTC)
PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40 + b"\xff\xd9"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[SmtpServer]:
    with smtp_server(tmp_path) as server:
        yield server


@pytest.fixture
def smtp_app(smtp: SmtpServer, make_committing_app: Callable[..., Flask]) -> Iterator[Flask]:
    """An application that commits and sends through `smtp`."""
    app = make_committing_app(**smtp.settings())
    with app.app_context():
        yield app


@pytest.fixture
def in_berlin(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, timezone="Europe/Berlin"))


def make_event(**values: Any) -> AuthEvent:
    """Return a flushed mismatch with a stored photo."""
    event = AuthEvent(
        **{
            "voter_id_input": "20481735",
            "result": AuthResult.MISMATCH,
            "distance": 0.8498,
            "snapshot_path": platform().storage.save_private(FRAUD_ATTEMPTS, PHOTO),
            "ip_address": "192.0.2.7",
            "user_agent": AGENT,
            "created_at": CAST_AT,
            **values,
        }
    )
    db.session.add(event)
    db.session.flush()
    return event
