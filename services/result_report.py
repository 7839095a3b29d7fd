"""What stands around a result in its print and its JSON: turnout over time, channels, booth sheets, reviews, keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from models import BoothNote, Channel, Election
from services import booth_sheet, desk_figures, identification
from services.booth_sheet import Sheet
from services.charts import Column
from services.context import platform
from services.result_words import under_review_sentence

CHANNELS = {Channel.BOOTH: N_("At a booth"), Channel.LINK: N_("By e-mailed link"), Channel.ACCOUNT: N_("In an account")}


@dataclass(frozen=True)
class Appendix:
    """`turnout` are votes an hour (`by_hour`) or a day, local time; `channels` (name, votes) in a fixed order.

    `notes` say why sheets do not balance, by kiosk. `key_fingerprint` is the SHA-256 of the key that signed the
    definition, hex.
    """

    turnout: list[Column] = field(default_factory=list)
    by_hour: bool = True
    channels: list[tuple[str, int]] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    under_review: str = ""
    key_fingerprint: str = ""
    notes: dict[int | None, list[BoothNote]] = field(default_factory=dict)


def appendix_of(election: Election, now: datetime, zone: str) -> Appendix:
    """Collect the appendix at `now` (UTC); `zone` is the IANA name of the local time zone."""
    turnout = desk_figures.turnout(election, now, zone)
    return Appendix(
        turnout=turnout.columns,
        by_hour=turnout.hourly,
        channels=[(str(CHANNELS[channel]), count) for channel, count in turnout.by_channel.items()],
        sheets=booth_sheet.sheets(election, now),
        notes=booth_sheet.notes_of(election),
        under_review=under_review_sentence(identification.under_review(election)),
        key_fingerprint=platform().keyring.fingerprints()["signing"],
    )


def turnout_heading(by_hour: bool) -> str:
    """Return what the bars over time are called."""
    return _("Votes by hour") if by_hour else _("Votes by day")
