"""How a mail leaves the house: the Protocol, its errors, and the choice between the real and the development one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from services.email_service.mime import OutgoingMail
from services.email_service.problems import MailProblem

if TYPE_CHECKING:
    from config import Settings


class TransportError(Exception):
    """A mail did not leave; `problem` says why, the words are the server's."""

    def __init__(self, words: str, problem: MailProblem = MailProblem.OTHER) -> None:
        super().__init__(words)
        self.problem = problem


class RecipientRefused(TransportError):
    """The server says for good that this recipient does not exist or takes nothing from us: do not try again."""


class TemporaryFailure(TransportError):
    """This mail could not be handed over now: try it again later."""


class TransportUnavailable(TransportError):
    """No mail at all can leave (no connection, no trust, no sign-in): wait, and blame no mail for it."""


class MailTransport(Protocol):
    """Sends one mail at a time; raises one of the errors above."""

    def send(self, mail: OutgoingMail) -> None: ...

    def close(self) -> None:
        """Let a connection go; the next `send` opens a new one."""


def transport_for(settings: Settings) -> MailTransport:
    """Return the transport of `MAIL_TRANSPORT`; raises RuntimeError for the development one in production."""
    from services.email_service.development import DevelopmentTransport
    from services.email_service.smtp import SmtpTransport

    if settings.mail_transport == "smtp":
        return SmtpTransport(settings)
    return DevelopmentTransport(settings)
