"""What every body and answer of the API is made of: closed objects, texts that a database can store, pages."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from flask_babel import gettext as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

TEXT = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F]*$"
"""No control characters; half of a surrogate pair, which JSON can spell, is refused as no text at all."""

Text = Annotated[str, StringConstraints(max_length=254, pattern=TEXT), Field(examples=["Words"])]
LongText = Annotated[str, StringConstraints(max_length=1000, pattern=TEXT), Field(examples=["A sentence."])]
Token = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[A-Za-z0-9_=-]+$")]
Upload = Annotated[bytes, WithJsonSchema({"type": "string", "contentMediaType": "application/octet-stream"})]
"""A file of a form."""
MOST_BASE64 = 400


def _decoded(value: object) -> bytes:
    try:
        if not isinstance(value, str) or not 0 < len(value) <= MOST_BASE64:
            raise ValueError
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(_("Send this in base64.")) from None


_SPELLED = {"type": "string", "minLength": 4, "maxLength": MOST_BASE64, "contentEncoding": "base64",
            "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$"}  # fmt: skip
Base64 = Annotated[bytes, BeforeValidator(_decoded), WithJsonSchema(_SPELLED)]
"""A few bytes, such as a key, spelled in base64."""


class Shape(BaseModel):
    """A closed object: a field that is not named here is refused, in what comes and in what goes."""

    model_config = ConfigDict(extra="forbid")


class Problem(Shape):
    """Problem details (RFC 9457). `code` is stable; `detail` says in words what to do."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    fields: dict[str, str] | None = None


class Nothing(Shape):
    """No question in the address."""


class Done(Shape):
    """It is done."""

    done: bool = True
