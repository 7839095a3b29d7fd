"""Addresses of public pictures, and how large an upload may be."""

from __future__ import annotations

from flask import url_for

from services.context import platform


def picture_url(path: str | None) -> str | None:
    """Return the address of a stored public picture, None for none."""
    return url_for("media.public", path=path.removeprefix("public/")) if path else None


def upload_limit() -> int:
    """Return MAX_UPLOAD_MB, for the words beside a file field."""
    return platform().settings.max_upload_mb
