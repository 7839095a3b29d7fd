"""What the form or JSON body of a meeting says, as typed values: shape only, the rules are the services'."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _

from blueprints.http import body, text_field
from services.attendance import Entries, Layer
from services.attendance.sessions import MAX_TITLE
from services.clock import moments_of, utc_now
from services.errors import ValidationFailed
from services.geo import Place

Values = dict[str, Any]
MAX_SEARCH = 100
PLACE = ("latitude", "longitude", "radius_m")
USUAL_MINUTES = 60
USUAL_RADIUS_M = 100
USUAL_LATE = 10


def entries(zone: str) -> Entries:
    """Return the entries about a new meeting; times without a zone are local. Raises ValidationFailed, all at once."""
    values, read = body(), _Reader()
    found = Entries(
        group_id=read("group", lambda: whole(values, "group", 0)),
        title=read("title", lambda: text_field(values, "title", MAX_TITLE)),
        starts_at=read("starts_at", lambda: _moment(values, zone)),
        minutes=read("minutes", lambda: whole(values, "minutes", USUAL_MINUTES)),
        late_after_minutes=read("late_after_minutes", lambda: whole(values, "late_after_minutes", USUAL_LATE)),
        layers=read("layers", lambda: _layers(values)),
        place=read("latitude", lambda: _place(values)),
        rolling=read("rolling", lambda: tick(values, "rolling")),
    )
    read.finish()
    return found


def fresh(zone: str) -> Values:
    """Return what the empty form shows: the next five minutes, an hour, all layers."""
    now = utc_now().astimezone(ZoneInfo(zone))
    start = now + timedelta(minutes=5 - now.minute % 5)
    return {
        "starts_at": start.replace(tzinfo=None, second=0, microsecond=0).isoformat(timespec="minutes"),
        "minutes": USUAL_MINUTES, "radius_m": USUAL_RADIUS_M, "late_after_minutes": USUAL_LATE,
        "layers": [layer.value for layer in Layer], "rolling": True,
    }  # fmt: skip


def typed() -> Values:
    """Return the form as it was typed, to show it again."""
    return {
        **request.form.to_dict(), "layers": request.form.getlist("layers"), "rolling": "rolling" in request.form,
    }  # fmt: skip


def search_words() -> str:
    """Return the words that a list is searched for."""
    return request.args.get("q", "")[:MAX_SEARCH].replace("\x00", "").strip()


def page_number() -> int:
    """Return the page of a list that is asked for."""
    return min(max(request.args.get("page", 1, type=int), 1), 1_000_000)


def whole(values: Values, name: str, default: int) -> int:
    """Return a whole number of at most seven digits; raises ValidationFailed for anything else."""
    value = values.get(name)
    if value is None or value == "":
        return default
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 8):
        raise ValidationFailed(fields={name: _("Write a whole number.")})
    return int(text)


def number(values: Values, name: str) -> float:
    """Return a finite number, written with a point or a comma; raises ValidationFailed for anything else."""
    value = values.get(name)
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)) or len(str(value)) > 30:
            raise ValueError
        found = float(str(value).strip().replace(",", "."))
        if not math.isfinite(found):
            raise ValueError
    except ValueError:
        raise ValidationFailed(fields={name: _("Write this as a number, for example 52.5163.")}) from None
    return found


def tick(values: Values, name: str) -> bool:
    """Return a ticked box; JSON sends true or false."""
    value = values.get(name, False)
    if request.is_json and not isinstance(value, bool):
        raise ValidationFailed(fields={name: _("Send true or false.")})
    return value if isinstance(value, bool) else bool(value)


def _layers(values: Values) -> tuple[str, ...]:
    chosen = values.get("layers", []) if request.is_json else request.form.getlist("layers")
    known = [layer.value for layer in Layer]
    if not isinstance(chosen, list) or not all(isinstance(one, str) and one in known for one in chosen):
        raise ValidationFailed(fields={"layers": _("Choose from device, location, selfie and room.")})
    return tuple(chosen)


def _place(values: Values) -> Place | None:
    given = [name for name in PLACE[:2] if values.get(name) not in (None, "")]
    if not given:
        return None
    return Place(number(values, "latitude"), number(values, "longitude"), whole(values, "radius_m", USUAL_RADIUS_M))


def _moment(values: Values, zone: str) -> datetime:
    text = text_field(values, "starts_at", 40)
    refusal = ValidationFailed(fields={"starts_at": _("Enter the day and time at which it starts.")})
    try:
        moment = datetime.fromisoformat(text)
        found = [moment.astimezone(UTC)] if moment.tzinfo else moments_of(moment, zone)
        # The end of a meeting must be a moment too.
        later = [one + timedelta(days=1) for one in found]
    except (ValueError, OverflowError):
        raise refusal from None
    if not later:
        raise refusal
    return found[0]


class _Reader:
    """Reads field after field and keeps the sentence of each that has a wrong shape."""

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}

    def __call__(self, name: str, read: Any) -> Any:
        try:
            return read()
        except ValidationFailed as error:
            self.errors |= error.fields
            return None

    def finish(self) -> None:
        if self.errors:
            raise ValidationFailed(fields=self.errors)
