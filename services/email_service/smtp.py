"""Mail over SMTP with TLS and a password: Gmail, or any other server."""

from __future__ import annotations

import smtplib
import ssl
from typing import TYPE_CHECKING, Any

import flask_mail

from services.email_service import problems
from services.email_service.mime import OutgoingMail
from services.email_service.problems import MailProblem
from services.email_service.rendering import single_line
from services.email_service.transports import RecipientRefused, TemporaryFailure, TransportUnavailable

if TYPE_CHECKING:
    from config import Settings

TIMEOUT_SECONDS = 15
SMTPS_PORT = 465
# Refusals of a recipient with a 5xx code that say something about us or the moment: sign-in asked for (530, 535,
# 538), and mailbox full, which RFC 5321 (4.5.3.1.10) tells clients to treat as temporary (552).
NOT_FINAL = frozenset({530, 535, 538, 552})
MAIL_TOO_BIG = 552  # Said to MAIL FROM because of its SIZE: this mail's fault, not the sender's.


class SafeConnection(flask_mail.Connection):
    """Flask-Mail's connection with what it leaves out: the server's certificate is verified, and waiting ends."""

    def __init__(self, mail: Any, cafile: str | None) -> None:
        super().__init__(mail)
        self._cafile = cafile

    def configure_host(self) -> smtplib.SMTP:
        """Connect, verify, sign in; raises OSError or smtplib.SMTPException."""
        context = ssl.create_default_context(cafile=self._cafile)
        mail = self.mail
        if mail.use_ssl:
            host: smtplib.SMTP = smtplib.SMTP_SSL(mail.server, mail.port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            host = smtplib.SMTP(mail.server, mail.port, timeout=TIMEOUT_SECONDS)
        try:
            if mail.use_tls:
                host.starttls(context=context)
            if mail.username and mail.password:
                host.login(mail.username, mail.password)
        except BaseException:
            host.close()
            raise
        return host


class SmtpTransport:
    """Keeps one connection open while the queue is being sent."""

    def __init__(self, settings: Settings) -> None:
        self._state = flask_mail.Mail().init_mail(
            {
                "MAIL_SERVER": settings.mail_server,
                "MAIL_PORT": settings.mail_port,
                "MAIL_USE_TLS": settings.mail_port != SMTPS_PORT,
                "MAIL_USE_SSL": settings.mail_port == SMTPS_PORT,
                "MAIL_USERNAME": settings.email_user or None,
                "MAIL_PASSWORD": settings.email_app_password or None,
                "MAIL_SUPPRESS_SEND": False,
            }
        )
        self._cafile = settings.mail_cafile or None
        self._connection: SafeConnection | None = None

    def send(self, mail: OutgoingMail) -> None:
        """Hand one mail over; raises RecipientRefused, TemporaryFailure or TransportUnavailable."""
        connection = self._open()
        try:
            connection.send(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise _refusal(code, words) from error
        except smtplib.SMTPResponseException as error:
            self.close()
            refused = isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code >= 500
            about_us = refused and error.smtp_code != MAIL_TOO_BIG
            said = _words(error.smtp_code, error.smtp_error)
            if about_us:
                raise TransportUnavailable(said, MailProblem.SENDER_REFUSED) from error
            raise TemporaryFailure(said, problems.of_content(error.smtp_code, said)) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self.close()
            raise TemporaryFailure(f"{type(error).__name__}: {error}", _in_the_middle(error)) from error

    def close(self) -> None:
        """Say goodbye to the server; one that no longer listens is no error."""
        connection, self._connection = self._connection, None
        if connection is None or connection.host is None:
            return
        try:
            connection.host.quit()
        except (smtplib.SMTPException, OSError):
            connection.host.close()

    def _open(self) -> SafeConnection:
        if self._connection is not None and not self._alive(self._connection):
            self.close()
        if self._connection is None:
            connection = SafeConnection(self._state, self._cafile)
            try:
                connection.__enter__()
            except (smtplib.SMTPException, OSError) as error:
                raise TransportUnavailable(f"{type(error).__name__}: {error}", _at_the_door(error)) from error
            self._connection = connection
        return self._connection

    @staticmethod
    def _alive(connection: SafeConnection) -> bool:
        try:
            return bool(connection.host and connection.host.noop()[0] == 250)
        except (smtplib.SMTPException, OSError):
            return False


def _refusal(code: int, words: bytes) -> RecipientRefused | TemporaryFailure:
    kind = RecipientRefused if 500 <= code < 600 and code not in NOT_FINAL else TemporaryFailure
    said = _words(code, words)
    return kind(said, problems.of_recipient(code, said))


def _at_the_door(error: Exception) -> MailProblem:
    """Name what keeps a connection from being made, certified and signed in."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        # 454 and 421 are the server's own trouble (RFC 4954, 6), not a wrong password.
        return MailProblem.SIGN_IN_REFUSED if error.smtp_code >= 500 else MailProblem.UNREACHABLE
    if isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        return MailProblem.NOT_TRUSTED
    return MailProblem.UNREACHABLE


def _in_the_middle(error: Exception) -> MailProblem:
    # smtplib says "disconnected" for both, and keeps the time-out beneath.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return MailProblem.TOO_SLOW
    return MailProblem.DROPPED if isinstance(error, smtplib.SMTPServerDisconnected | OSError) else MailProblem.OTHER


def _words(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return single_line(f"{code} {text}")
