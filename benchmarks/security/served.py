"""A served installation to attack: the demo, its database and uploads in a folder of their own, on 127.0.0.1 only."""

from __future__ import annotations

import http.cookiejar
import re
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.day.installation import Installation
from models import StaffRole, transaction
from services import accounts, seed
from services.actor import SYSTEM

NAME, PASSWORD = "attacked.admin", "a password for one attack"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class Site:
    """Where it answers, the cookie of an admin who is signed in, the token of its forms, and room for files."""

    address: str
    cookie: str
    token: str
    folder: Path


@contextmanager
def served_demo() -> Iterator[Site]:
    """Serve the demo, its rate limits a thousand times as wide, and sign an admin in; in the end all of it is gone."""
    with tempfile.TemporaryDirectory(prefix="sv-attack-") as name:
        installation = Installation(Path(name), "fake")
        try:
            app = installation.prepare()
            with app.app_context():
                with transaction():
                    seed.seed()
                with transaction():
                    accounts.create_staff(NAME, PASSWORD, StaffRole.ADMIN, SYSTEM)
            installation.serve()
            yield _sign_in(f"http://127.0.0.1:{installation.port}", Path(name))
        finally:
            installation.stop()


def _sign_in(address: str, folder: Path) -> Site:
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    door = opener.open(f"{address}/?room=commission", timeout=30).read().decode()
    fields = {"room": "commission", "username": NAME, "password": PASSWORD, "csrf_token": _token(door)}
    opener.open(f"{address}/login", urllib.parse.urlencode(fields).encode(), timeout=30).read()
    page = opener.open(f"{address}/admin/parties/new", timeout=30).read().decode()
    cookie = "; ".join(f"{one.name}={one.value}" for one in jar)
    return Site(address, cookie, _token(page), folder)


def _token(page: str) -> str:
    found = TOKEN.search(page)
    if found is None:
        raise ValueError("the page has no form with a token")
    return found[1]
