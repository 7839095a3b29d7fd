"""What the form or JSON body of an election says, as typed values: shape only, the rules are the services'."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _

from blueprints.http import body, text_field
from blueprints.quorum_form import form_rule, rule_values
from models import CandidateOrder, Channel, Election, Method, ResultsPolicy, Secrecy
from services import elections
from services.clock import moments_of
from services.errors import ValidationFailed

MAX_SEARCH = 100
MAX_DESCRIPTION, MAX_CONFIRMATION, MAX_NETWORKS = 1000, 300, 4000
LARGEST_NUMBER = 1_000_000
WHICH = ("first", "second")
"""The answer to "which of the two?" when a wall clock shows a time twice: field `opens_at_which`."""
TICKS = ("opens_without_faces", "identity_check")
TICKS_SHOWN = "ticks_shown"
"""Unticked boxes are not sent: the form says by this that it had them."""
RULE_FIELDS = ("quorum", "quorum_number", "majority", "abstentions")
Values = dict[str, Any]


def election_values(zone: str, *, whole: bool) -> Values:
    """Return settings by name, as `create_election` and `update_election` take them.

    `whole` wants a title and both times, and takes a default for what is absent; otherwise a JSON body changes what it
    names and a form all it shows. Times without a zone are local to `zone`. Raises ValidationFailed with every field
    that has a wrong shape, all at once.
    """
    values = body()
    errors: dict[str, str] = {}
    found: Values = {}
    for name, read in _readers(zone).items():
        if not _asked(values, name, whole):
            continue
        try:
            found[name] = read(values, name)
        except ValidationFailed as error:
            errors |= error.fields
    if errors:
        raise ValidationFailed(fields=errors)
    return found


def search_words() -> str:
    """Return the words that the list of elections is searched for."""
    return request.args.get("q", "")[:MAX_SEARCH].replace("\x00", "").strip()


def form_values(election: Election, zone: str) -> Values:
    """Return the settings of an election as its form shows them."""
    shown: Values = {name: getattr(election, name) for name in elections.RULES}
    shown |= {"allowed_networks": "\n".join(election.allowed_networks), "live_batch": election.live_batch or ""}
    shown |= form_rule(election)
    for name in ("method", "secrecy", "results_policy", "candidate_order"):
        shown[name] = shown[name].value
    for name in ("opens_at", "closes_at"):
        moment = getattr(election, name)
        wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        shown[name] = wall.isoformat(timespec="minutes")
        shown[f"{name}_which"] = WHICH[moments_of(wall, zone).index(moment)]
    return shown


def typed_values() -> Values:
    """Return the form as it was typed, to show it again."""
    return {
        **request.form.to_dict(),
        "channels": request.form.getlist("channels"),
        **{name: name in request.form for name in TICKS},
    }


def twice(values: Values, zone: str) -> dict[str, list[tuple[str, str]]]:
    """Return, for each time of the form that its day has twice, the two answers to choose from."""
    found = {}
    for name in ("opens_at", "closes_at"):
        try:
            wall = datetime.fromisoformat(str(values.get(name, "")))
            moments = [] if wall.tzinfo else moments_of(wall, zone)
        except (ValueError, OverflowError):
            continue
        if len(moments) == len(WHICH):
            local = ZoneInfo(zone)
            words = (_("The first"), _("The second, after the clocks went back"))
            found[name] = [
                (which, f"{said}: {moment.astimezone(local):%H:%M %Z} ({moment:%H:%M} UTC)")
                for which, said, moment in zip(WHICH, words, moments, strict=True)
            ]
    return found


def _asked(values: Values, name: str, whole: bool) -> bool:
    if name == "quorum_rule":
        return any(field in values for field in RULE_FIELDS)
    if name in ("channels", *TICKS) and not request.is_json:
        return TICKS_SHOWN in values
    return name in values or (whole and name in ("title", "opens_at", "closes_at"))


def _readers(zone: str) -> dict[str, Callable[[Values, str], Any]]:
    return {
        "title": _title,
        "description": partial(text_field, limit=MAX_DESCRIPTION),
        "secrecy": partial(_one_of, kind=Secrecy, default=Secrecy.SECRET),
        "results_policy": partial(_one_of, kind=ResultsPolicy, default=ResultsPolicy.AFTER_CLOSE),
        "candidate_order": partial(_one_of, kind=CandidateOrder, default=CandidateOrder.FIXED),
        "opens_at": partial(_moment, zone=zone),
        "closes_at": partial(_moment, zone=zone),
        "method": partial(_one_of, kind=Method, default=Method.PLURALITY),
        "seats": partial(_number, default=1),
        "max_choices": partial(_number, default=1),
        "live_batch": partial(_number, default=None),
        "channels": _channels,
        "confirmation_text": partial(text_field, limit=MAX_CONFIRMATION),
        "allowed_networks": _networks,
        "meeting_id": _meeting,
        "quorum_rule": lambda values, name: rule_values(values),
        **dict.fromkeys(TICKS, _tick),
    }


def _title(values: Values, name: str) -> str:
    text = " ".join(text_field(values, name, elections.MAX_TITLE).split())
    if not text:
        raise ValidationFailed(fields={name: _("Give the election a title.")})
    if not text.isprintable():
        raise ValidationFailed(fields={name: _("Write this in letters.")})
    return text


def _one_of(values: Values, name: str, kind: Any, default: Any) -> Any:
    text = text_field(values, name)
    try:
        return kind(text) if text else default
    except ValueError:
        raise ValidationFailed(fields={name: _("Choose one of the answers.")}) from None


def _moment(values: Values, name: str, zone: str) -> datetime:
    """Read `2026-10-18T08:00`, with a zone of its own or in the local one; return UTC."""
    text = text_field(values, name)
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            return moment.astimezone(UTC)
        moments = moments_of(moment, zone)
        later = moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone))
    except (ValueError, OverflowError):
        words = (
            _("Enter the day and time at which it opens.")
            if name == "opens_at"
            else _("Enter the day and time at which it closes.")
        )
        raise ValidationFailed(fields={name: words}) from None
    if not moments:
        words = _(
            "There is no %(time)s on that day: the clocks go forward. Enter %(later)s for the same moment.",
            time=f"{moment:%H:%M}", later=f"{later:%H:%M}",
        )  # fmt: skip
        raise ValidationFailed(fields={name: words})
    which = text_field(values, f"{name}_which")
    if len(moments) > 1 and which not in WHICH:
        words = _("That day has %(time)s twice: the clocks go back. Choose which one.", time=f"{moment:%H:%M}")
        raise ValidationFailed(fields={name: words})
    return moments[WHICH.index(which)] if len(moments) > 1 else moments[0]


def _number(values: Values, name: str, default: int | None) -> int | None:
    value = values.get(name)
    if value is None or value == "":
        return default
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 8):
        raise ValidationFailed(fields={name: _("Enter a whole number.")})
    if not 1 <= int(text) <= LARGEST_NUMBER:
        raise ValidationFailed(fields={name: _("Enter a number from 1 to %(most)s.", most=f"{LARGEST_NUMBER:,}")})
    return int(text)


def _meeting(values: Values, name: str) -> int | None:
    """Read the number of a meeting; 0 and nothing are none."""
    text = str(values.get(name) or "").strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValidationFailed(fields={name: _("There is no such meeting. Choose another one.")})
    return int(text or 0) or None


def _channels(values: Values, name: str) -> tuple[Channel, ...]:
    chosen = values.get(name) if request.is_json else request.form.getlist(name)
    known = list(Channel)
    if not isinstance(chosen, list) or not all(isinstance(one, str) and one in known for one in chosen):
        raise ValidationFailed(fields={name: _("Choose from booth, link and account.")})
    return tuple(Channel(one) for one in chosen)


def _networks(values: Values, name: str) -> tuple[str, ...]:
    given = values.get(name)
    if isinstance(given, list) and all(isinstance(one, str) for one in given):
        return tuple(one.strip() for one in given)
    return tuple(elections.split_networks(text_field(values, name, MAX_NETWORKS)))


def _tick(values: Values, name: str) -> bool:
    value = values.get(name) if request.is_json else name in request.form
    if not isinstance(value, bool):
        raise ValidationFailed(fields={name: _("Send true or false.")})
    return value
