"""A mail server that keeps of every mail only Message-ID, recipient and time taken (Unix seconds), one line each.

    python -m deploy.cluster.mail_server PORT FOLDER

It insists on STARTTLS and on the password in the environment (`SV_CLUSTER_MAIL_PASSWORD`), as a real one does.
"""

from __future__ import annotations

import os
import signal
import ssl
import sys
import time
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from deploy.cluster.layout import HOST
from services.tls_certificate import ensure_certificate

USER = "commission@vote.test"
PASSWORD_NAME = "SV_CLUSTER_MAIL_PASSWORD"  # noqa: S105  a name
TAKEN = "taken.txt"


class Taken:
    """The mails that were taken, written down before the sender is told so."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd calls it so
        mail = message_from_bytes(envelope.content)
        with self._file.open("a") as file:
            file.write(f"{mail['Message-ID']} {','.join(envelope.rcpt_tos)} {time.time():.3f}\n")
        return "250 OK"


def main(port: int, folder: Path) -> None:
    """Serve until a signal comes."""
    certificate, key = ensure_certificate(folder / "tls", HOST)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    password = os.environ[PASSWORD_NAME].encode()

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), password)
        return AuthResult(success=right, handled=False)

    controller = Controller(
        Taken(folder / TAKEN), hostname=HOST, port=port, tls_context=tls, require_starttls=True,
        authenticator=authenticate, auth_required=True,
    )  # fmt: skip
    controller.start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    controller.stop()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main(int(sys.argv[1]), Path(sys.argv[2]))
