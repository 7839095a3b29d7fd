"""One decorator for a view of the API: checks what comes in by its shape, sends what goes out by its shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, get_origin

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_
from pydantic import BaseModel, ValidationError

from blueprints.api.shapes import Nothing, Shape
from blueprints.http import json_value
from services.api_requests import Repeatable
from services.errors import DomainError, ValidationFailed

View = Callable[..., Any]
KEY_HEADER = "Idempotency-Key"
KEY = re.compile("[A-Za-z0-9_-]{22,128}")


@dataclass(frozen=True)
class Operation:
    """What a view takes and answers. `refuses`: the statuses with which it may refuse, beside the usual ones."""

    group: str
    answer: type[Shape] | str
    body: type[Shape] | None
    query: type[Shape]
    status: int
    refuses: tuple[int, ...]
    keyed: bool
    multipart: bool
    repeatable: bool = False


class NotJson(DomainError):
    status, code = 415, "unsupported_media_type"
    message = N_("Send JSON, and say so: Content-Type: application/json.")


class NotMultipart(NotJson):
    message = N_("Send a form with files: Content-Type: multipart/form-data.")


class NoObject(DomainError):
    status, code = 400, "bad_request"
    message = N_("Send one JSON object.")


def documented(
    group: str, answer: type[Shape] | str, body: type[Shape] | None = None, query: type[Shape] = Nothing,
    status: int = 200, refuses: tuple[int, ...] = (), keyed: bool = False, multipart: bool = False,
    repeatable: bool = False,
) -> Callable[[View], View]:  # fmt: skip
    """Give the view `body=` and `query=` as objects of their shapes, and turn the shape it returns into JSON.

    `keyed`: the header Idempotency-Key is needed, and comes as `key=`. `repeatable`: it may be there, and the request
    comes as `asked=` (`services.api_requests.Repeatable`), None without it. `multipart`: the body is a form with
    files, as `Upload` in its shape. An `answer` that is no shape is the media type of a file, and the view makes the
    response. A view without a body ignores what is sent.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(**kwargs: Any) -> ResponseReturnValue:
            asked = _read(query, request.args.to_dict())
            if query is not Nothing:
                kwargs["query"] = asked
            if body is not None:
                kwargs["body"] = _read(body, _form(body) if multipart else _object())
            if keyed:
                kwargs["key"] = _key()
            if repeatable:
                kwargs["asked"] = _repeatable(kwargs)
            found = view(**kwargs)
            if not isinstance(found, BaseModel):
                return found  # type: ignore[no-any-return]
            return found.model_dump(mode="json"), status

        said = Operation(group, answer, body, query, status, refuses, keyed, multipart, repeatable)
        checked.__operation__ = said  # type: ignore[attr-defined]
        return checked

    return decorate


def _key() -> str:
    key = request.headers.get(KEY_HEADER, "")
    if not KEY.fullmatch(key):
        raise ValidationFailed(fields={KEY_HEADER: _("Send 128 random bits or more of your own, as base64url or hex.")})
    return key


def _repeatable(kwargs: dict[str, Any]) -> Repeatable | None:
    """Return the request with its key; files by their content, for the borders of a form are drawn anew each time."""
    if KEY_HEADER not in request.headers:
        return None
    body = kwargs["body"].model_dump() if "body" in kwargs else {}
    files = {name: value for name, value in body.items() if isinstance(value, bytes)}
    told = {name: value for name, value in body.items() if name not in files}
    said = (repr((request.view_args, told, sorted(files))).encode("utf-8", "surrogatepass"), *files.values())
    return Repeatable(request.endpoint or "", _key(), said)


def _object() -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise NotJson()
    value = json_value()
    if not isinstance(value, dict):
        raise NoObject(_("Send one JSON object."))
    return value


def _form(shape: type[Shape]) -> dict[str, Any]:
    """Return the texts and files of a form; a name of which the shape takes several gives a list."""
    if request.mimetype != "multipart/form-data":
        raise NotMultipart()
    sent = {name: [*request.form.getlist(name)] for name in request.form}
    for name in request.files:
        sent.setdefault(name, []).extend(one.read() for one in request.files.getlist(name))
    lists = {name for name, field in shape.model_fields.items() if get_origin(field.annotation) is list}
    return {name: values if name in lists else values[0] for name, values in sent.items()}


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
    own = error.get("ctx", {}).get("error") if error["type"] == "value_error" else None
    found: str = words.get(error["type"]) or str(own or error["msg"])[:200]
    return found
