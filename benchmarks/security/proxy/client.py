"""A client that keeps every header of an answer as often as it came."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.cluster.layout import HOST, SITE

SECONDS = 30
FORGED = {
    "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http",
    "X-Forwarded-Ssl": "off", "X-Forwarded-Protocol": "http", "X-Forwarded-Port": "81", "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=http", "X-Real-IP": "203.0.113.9",
    "X-Original-URL": "/admin/staff", "X-Rewrite-URL": "/admin/staff", "SCRIPT_NAME": "/evil",
}  # fmt: skip
"""What an outsider may claim; sent with every request, and nothing of it may count."""


@dataclass(frozen=True)
class Answer:
    """An answer; `headers` in the order they came, names in small letters; `status` 0 when the line was closed."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for one, value in self.headers if one == name.lower()]

    def one(self, name: str) -> str:
        """Return the first value of a header, '' without one."""
        return next(iter(self.all(name)), "")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


CLOSED = Answer(0)


@dataclass
class Browser:
    """A browser with its cookies, at the name of the site and at the port of nginx."""

    port: int
    certificate: Path
    cookies: dict[str, str] = field(default_factory=dict)
    _line: http.client.HTTPSConnection | None = None

    @property
    def origin(self) -> str:
        return f"https://{SITE}:{self.port}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request with whatever an outsider may claim, and keep the cookies of the answer."""
        sent = {**FORGED, **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        for again in (True, False):
            try:
                return self._once(method, path, body, sent)
            except (http.client.HTTPException, OSError):
                self.close()
                if not again:
                    return CLOSED
        return CLOSED

    def send_form(self, path: str, **fields: str) -> Answer:
        """Send a form as a browser does: with the address of its page as referrer."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"{self.origin}/"}
        return self.ask("POST", path, urllib.parse.urlencode(fields).encode(), headers)

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        if self._line is None:
            trust = ssl.create_default_context(cafile=str(self.certificate))
            self._line = http.client.HTTPSConnection(SITE, self.port, timeout=SECONDS, context=trust)
        self._line.request(method, path, body, dict(headers))
        answer = self._line.getresponse()
        found = Answer(
            answer.status, tuple((name.lower(), value) for name, value in answer.getheaders()), answer.read()
        )
        for cookie in found.all("set-cookie"):
            name, _is, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return found


@contextlib.contextmanager
def line(port: int, certificate: Path | None = None) -> Iterator[socket.socket]:
    """Open a bare line, with TLS where a certificate is given."""
    with socket.create_connection((HOST, port), timeout=SECONDS) as plain:
        if certificate is None:
            yield plain
            return
        trust = ssl.create_default_context(cafile=str(certificate))
        with trust.wrap_socket(plain, server_hostname=SITE) as safe:
            yield safe


def raw(port: int, sent: bytes, certificate: Path | None = None) -> Answer:
    """Send bytes as they are and read the answer until the other side closes."""
    got = b""
    with contextlib.suppress(OSError), line(port, certificate) as open_line:
        open_line.sendall(sent)
        while part := open_line.recv(65536):
            got += part
    head, _gap, body = got.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    if not first.startswith("HTTP/"):
        return CLOSED
    pairs = (one.partition(":") for one in rest)
    return Answer(int(first.split()[1]), tuple((name.lower(), value.strip()) for name, _is, value in pairs), body)
