"""The development twin of SMTP: every mail becomes a file that the page /ops/mailbox shows."""

from __future__ import annotations

import logging
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from services.email_service.mime import OutgoingMail

if TYPE_CHECKING:
    from config import Settings

log = logging.getLogger(__name__)


def mail_folder(settings: Settings) -> Path:
    """Return the folder of the development mailbox."""
    return settings.var_folder / "mail"


def mail_file(settings: Settings, mail_id: uuid.UUID) -> Path:
    """Return where the development mailbox keeps a mail."""
    return mail_folder(settings) / f"{mail_id}.eml"


class DevelopmentTransport:
    """Writes `<var>/mail/<id>.eml`, readable by this user only. No mail leaves this computer."""

    def __init__(self, settings: Settings) -> None:
        if settings.is_production:
            raise RuntimeError("MAIL_TRANSPORT=development delivers no mail. Production needs smtp.")
        self._settings = settings
        log.warning(
            "MAIL IS NOT DELIVERED: MAIL_TRANSPORT=development writes it, with names and photos in clear, to %s",
            mail_folder(settings),
        )

    def send(self, mail: OutgoingMail) -> None:
        """Write the file whole or not at all; a second try replaces it."""
        target = mail_file(self._settings, mail.mail_id)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}.part")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(mail.as_bytes())
        partial.replace(target)

    def close(self) -> None:
        """Nothing is kept open."""
