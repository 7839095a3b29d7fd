"""Whether the clocks that an election hangs on agree: this machine's with the database's, and with the world's.

Whether NTP keeps this machine's clock is asked of the kernel, which needs no rights (adjtimex with nothing to set). It
knows it from systemd-timesyncd, ntpd, and chrony with `rtcsync`. A sandbox that forbids the question, as our systemd
units do (`ProtectClock`), and other systems than Linux leave it open.
"""

from __future__ import annotations

import ctypes
import sys

from sqlalchemy import Connection, text

from models import db
from services.clock import machine_now
from services.database_clock import skew

MOST_SECONDS = 2.0
"""Time-based codes allow 30 s, closing times are to the second, and NTP keeps a machine within 0.1 s."""
TIME_ERROR = 5
"""What adjtimex(2) answers while nobody keeps the clock."""
ROOM_FOR_TIMEX = 512
"""Bytes; `struct timex` takes 208. All zeros ask and set nothing."""


def of_database(connection: Connection) -> float:
    """Return by how many seconds, at least, this machine's clock and the database's are apart."""
    before = machine_now()
    there = connection.scalar(text("SELECT clock_timestamp()"))
    return skew(before, there, machine_now())


def trouble() -> str | None:
    """Return in words for the operator that this machine and the database are apart; None when they agree."""
    return apart_words(of_database(db.session.connection()))


def apart_words(away: float) -> str | None:
    """Return the words for a skew in seconds; None for one that does no harm."""
    if away <= MOST_SECONDS:
        return None
    return (
        f"This machine and the database are {away:.0f} s apart: run NTP on both (timedatectl set-ntp true). The"
        " application goes by the database's clock; certificates, log lines and an S3 store go by the machine's."
    )


def is_kept() -> bool | None:
    """Tell whether the kernel says that this machine's clock is kept by NTP; None when that cannot be asked."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        answer = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(ROOM_FOR_TIMEX)))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else answer != TIME_ERROR
