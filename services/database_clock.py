"""All processes go by the database's clock, so that one whose machine has a wrong one does no harm.

What one node signs and dates, another one has to believe: sessions, tickets of links, passes of the booth, hours. With
clocks hours apart voters were refused ("Open the link in your mail"). The clock is compared when a connection is handed
out, now and then, and carried on in between by the machine's counter: a jump of the machine's clock moves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

from services.clock import machine_now, set_clock, utc_now

EVERY_SECONDS = 10.0
TOLERATED_SECONDS = 0.1
"""NTP keeps machines within this. Below it nothing is set, so that moments of one process stay in their order."""
JUMP_SECONDS = 1.0
"""A machine that slept or whose clock was set: counter and clock have gone on by so much apart, and we ask at once."""


def follow(engines: Iterable[Engine]) -> None:
    """Set the clock by these engines' database from now on; a replica is no authority."""
    set_clock(utc_now())  # From here on the counter leads, and what the machine's clock does changes nothing.
    follower = _Follower()
    for engine in engines:
        event.listen(engine, "checkout", follower.handed_out)


class _Follower:
    """When the database's clock was last asked for, by this machine's counter and by its clock."""

    def __init__(self) -> None:
        self._asked: tuple[float, datetime] | None = None

    def handed_out(self, connection: Any, record: Any, proxy: Any) -> None:
        """Compare the clocks over a connection that is free, when it is time."""
        counter, machine = time.monotonic(), machine_now()
        if self._asked is not None:
            by_counter, by_clock = counter - self._asked[0], (machine - self._asked[1]).total_seconds()
            if by_counter < EVERY_SECONDS and abs(by_counter - by_clock) < JUMP_SECONDS:
                return
        self._asked = counter, machine  # before the answer: the other threads go on meanwhile
        try:
            _compare(connection)
        except connection.Error as error:
            raise DisconnectionError("This connection has ended.") from error


def _compare(connection: Any) -> None:
    connection.autocommit, found = True, connection.autocommit  # What is asked here begins no transaction.
    before = utc_now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        there: datetime = cursor.fetchone()[0]
    after = utc_now()
    connection.autocommit = found
    if skew(before, there, after) > TOLERATED_SECONDS:
        set_clock(there)


def skew(before: datetime, there: datetime, after: datetime) -> float:
    """Return the seconds that `there` lies outside the time in which it was asked."""
    return max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
