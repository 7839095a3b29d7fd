"""One decorator for a view of the API: checks what comes in by its shape, sends what goes out by its shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_
from pydantic import BaseModel, ValidationError

from blueprints.api.shapes import Nothing, Shape
from blueprints.http import json_value
from services.errors import DomainError, ValidationFailed

View = Callable[..., Any]
KEY_HEADER = "Idempotency-Key"


@dataclass(frozen=True)
class Operation:
    """What a view takes and answers. `refuses`: the statuses with which it may refuse, beside the usual ones."""

    group: str
    answer: type[Shape]
    body: type[Shape] | None
    query: type[Shape]
    status: int
    refuses: tuple[int, ...]
    keyed: bool


class NotJson(DomainError):
    status, code = 415, "unsupported_media_type"
    message = N_("Send JSON, and say so: Content-Type: application/json.")


class NoObject(DomainError):
    status, code = 400, "bad_request"
    message = N_("Send one JSON object.")


def documented(
    group: str, answer: type[Shape], body: type[Shape] | None = None, query: type[Shape] = Nothing,
    status: int = 200, refuses: tuple[int, ...] = (), keyed: bool = False,
) -> Callable[[View], View]:  # fmt: skip
    """Give the view `body=` and `query=` as objects of their shapes, and turn the shape it returns into JSON.

    `keyed`: the header Idempotency-Key is needed, and comes as `key=`. A view without a body ignores what is sent.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(**kwargs: Any) -> ResponseReturnValue:
            asked = _read(query, request.args.to_dict())
            if query is not Nothing:
                kwargs["query"] = asked
            if body is not None:
                kwargs["body"] = _read(body, _object())
            if keyed:
                kwargs["key"] = request.headers.get(KEY_HEADER, "")
            found = view(**kwargs)
            if not isinstance(found, BaseModel):
                return found  # type: ignore[no-any-return]
            return found.model_dump(mode="json"), status

        checked.__operation__ = Operation(group, answer, body, query, status, refuses, keyed)  # type: ignore[attr-defined]
        return checked

    return decorate


def _object() -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise NotJson()
    value = json_value()
    if not isinstance(value, dict):
        raise NoObject(_("Send one JSON object."))
    return value


def _read(shape: type[Shape], values: dict[str, Any]) -> Shape:
    try:
        return shape.model_validate(values)
    except ValidationError as error:
        fields = {".".join(map(str, one["loc"])) or "body": _words(one) for one in error.errors(include_url=False)}
        raise ValidationFailed(_("Some entries need a change."), fields=fields) from None


def _words(error: Any) -> str:
    words = {
        "missing": _("This is needed."),
        "extra_forbidden": _("There is no such field here."),
        "string_too_long": _("This is too long."),
        "string_pattern_mismatch": _("Characters of this are not allowed here."),
    }
    found: str = words.get(error["type"]) or str(error["msg"])[:200]
    return found
