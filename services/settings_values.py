"""How the text of a setting becomes its value; each raises ValueError that says what to write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BOOTH_KEYS = 4  # read aloud, say it again, step, select


def normalise_database_url(url: str) -> str:
    """Name the driver: SQLAlchemy 2.1 takes psycopg 3 for a bare `postgresql://`, and knows no `postgres://`."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg2://" + url.removeprefix(prefix)
    return url


def switch(text: str) -> bool:
    """Read on or off."""
    if text.lower() in ("on", "1", "true", "yes"):
        return True
    if text.lower() in ("off", "0", "false", "no"):
        return False
    raise ValueError("write on or off")


def whole(text: str) -> int:
    """Read a whole number."""
    try:
        return int(text)
    except ValueError:
        raise ValueError("write a whole number") from None


def decimal(text: str) -> float:
    """Read a number with a point."""
    try:
        return float(text)
    except ValueError:
        raise ValueError("write a number such as 0.6") from None


def words(text: str) -> tuple[str, ...]:
    """Read what stands between commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def path(text: str) -> Path:
    """Read a path; a relative one starts at the project."""
    return PROJECT / Path(text).expanduser()


def optional_path(text: str) -> Path | None:
    """Read a path, None for an empty text."""
    return path(text) if text else None


def one_of(*allowed: str) -> Callable[[str], str]:
    """Return a reader of one of these words."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"write {' or '.join(allowed)}")
        return text

    return parse


def booth_keys(text: str) -> str:
    """Read four different names of keys."""
    keys = text.split()
    if len(keys) != BOOTH_KEYS or len(set(keys)) != BOOTH_KEYS:
        raise ValueError("write four different keys, such as F2 F4 F8 F9")
    return " ".join(keys)
