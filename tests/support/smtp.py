"""A real SMTP server on this machine that insists on STARTTLS and AUTH, and does as it is told."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USERNAME = "commission@example.org"
PASSWORD = "abcd efgh ijkl mnop"
HOST = "127.0.0.1"


@dataclass(frozen=True)
class ReceivedMail:
    """One accepted mail: its envelope and its bytes."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.content, policy=SMTP)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def text(self) -> str:
        """The text part with line ends as in a template."""
        return self.part("plain").replace("\r\n", "\n")

    def part(self, subtype: str) -> str:
        body = self.message.get_body(preferencelist=(subtype,))
        assert body is not None
        return str(body.get_content())

    @property
    def attachments(self) -> list[tuple[str, bytes]]:
        """Type and content of each attachment."""
        return [(part.get_content_type(), part.get_content()) for part in self.message.iter_attachments()]


class SmtpServer:
    """`received` lists the accepted mails; the `*_reply` fields, when set, are answered instead of 250.

    While `hold` is cleared, DATA is not answered; `at_data` is set when a client waits there. Afterwards the mail
    counts only with `answer_after_hold`; with `take_before_hold` it counts, and a client that is killed cannot know.
    """

    def __init__(self, folder: Path) -> None:
        self.port = _free_port()
        self.received: list[ReceivedMail] = []
        self.sessions: set[int] = set()
        self.rcpt_reply: dict[str, str] = {}
        self.data_reply: str | None = None
        self.drop_at_data = False
        self.sender_reply: str | None = None
        self.hold = threading.Event()
        self.hold.set()
        self.at_data = threading.Event()
        self.answer_after_hold = False
        self.take_before_hold = False
        self.cafile = folder / "ca.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.cafile)
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(HOST).configure_cert(self._tls)
        self._controller: Controller | None = None

    def settings(self, **changes: str) -> dict[str, str]:
        """Settings by name of an application that sends through this server."""
        return {
            "MAIL_TRANSPORT": "smtp",
            "MAIL_SERVER": HOST,
            "MAIL_PORT": str(self.port),
            "MAIL_CAFILE": str(self.cafile),
            "EMAIL_USER": USERNAME,
            "EMAIL_APP_PASSWORD": PASSWORD,
            **changes,
        }

    def start(self, smtps: bool = False) -> None:
        """Listen; with `smtps` TLS begins at once, as on port 465, instead of by STARTTLS."""
        tls = {"ssl_context": self._tls} if smtps else {"tls_context": self._tls, "require_starttls": True}
        self._controller = Controller(
            self,
            hostname=HOST,
            port=self.port,
            **tls,
            authenticator=self._authenticate,
            auth_required=True,
            auth_require_tls=not smtps,  # aiosmtpd counts only STARTTLS as TLS here
        )
        self._controller.start()

    def stop(self) -> None:
        self.hold.set()
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def to(self, address: str) -> list[ReceivedMail]:
        return [mail for mail in self.received if mail.recipients == [address]]

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            USERNAME.encode(),
            PASSWORD.encode(),
        )
        return AuthResult(success=right, handled=False)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.sender_reply:
            return self.sender_reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address in self.rcpt_reply:
            return self.rcpt_reply[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        taken = self.take_before_hold and not self.hold.is_set()
        if taken:
            self._take(session, envelope)
        self.at_data.set()
        if not self.hold.is_set():
            await server.loop.run_in_executor(None, self.hold.wait)
            if not self.answer_after_hold:
                return "451 The client was killed"
        if self.drop_at_data:
            server.transport.close()
            return "421 Gone"
        if self.data_reply:
            return self.data_reply
        if not taken:
            self._take(session, envelope)
        return "250 OK"

    def _take(self, session: Any, envelope: Any) -> None:
        self.sessions.add(id(session))
        self.received.append(ReceivedMail(envelope.mail_from, list(envelope.rcpt_tos), envelope.content))


@contextmanager
def smtp_server(folder: Path) -> Iterator[SmtpServer]:
    """Run a server whose certificate authority is written to `folder`."""
    server = SmtpServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
