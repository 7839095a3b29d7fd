"""What every body and answer of the API is made of: closed objects, texts that a database can store, pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

TEXT = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F]*$"
"""No control characters; half of a surrogate pair, which JSON can spell, is refused as no text at all."""

Text = Annotated[str, StringConstraints(max_length=254, pattern=TEXT)]
LongText = Annotated[str, StringConstraints(max_length=1000, pattern=TEXT)]
Token = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[A-Za-z0-9_=-]+$")]


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
