"""What nginx does by itself: foreign names, bad requests, plain HTTP, sizes, static files, and nodes that are away."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import signal
import ssl

from sqlalchemy import select

from benchmarks.security.proxy import judge
from benchmarks.security.proxy.client import CLOSED, Answer, line, raw
from benchmarks.security.proxy.walk import JSON, Walk
from config import REQUEST_BYTES
from deploy.cluster.layout import HOST, SITE
from models import LoginFailure, db

EDGE, PLAIN, TOO_LARGE = "nginx itself", "plain HTTP", REQUEST_BYTES + 1
API = "/api/v1/auth/login"
OTHER_API = "/api/voting/cast"
DOTTED = ("/.env", "/.git/config", "/static/.git/config", "/ops/metrics")
OUTSIDE = (
    "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/media/..%2f..%2f.env", "/..;/app.py",
    "//evil.example/%2e%2e", "/static//etc/passwd", "/%5c%5cevil.example/",
)  # fmt: skip
OUTSIDE_ANSWERS = (400, 404, 308)
"""308: two slashes are made one, within this site; where to is looked at as in every answer."""
GET = b"GET / HTTP/1.1\r\nHost: " + SITE.encode() + b"\r\nConnection: close\r\n"
SPELT_BADLY = {
    "two Hosts": GET + b"Host: evil.example\r\n\r\n",
    "no method": b"\x01\x02 / HTTP/1.1\r\n\r\n",
    "length and chunks": GET.replace(b"GET", b"POST")
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unknown coding": GET.replace(b"GET", b"POST") + b"Transfer-Encoding: xchunked\r\n\r\n",
    "two lengths": GET.replace(b"GET", b"POST") + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "TRACE": GET.replace(b"GET", b"TRACE") + b"\r\n",
    "CONNECT": GET.replace(b"GET /", b"CONNECT evil.example:443") + b"\r\n",
    "a method of its own": GET.replace(b"GET", b"EVIL") + b"\r\n",
    "a long address": GET.replace(b" / ", b" /" + 9000 * b"a" + b" ") + b"\r\n",
    "a large header": GET + b"Cookie: " + 40_000 * b"a" + b"\r\n\r\n",
    "seventy headers": GET + b"".join(b"X-A%d: 1\r\n" % number for number in range(70)) + b"\r\n",
}
LEAST_WORDS = 5


def edges(walk: Walk) -> None:
    """Try all of it; the last tries stop the nodes."""
    for act in (_names, _spelling, _outside, _sizes, _plain, _believed, _static):
        act(walk)


def _names(walk: Walk) -> None:
    site = walk.site
    foreign = GET.replace(SITE.encode(), b"evil.example") + b"\r\n"
    whole = GET.replace(b" / ", b" https://evil.example/ ") + b"\r\n"
    nobody = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
    for name, sent in {"Host": foreign, "whole address": whole, "no Host": nobody}.items():
        answer = raw(site.https, sent, site.certificate)
        walk.expect("foreign-host", name, answer == CLOSED, f"answers {answer.status}")
    ours = raw(site.https, foreign.replace(b" / ", f" https://{SITE}/ ".encode()), site.certificate)
    walk.expect("foreign-host", "whole address over Host", "evil.example" not in ours.text, str(ours.status))
    walk.expect("foreign-host", "by HTTP", raw(site.http, foreign) == CLOSED, "answers")
    trust = ssl.create_default_context(cafile=str(site.certificate))
    trust.check_hostname = False
    shown = False
    with (
        contextlib.suppress(OSError),
        line(site.https) as plain,
        trust.wrap_socket(plain, server_hostname="evil.example"),
    ):
        shown = True
    walk.expect("foreign-host", "TLS", not shown, "the certificate is shown to who asks for another name")


def _spelling(walk: Walk) -> None:
    for name, sent in SPELT_BADLY.items():
        answer = raw(walk.site.https, sent, walk.site.certificate)
        walk.judge(EDGE, name, answer, away=answer.status in (501, 505))
        walk.expect("refused", name, 400 <= answer.status < 600, f"answers {answer.status}")
        _in_words(walk, name, answer)


def _outside(walk: Walk) -> None:
    browser = walk.site.browser()
    for path in (*DOTTED, *OUTSIDE):
        answer = browser.ask("GET", path)
        walk.judge(EDGE, path, answer)
        walk.expect("outside", path, answer.status in OUTSIDE_ANSWERS, f"answers {answer.status}")
    for path in ("/static/nothing.css", "/media/nothing.png", "/nothing"):
        answer = browser.ask("GET", path)
        walk.judge("not there", path, answer)
        walk.expect("outside", path, answer.status == 404, f"answers {answer.status}")


def _sizes(walk: Walk) -> None:
    asked = (
        (API, "*/*", "problem"), (OTHER_API, "*/*", "json"), ("/poll/vote", JSON["Accept"], "json"),
        ("/admin/voters", "text/html", "page"),
    )  # fmt: skip
    for path, accept, kind in asked:
        head = f"POST {path} HTTP/1.1\r\nHost: {SITE}\r\nAccept: {accept}\r\nConnection: close\r\n"
        sent = f"{head}Content-Length: {TOO_LARGE}\r\n\r\n".encode()
        answer = raw(walk.site.https, sent, walk.site.certificate)
        walk.expect("size", path, answer.status == 413, f"answers {answer.status}")
        _own(walk, path, answer, kind)
    chunk = b"40000\r\n" + 0x40000 * b"a" + b"\r\n"
    chunked = GET.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\n"
    sent = chunked + (REQUEST_BYTES // 0x40000 + 4) * chunk
    answer = raw(walk.site.https, sent, walk.site.certificate)
    # A closed line before everything is sent may take the answer with it.
    walk.expect("size", "chunks", answer.status in (413, 0), f"answers {answer.status}")


def _plain(walk: Walk) -> None:
    site = walk.site
    head = f" HTTP/1.1\r\nHost: {SITE}\r\nConnection: close\r\n".encode()
    page = raw(site.http, b"GET /results/?page=2" + head + b"\r\n")
    walk.expect(
        "http", "a page", (page.status, page.one("Location")) == (301, f"https://{SITE}/results/?page=2"), str(page)
    )
    walk.expect("http", "HSTS", not page.all("Strict-Transport-Security"), "RFC 6797: not by plain HTTP")
    for path, kind in ((API, "problem"), (OTHER_API, "json")):
        answer = raw(site.http, b"POST " + path.encode() + head + b"Content-Length: 2\r\n\r\n{}")
        walk.expect("http", path, answer.status == 403 and not answer.all("Location"), f"answers {answer.status}")
        _own(walk, path, answer, kind, plain=True)
    for name, sent in {"bad": b"\x01\x02\r\n\r\n", "no Host": b"GET / HTTP/1.1\r\n\r\n"}.items():
        walk.expect("http", name, raw(site.http, sent) == CLOSED, "answers")
    mixed = raw(site.https, GET + b"\r\n")
    walk.expect("http", "to the port of TLS", mixed.status == 400, f"answers {mixed.status}")
    walk.judge(EDGE, "HTTP to the port of TLS", mixed)


def _believed(walk: Walk) -> None:
    """A wrong password: the address that is written down is the one that nginx saw."""
    browser = walk.site.browser()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.ask("GET", "/?room=commission").text)
    assert token is not None
    browser.send_form("/login", room="commission", username="a.stranger", password="wrong", csrf_token=token[1])  # noqa: S106
    other = browser.ask("POST", "/login", b"csrf_token=" + token[1].encode(), {
        "Content-Type": "application/x-www-form-urlencoded", "Referer": "https://evil.example/"})  # fmt: skip
    walk.expect("csrf", "a form of another site", other.status == 400, f"answers {other.status}")
    with walk.site.app.app_context():
        found = set(db.session.scalars(select(LoginFailure.ip_address).where(LoginFailure.username == "a.stranger")))
    walk.expect("forwarded", "X-Forwarded-For", {str(one) for one in found} == {HOST}, f"written down: {found}")


def _static(walk: Walk) -> None:
    browser = walk.site.browser()
    found = re.search(r'href="(/static/[0-9a-f]+/css/app.css)"', browser.ask("GET", "/").text)
    assert found is not None
    path = found[1]
    first = browser.ask("GET", path, headers={"Accept-Encoding": "gzip"})
    walk.judge("static", path, first, kept=True)
    walk.expect("static", "a year, immutable", first.one("Cache-Control") == "public, max-age=31536000, immutable",
                first.one("Cache-Control"))  # fmt: skip
    walk.expect("static", "gzip", first.one("Content-Encoding") == "gzip", "sent at full length")
    plain = browser.ask("GET", path)
    unpacked = gzip.decompress(first.body) if first.one("Content-Encoding") == "gzip" else first.body
    walk.expect("static", "the same bytes", plain.body == unpacked, f"{len(plain.body)} and {len(unpacked)} bytes")
    walk.expect("static", "Vary", "accept-encoding" in first.one("Vary").lower(), first.one("Vary"))
    again = browser.ask("GET", path, headers={"If-None-Match": first.one("ETag"), "Accept-Encoding": "gzip"})
    walk.judge("static", f"{path} again", again, kept=True)
    walk.expect("static", "304", (again.status, again.body) == (304, b""), f"answers {again.status}")
    page = browser.ask("GET", "/", headers={"Accept-Encoding": "gzip"})
    walk.expect("static", "pages are not compressed (BREACH)", not page.all("Content-Encoding"), "compressed")


def away(walk: Walk) -> None:
    """Nodes that are silent, then nodes that are gone. nginx waits two seconds for an answer here, else 75."""
    site = walk.site
    site.wait_less(2)
    for kind, number in (("silent", signal.SIGSTOP), ("gone", signal.SIGKILL)):
        os.killpg(site.installation.web_pid, number)
        for path, accept, form in (
            ("/results/", "text/html", "page"),
            (API, "*/*", "problem"),
            ("/login", JSON["Accept"], "json"),
        ):
            method = "GET" if form == "page" else "POST"
            answer = site.browser().ask(method, path, b"{}" if form != "page" else None, {"Accept": accept})
            walk.expect(
                "away", f"{kind} {path}", (answer.status, answer.one("Retry-After")) == (503, "30"), str(answer)[:200]
            )
            _own(walk, f"{kind} {path}", answer, form, away=True)
    found = site.browser().ask("GET", "/.sv/page.css")
    walk.expect("away", "the page's colours", found.one("Content-Type") == "text/css", found.one("Content-Type"))


def _own(walk: Walk, place: str, answer: Answer, kind: str, plain: bool = False, away: bool = False) -> None:
    """Check an answer of nginx's own: headers, and words in the shape that was asked for."""
    walk.asked[EDGE] += 1
    for rule, words in judge.faults(answer, away=away):
        if not (plain and rule == "strict-transport-security"):
            walk.note(rule, place, f"{answer.status}: {words}")
    types = {"page": "text/html; charset=utf-8", "json": "application/json", "problem": "application/problem+json"}
    walk.expect("kind", place, answer.one("Content-Type") == types[kind], answer.one("Content-Type"))
    if kind != "page":
        try:
            told = json.loads(answer.body)
        except ValueError:
            walk.note("kind", place, f"no JSON: {answer.text[:120]}")
            return
        good = told.get("status") == answer.status if kind == "problem" else told.get("error", {}).keys() >= {"code"}
        walk.expect("kind", place, good, answer.text[:160])
    _in_words(walk, place, answer)


def _in_words(walk: Walk, place: str, answer: Answer) -> None:
    text = re.sub(r"<[^>]*>", " ", answer.text)
    walk.expect("words", place, len(text.split()) >= LEAST_WORDS and "nginx" not in text, text[:120])
