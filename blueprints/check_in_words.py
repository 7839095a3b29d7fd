"""Why a check-in is doubted, in a sentence with the figures: what a reviewer reads, on the page and over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from blueprints.meeting_words import FLAGS, LAYERS
from models import AttendanceRecord, FlagKind, PresenceFlag
from services.attendance import device_names
from services.identification import attempt_words
from services.voters import format_voter_number

Found = dict[str, Any]


def title(flag: PresenceFlag) -> str:
    """Return the doubt in a few words."""
    return str(FLAGS[flag.kind.value])


def sentence(flag: PresenceFlag) -> str:
    """Return the doubt with its figures."""
    return SENTENCES[flag.kind](flag.evidence)


def layers_of(record: AttendanceRecord) -> list[tuple[str, str, str]]:
    """Return each step that the meeting asked for, or that was shown: name, result (empty: none), what is known."""
    return [(str(LAYERS[name]), result, known) for name, result, known in steps_of(record)]


def steps_of(record: AttendanceRecord) -> list[tuple[str, str, str]]:
    """Return the same with the layer's own name, such as `selfie`, for programs."""
    asked = [name for name in LAYERS if name in record.session.layers or name in record.layers]
    return [(name, record.layers.get(name, {}).get("result", ""), _known(name, record)) for name in asked]


def distance(metres: float) -> str:
    """Return a distance as people say it: metres below ten kilometres."""
    if metres < 10_000:
        return _("%(n)s m", n=f"{round(metres):,}")
    return _("%(n)s km", n=f"{round(metres / 1000):,}")


def span(seconds: float) -> str:
    """Return a time as people say it."""
    minutes = round(seconds / 60)
    if minutes < 120:
        return _("%(n)s min", n=max(1, minutes))
    if minutes < 48 * 60:
        return _("%(n)s h", n=round(minutes / 60))
    return _("%(n)s days", n=round(minutes / 60 / 24))


def _known(name: str, record: AttendanceRecord) -> str:
    found = record.layers.get(name, {})
    if found.get("result") == "missing":
        return _left_out(found)
    if name == "location" and found.get("distance_m") is not None:
        away, accuracy = distance(found["distance_m"]), distance(found["accuracy_m"])
        return _("%(away)s from the middle, accurate to %(accuracy)s", away=away, accuracy=accuracy)
    if name == "selfie" and found.get("distance") is not None:
        return _("distance of the faces %(distance)s", distance=f"{found['distance']:.2f}")
    if name == "device" and found.get("first"):
        return _("the first phone, bound by this check-in")
    return ""


def _left_out(found: Found) -> str:
    why = {"refused": _("The phone was not allowed to."), "unavailable": _("The phone could not.")}
    return why.get(str(found.get("why")), _("The member left it out."))


def _out_of_time(found: Found) -> str:
    if "minutes_after_end" in found:
        return _("The meeting was over for %(n)s minutes.", n=found["minutes_after_end"])
    return _("The code was over for %(n)s seconds.", n=found.get("seconds_after_code"))


def _layer_missing(found: Found) -> str:
    names = ", ".join(str(LAYERS[name]) for name in found.get("layers", []) if name in LAYERS)
    return _("Not shown: %(names)s.", names=names) + " " + _left_out(found)


def _other_device(found: Found) -> str:
    bound, now = device_names.spoken(str(found.get("bound"))), device_names.spoken(str(found.get("now")))
    return _("Bound is %(bound)s. This one was %(now)s.", bound=bound, now=now)


def _shared_device(found: Found) -> str:
    numbers = ", ".join(format_voter_number(one) for one in found.get("voter_numbers", []))
    return _("It belongs to voter ID %(numbers)s.", numbers=numbers)


def _fence(found: Found) -> str:
    return _(
        "The phone was %(away)s from the middle. The circle has %(radius)s, the phone is sure to %(accuracy)s.",
        away=distance(found["distance_m"]), radius=distance(found["radius_m"]),
        accuracy=distance(found["accuracy_m"]),
    )  # fmt: skip


def _mock(found: Found) -> str:
    if found.get("said_by_device"):
        return _("The phone itself says that its position is made up.")
    return _("It is the middle of the meeting's place to the last digit. Real phones are some metres off.")


def _jump(found: Found) -> str:
    return _(
        "%(km)s km from the check-in before, %(minutes)s minutes later: %(speed)s km an hour.",
        km=f"{found['distance_km']:,}", minutes=found["minutes"], speed=f"{found['km_per_hour']:,}",
    )  # fmt: skip


def _face(found: Found) -> str:
    return attempt_words.reason(found.get("reason"))


def _several(found: Found) -> str:
    return _("More than one person was in the picture.")


def _same_photo(found: Found) -> str:
    member = format_voter_number(str(found.get("voter_number")))
    if found.get("photo") == "selfie":
        return _("The live picture is the one of an earlier check-in of voter ID %(number)s.", number=member)
    return _("The photo of the room is one that voter ID %(number)s sent.", number=member)


def _signature(found: Found) -> str:
    return _("The signature does not fit this check-in: it may be an old one that was sent again.")


def _zero(found: Found) -> str:
    return _("No phone knows its position to 0 m.")


SENTENCES: dict[FlagKind, Callable[[Found], str]] = {
    FlagKind.OUT_OF_TIME: _out_of_time, FlagKind.LAYER_MISSING: _layer_missing, FlagKind.OTHER_DEVICE: _other_device,
    FlagKind.SHARED_DEVICE: _shared_device, FlagKind.BAD_SIGNATURE: _signature, FlagKind.OUTSIDE_FENCE: _fence,
    FlagKind.POOR_ACCURACY: _fence, FlagKind.ZERO_ACCURACY: _zero, FlagKind.MOCK_LOCATION: _mock,
    FlagKind.IMPOSSIBLE_JUMP: _jump, FlagKind.FACE_DOUBTFUL: _face, FlagKind.MULTIPLE_FACES: _several,
    FlagKind.SAME_PHOTO: _same_photo,
}  # fmt: skip
