"""Domain errors: small classes with a status and a message fit for the person who reads it.

An expected refusal is a returned outcome instead (docs/architecture.md); raising one of these rolls the
whole transaction back. `N_` marks the words of a class for the extraction; they are translated when one is raised.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as N_


class DomainError(Exception):
    """A request that cannot be fulfilled; `message` tells the person what to do."""

    status: int = 400
    code: str = "bad_request"
    message: str = N_("This could not be done. Check what you entered.")

    def __init__(self, message: str | None = None, **details: object) -> None:
        self.message = str(message) if message is not None else str(type(self).message)
        self.details = details
        super().__init__(self.message)


class NotFound(DomainError):
    status, code = 404, "not_found"
    message = N_("There is nothing at this address.")


class Forbidden(DomainError):
    status, code = 403, "forbidden"
    message = N_("You are not allowed to do this.")


class Conflict(DomainError):
    status, code = 409, "conflict"
    message = N_("This is not possible in the present state.")


class ValidationFailed(DomainError):
    """Input of the wrong shape or against a rule; `fields` maps a field name to a sentence."""

    status, code = 422, "validation_failed"
    message = N_("Some entries need a change.")

    def __init__(self, message: str | None = None, fields: dict[str, str] | None = None) -> None:
        self.fields = fields or {}
        super().__init__(message or " ".join(self.fields.values()) or None)


class TooMany(DomainError):
    """Asked too often; `seconds` is how long to wait before asking again."""

    status, code = 429, "too_many"
    message = N_("Too many tries. Wait a minute, then try again.")

    def __init__(self, message: str | None = None, seconds: int = 60) -> None:
        self.seconds = seconds
        super().__init__(message)


class Unavailable(DomainError):
    status, code = 503, "unavailable"
    message = N_("This part is not ready. Try again in a moment.")


class DiskFull(Unavailable):
    """A file could not be written for want of room, or so little is left that none should be."""

    code = "disk_full"
    message = N_("Nothing can be stored now: the disk is full. Call whoever looks after this system.")


class StorageAway(Unavailable):
    """The place where files lie, a bucket in the network, does not answer or broke off in the middle."""

    code = "storage_away"
    message = N_(
        "Pictures and files cannot be stored or read at the moment. Nothing was changed. Try again in a minute;"
        " if it lasts, call whoever looks after this system."
    )


class FileDamaged(DomainError):
    """A stored file is not what was stored; `path` names it. Whoever turns this into an answer reports it."""

    status, code = 410, "file_damaged"
    message = N_("This picture is damaged and cannot be shown. The Election Commission has been told.")

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__()
