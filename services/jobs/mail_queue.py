"""Sending the mail queue: one mail a step, with a pause for the whole queue when no mail can leave."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from services import pictures
from services.actor import Actor
from services.email_service import delivery
from services.email_service.transports import MailTransport, RecipientRefused, TransportUnavailable
from services.jobs.schedule import Transaction

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 300.0
WORKER = Actor(role="worker", name="worker")


@dataclass
class MailQueue:
    """The sending half of the outbox; `clock` counts seconds."""

    transport: MailTransport
    transaction: Transaction
    lease: timedelta = delivery.LEASE
    clock: Callable[[], float] = time.monotonic
    _blocked_until: float = 0.0
    _blocks: int = 0

    def send_one(self) -> bool:
        """Send the mail that waits longest; tell whether there was one and the next may follow at once."""
        if self.clock() < self._blocked_until:
            return False
        with self.transaction():
            mail = delivery.claim_next(self.lease)
        if mail is None:
            self.transport.close()
            return False
        return self._send(mail)

    def close(self) -> None:
        """Let the transport's connection go."""
        """Let go of the connection to the mail server."""
        self.transport.close()

    def _send(self, mail: delivery.ClaimedMail) -> bool:
        try:
            damaged = delivery.deliver(mail, self.transport)
        except TransportUnavailable as error:
            self._block(error)
            with self.transaction():
                delivery.release(mail, error)
            return False
        except RecipientRefused as error:
            with self.transaction():
                delivery.mark_bounced(mail, error)
        except Exception as error:
            with self.transaction():
                delivery.mark_failed(mail, error)
        else:
            with self.transaction():
                delivery.mark_sent(mail)
                if damaged:
                    pictures.report_damaged(damaged, WORKER)
        self._blocks = 0
        return True

    def _block(self, error: TransportUnavailable) -> None:
        seconds = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**self._blocks)
        self._blocks = min(self._blocks + 1, 16)
        self._blocked_until = self.clock() + seconds
        log.error("No mail can leave; the next try is in %.0f s: %s", seconds, error)
