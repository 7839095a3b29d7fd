"""Sending the mail queue: one mail a step, within the limit, with a pause for the whole queue when none can leave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from services import pictures
from services.actor import Actor
from services.context import platform
from services.email_service import delivery, queue_state
from services.email_service.problems import MailProblem
from services.email_service.transports import MailTransport, RecipientRefused, TransportUnavailable
from services.errors import StorageAway
from services.jobs.schedule import Transaction

WORKER = Actor(role="worker", name="worker")


@dataclass
class MailQueue:
    """The sending half of the outbox; pause and limit are shared by all workers, in the database."""

    transport: MailTransport
    transaction: Transaction
    lease: timedelta = delivery.LEASE
    per_minute: int = field(default_factory=lambda: platform().settings.mail_per_minute)
    settings_print: str = field(default_factory=lambda: queue_state.settings_print(platform().settings))

    def send_one(self) -> bool:
        """Send the mail that waits longest; tell whether there was one and the next may follow at once."""
        with self.transaction():
            gate = queue_state.enter(self.settings_print, self.per_minute)
            mail = delivery.claim_next(self.lease) if gate.open else None
            if mail is not None:
                queue_state.passed(gate, self.settings_print, self.per_minute)
        if mail is not None:
            return self._send(mail, gate)
        if gate.open:
            self.transport.close()
        return False

    def close(self) -> None:
        """Let go of the connection to the mail server."""
        self.transport.close()

    def _send(self, mail: delivery.ClaimedMail, gate: queue_state.Gate) -> bool:
        try:
            damaged = delivery.deliver(mail, self.transport)
        except TransportUnavailable as error:
            with self.transaction():
                queue_state.pause(error, self.settings_print, WORKER)
                delivery.release(mail, error)
            return False
        except RecipientRefused as error:
            with self._noting(gate):
                delivery.mark_bounced(mail, error)
        except StorageAway as error:
            # Its photo cannot be read at the moment: that is no fault of the mail, and others may go meanwhile.
            with self.transaction():
                delivery.release(mail, error)
        except Exception as error:
            with self._noting(gate, delivery.problem_of(error) is not MailProblem.UNREADABLE):
                delivery.mark_failed(mail, error)
        else:
            with self._noting(gate):
                delivery.mark_sent(mail)
                if damaged:
                    pictures.report_damaged(damaged, WORKER)
        return True

    @contextmanager
    def _noting(self, gate: queue_state.Gate, spoke: bool = True) -> Iterator[None]:
        """Note what became of a mail; when the server spoke to us at all, mails leave again."""
        with self.transaction():
            yield
            if gate.probe and spoke:
                queue_state.resume()
