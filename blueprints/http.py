"""What views share: the caller as an Actor, JSON or form input, and the choice between HTML and JSON."""

from __future__ import annotations

from typing import Any

from flask import g, request, url_for
from flask_babel import gettext as _

from services.actor import Actor
from services.context import platform
from services.errors import ValidationFailed

API = "/api/v1/"
REFUSAL_KEY = "smart_voting.refusal"
BY_ITSELF = "X-Asked-By-Page"
"""Header of what a script asks without anybody's act: `static/js/lib/http.js`."""


def is_api() -> bool:
    """Tell whether the request is one of the API, which answers JSON to everybody."""
    return request.path.startswith(API)


def wants_json() -> bool:
    """Tell whether the caller speaks JSON: a JSON body, or JSON preferred over HTML."""
    if is_api() or request.is_json:
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and request.accept_mimetypes[best] > request.accept_mimetypes["text/html"]


def asks_by_itself() -> bool:
    """Tell whether a page asks and no person: a stream, a question again and again, a picture.

    Such requests do not keep a session alive. Whoever forges the header shortens the own session only.
    """
    stream = request.accept_mimetypes.best == "text/event-stream"
    return stream or BY_ITSELF in request.headers or request.blueprint == "media"


def current_actor() -> Actor:
    """Return who asks: the signed-in staff member or kiosk, or an anonymous actor."""
    agent = (request.user_agent.string or "")[:300]
    principal = g.get("principal")
    if principal is None:
        return Actor(role="anonymous", ip=request.remote_addr, user_agent=agent)
    return Actor(role=principal.role, id=principal.id, name=principal.name, ip=request.remote_addr, user_agent=agent)


def body() -> dict[str, Any]:
    """Return the JSON object or the form of the request as a dict; raises ValidationFailed for other JSON."""
    if not request.is_json:
        return request.form.to_dict()
    value = json_value()
    if not isinstance(value, dict):
        raise ValidationFailed(_("Send one JSON object."))
    return value


def json_value() -> Any:
    """Return the JSON of the body, None when it cannot be read."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        # Brackets nested by the thousand: Flask takes only a ValueError for broken JSON.
        return None


def text_field(values: dict[str, Any], name: str, limit: int = 200, *, strip: bool = True) -> str:
    """Return a text value, '' when it is absent, without outer space unless `strip` is off (passwords).

    Raises ValidationFailed for another type, more than `limit` characters, or characters no database can store.
    """
    value = values.get(name, "")
    if not isinstance(value, str):
        raise ValidationFailed(fields={name: _("Send this as text.")})
    if len(value) > limit:
        raise ValidationFailed(fields={name: _("This is too long. The limit is %(limit)s characters.", limit=limit)})
    if not _is_storable(value):
        raise ValidationFailed(fields={name: _("A character in this cannot be stored. Type it again.")})
    return value.strip() if strip else value


def with_files_again(errors: dict[str, str]) -> dict[str, str]:
    """Return what is wrong with a form, with a word at each other file that was sent: no browser sends one twice."""
    sent = [name for name, file in request.files.items() if file.filename and name not in errors]
    again = _("Choose this file once more: the browser does not keep it.")
    return errors | dict.fromkeys(sent, again) if errors else {}


def frames_field(values: dict[str, Any]) -> list[str]:
    """Return the pictures of a chunk of camera frames, as data URLs; raises ValidationFailed for anything else."""
    frames = values.get("frames")
    if not isinstance(frames, list) or not all(isinstance(frame, str) for frame in frames):
        raise ValidationFailed(fields={"frames": _("Send a list of pictures as data URLs.")})
    return frames


def frame_field(values: dict[str, Any]) -> str:
    """Return one camera frame, a data URL; raises ValidationFailed for anything else."""
    frame = values.get("frame")
    if not isinstance(frame, str) or not frame:
        raise ValidationFailed(fields={"frame": _("Send one picture as a data URL.")})
    return frame


def whole_field(values: dict[str, Any], name: str, default: int | None = None) -> int:
    """Return a whole number from -1 to 99,999; raises ValidationFailed for anything else."""
    value = values.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not -1 <= value < 100_000:
        raise ValidationFailed(fields={name: _("Send this as a whole number.")})
    return value


def _is_storable(text: str) -> bool:
    """PostgreSQL takes no NUL, and UTF-8 no half of a surrogate pair, which JSON can spell."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def public_address(endpoint: str, **values: Any) -> str:
    """Return the whole address of a page as people see it from elsewhere: PUBLIC_URL, or else what was asked for."""
    return (platform().settings.public_url or request.host_url.rstrip("/")) + url_for(endpoint, **values)


def cookie_name(name: str) -> str:
    """Return the name of a cookie with a path of its own: under TLS one that a plain page cannot set.

    Browsers take a name that begins with __Secure- from https only (RFC 6265bis); __Host- would need the path /.
    """
    return f"__Secure-{name}" if platform().settings.secure_cookies else name


def mark_refused(kind: str) -> None:
    """Note why this request is refused where its status does not say it (a redirect to the door, a missing token)."""
    request.environ[REFUSAL_KEY] = kind


def refusal_mark() -> str | None:
    """Return what `mark_refused` noted for this request."""
    found: str | None = request.environ.get(REFUSAL_KEY)
    return found
