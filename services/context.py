"""The platform that services stand on: built once in `create_app`, found here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from config import Settings
    from services.face_service import FaceService
    from services.live import Hub
    from services.security import FieldCipher, Keyring
    from services.storage import Storage


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
