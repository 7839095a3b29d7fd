"""What the desk's forms and JSON bodies say, as typed entries: shape only, the rules are the services'.

One field means the same in a form and in JSON. In JSON an absent field leaves a value as it is, `null` clears it, a
picture is a `data:image/…;base64,` URL, and fields that are not known are ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from flask import request
from flask_babel import gettext as _
from werkzeug.exceptions import MethodNotAllowed

from blueprints.http import body, text_field
from models import VoterStatus
from services.candidates import INDEPENDENT, MAX_DESCRIPTION, CandidateEntries, PartyEntries
from services.errors import ValidationFailed
from services.face_service.errors import BadImage
from services.face_service.images import data_url_bytes
from services.voters import VoterEntries, VoterQuery

MAX_TEXT = 254
"""Characters; the longest e-mail address."""
MAX_SEARCH = 100
MOST_IDS = 1000
"""Row ids in one request: twenty pages of a list."""
VOTER_TEXTS = ("name", "voter_id", "dob", "gender", "email", "phone", "status")
_Value = TypeVar("_Value")


def method() -> str:
    """Return PUT or DELETE for a form that says so in `_method`, else the request's own method."""
    if request.method != "POST":
        return request.method
    wanted = request.form.get("_method", "").upper()
    if wanted not in ("PUT", "DELETE"):
        raise MethodNotAllowed(valid_methods=["GET", "PUT", "DELETE"])
    return wanted


def voter_entries() -> VoterEntries:
    """Return the entries about a voter; raises ValidationFailed for wrong types, all of them at once."""
    values = body()
    read = _Reader(values)
    texts = {name: read(name, partial(_text, values, name)) for name in VOTER_TEXTS}
    elections = read("elections", lambda: _elections(values))
    read.finish()
    return VoterEntries(**texts, elections=elections)


def party_entries() -> PartyEntries:
    """Return the entries about a party; raises ValidationFailed."""
    values = body()
    read = _Reader(values)
    name = read("name", lambda: _text(values, "name"))
    symbol = read("symbol", lambda: _picture(values, "symbol"))
    read.finish()
    return PartyEntries(name=name, symbol=symbol)


def candidate_entries() -> CandidateEntries:
    """Return the entries about a candidate; raises ValidationFailed."""
    values = body()
    read = _Reader(values)
    entries = CandidateEntries(
        election_id=read("election_id", lambda: _number(values, "election_id")),
        party_id=read("party_id", lambda: _number(values, "party_id", empty=INDEPENDENT)),
        name=read("name", lambda: _text(values, "name")),
        description=read("description", lambda: _text(values, "description", 2 * MAX_DESCRIPTION)),
        display_order=read("display_order", lambda: _number(values, "display_order")),
        image=read("image", lambda: _picture(values, "image")),
    )
    read.finish()
    return entries


def voter_query(election_id: int | None) -> VoterQuery:
    """Return what the address of the list asks for; values that make no sense fall back to the plain list."""
    status = request.args.get("status", "")
    return VoterQuery(
        text=request.args.get("q", "")[:MAX_SEARCH].replace("\x00", "").strip(),
        status=VoterStatus(status) if status in list(VoterStatus) else None,
        few_pictures=request.args.get("pictures") == "few",
        sort=request.args.get("sort", "voter_id"),
        descending=request.args.get("order") == "desc",
        page=min(request.args.get("page", 1, type=int), 1_000_000),
        election_id=election_id,
    )


def group_name() -> str | None:
    """Return the name of a group as sent, None when it is absent; raises ValidationFailed."""
    return _text(body(), "name")


def id_list(name: str) -> list[int]:
    """Return the row ids of a list in JSON, or of the ticked boxes of a form; raises ValidationFailed."""
    sent = body().get(name, []) if request.is_json else request.form.getlist(name)
    if not isinstance(sent, list) or len(sent) > MOST_IDS:
        raise ValidationFailed(fields={name: _("Send a list of at most %(most)s numbers.", most=MOST_IDS)})
    ids = [item if type(item) is int else _row_id(item) for item in sent]
    if not all(0 < item < 10**9 for item in ids):
        raise ValidationFailed(fields={name: _("Send a list of numbers.")})
    return ids


def reason() -> str:
    """Return the reason as sent, '' when there is none; raises ValidationFailed."""
    return _text(body(), "reason", 500) or ""


def _row_id(item: object) -> int:
    return int(item) if isinstance(item, str) and item.isascii() and item.isdigit() and len(item) < 10 else 0


def typed() -> dict[str, Any]:
    """Return the form as it was typed, to show it again; `elections` as a set of ids."""
    chosen = {int(text) for text in request.form.getlist("elections") if text.isdecimal() and len(text) < 10}
    return {**request.form.to_dict(), "elections": chosen}


def error_list(errors: dict[str, str]) -> list[tuple[str, str]]:
    """Return the ids of the fields and their sentences, for the summary on top of the form."""
    return [(f"f-{name}", message) for name, message in errors.items()]


class _Reader:
    """Reads field after field and keeps the sentence of each that has a wrong type."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.errors: dict[str, str] = {}
        self.values = values

    def __call__(self, name: str, read: Callable[[], _Value]) -> _Value | None:
        try:
            return read()
        except ValidationFailed as error:
            self.errors.update(error.fields)
            return None

    def finish(self) -> None:
        if self.errors:
            raise ValidationFailed(fields=self.errors)


def _text(values: dict[str, Any], name: str, limit: int = MAX_TEXT) -> str | None:
    if name not in values:
        return None
    return "" if values[name] is None else text_field(values, name, limit)


def _number(values: dict[str, Any], name: str, empty: int | None = None) -> int | None:
    if name not in values:
        return None
    value = values[name]
    if value is None or value == "":
        return empty
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**9:
        raise ValidationFailed(fields={name: _("Send this as a whole number.")})
    return value


def _elections(values: dict[str, Any]) -> frozenset[int] | None:
    if not request.is_json:
        # Unticked boxes are not sent: the form says by `rolls_shown` that it had them.
        return frozenset(typed()["elections"]) if "rolls_shown" in request.form else None
    chosen = values.get("elections")
    if chosen is None:
        return None
    if not isinstance(chosen, list) or not all(type(item) is int and 0 < item < 10**9 for item in chosen):
        raise ValidationFailed(fields={"elections": _("Send a list of election numbers.")})
    return frozenset(chosen)


def _picture(values: dict[str, Any], name: str) -> bytes | None:
    """Return the content of an uploaded file or data URL; None when there is none."""
    if request.is_json:
        return _data_url(values, name)
    upload = request.files.get(name)
    if upload is None or not upload.filename:
        if isinstance(values.get(name), str) and values[name]:
            raise ValidationFailed(fields={name: _("Send the picture as a file.")})
        return None
    return _not_empty(upload.read(), name)


def _not_empty(content: bytes, name: str) -> bytes:
    if not content:
        raise ValidationFailed(fields={name: _("This file is empty. Choose another one.")})
    return content


def _data_url(values: dict[str, Any], name: str) -> bytes | None:
    if values.get(name) is None:
        return None
    try:
        content = data_url_bytes(values[name])
    except BadImage as error:
        raise ValidationFailed(fields={name: error.message}) from error
    return _not_empty(content, name)


def ticked(name: str) -> bool:
    """Tell whether a check box of the form is ticked."""
    return request.form.get(name, "").lower() in ("1", "y", "yes", "on", "true")


def asked(name: str) -> bool:
    """Tell whether the address asks for something by `name=1`."""
    return request.args.get(name) == "1"
