"""What people read about time stamps that do not come."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask_babel import format_datetime, ngettext
from flask_babel import lazy_gettext as N_

from models import StampFailure
from services.context import platform
from services.heads.stamping import waiting_for_stamps

NOT_YET = N_("No time stamp came from %(host)s yet.")
WHY = {
    StampFailure.UNREACHABLE: N_("The time-stamping authority %(host)s does not answer."),
    StampFailure.SLOW: N_("The time-stamping authority %(host)s answers too slowly."),
    StampFailure.REFUSED: N_("The time-stamping authority %(host)s refuses to stamp."),
    StampFailure.UNREADABLE: N_("The answer of the time-stamping authority %(host)s cannot be read."),
    StampFailure.OTHER: N_("The time-stamping authority %(host)s stamped something else than was asked."),
    StampFailure.UNTRUSTED: N_("The stamp of %(host)s was not signed by an authority that TIMESTAMP_CA trusts."),
    StampFailure.CLOCK: N_("The clock of the time-stamping authority %(host)s is apart from this computer's."),
}


def waiting_words() -> str | None:
    """Return why heads wait for their time stamp, how many and since when; None when none waits for long."""
    waiting = waiting_for_stamps()
    if waiting is None:
        return None
    why = WHY[waiting.failure] if waiting.failure else NOT_YET
    many = ngettext(
        "%(num)s signed head has waited since %(time)s. Voting goes on, and the worker asks again.",
        "%(num)s signed heads have waited since %(time)s. Voting goes on, and the worker asks again.",
        waiting.heads,
        time=format_datetime(waiting.since, "d MMMM, HH:mm z"),
    )
    return f"{why % {'host': urlsplit(platform().settings.timestamp_url).hostname}} {many}"
