"""The platform that services stand on: built once in `create_app`, found here and nowhere else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from config import Settings
    from services.face_service import FaceService
    from services.live import Hub
    from services.replica import Watch
    from services.security import FieldCipher, Keyring
    from services.storage import Storage


log = logging.getLogger(__name__)


@dataclass
class Platform:
    """Settings and adapters of one application."""

    settings: Settings
    keyring: Keyring
    storage: Storage
    faces: FaceService

    @property
    def cipher(self) -> FieldCipher:
        return self.keyring.cipher


def platform() -> Platform:
    """Return the running application's platform."""
    return cast(Platform, current_app.extensions["platform"])


def live_hub() -> Hub:
    """Return the running application's hub of live pages."""
    return cast("Hub", current_app.extensions["live"])


def replica_watch() -> Watch | None:
    """Return the watch over the running application's read replica; None where no replica is set."""
    return cast("Watch | None", current_app.extensions.get("replica"))


def in_background(work: Callable[[], object]) -> None:
    """Do the work in a thread of its own, with a session of its own; what fails there is logged."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> None:
        with app.app_context():
            try:
                work()
            except Exception:
                log.exception("Work in the background failed")

    threading.Thread(target=run, daemon=True).start()
