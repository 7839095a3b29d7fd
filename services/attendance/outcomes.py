"""What the steps of a check-in answer."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from flask_babel import lazy_gettext as N_

from models import AttendanceAttempt, AttendanceRecord
from services.errors import Conflict


class Entry(enum.StrEnum):
    """What became of a typed code."""

    OPEN = "open"
    ALREADY = "already"
    WRONG_CODE = "wrong_code"
    TOO_EARLY = "too_early"
    OVER = "over"


@dataclass(frozen=True)
class Begun:
    """The answer to a typed code: the check-in that goes on now, or the record that is there already."""

    entry: Entry
    attempt: AttendanceAttempt | None = None
    record: AttendanceRecord | None = None


class NoCheckIn(Conflict):
    """The member typed no code, or too long ago."""

    code = "no_check_in"
    message = N_("Type the code of the meeting first. It is on the screen in the room.")


class NotThisStep(Conflict):
    code = "not_this_step"
    message = N_("This step is not asked for now. Load the page again.")
