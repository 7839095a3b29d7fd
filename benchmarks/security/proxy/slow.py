"""Live pages that stay open, and clients that send as slowly as they can."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

from benchmarks.security.proxy.client import line
from benchmarks.security.proxy.walk import Walk
from deploy.cluster.layout import SITE

STREAM = "/results/live"
HEADER_SECONDS, BODY_SECONDS = 15, 30
"""As nginx's client_header_timeout and client_body_timeout; a test compares them with the site."""
SLACK_SECONDS = 60
SLOW_LINES = 300
"""More than the requests that both processes of the node take at a time."""


def streams(walk: Walk) -> None:
    """The first event of a live page has to come while the stream stays open."""
    with line(walk.site.https, walk.site.certificate) as open_line:
        began, got = time.monotonic(), b""
        open_line.sendall(f"GET {STREAM} HTTP/1.1\r\nHost: {SITE}\r\nAccept: text/event-stream\r\n\r\n".encode())
        while b"data: " not in got and (part := open_line.recv(65536)):
            got += part
        first = time.monotonic() - began
        walk.expect("stream", STREAM, b"data: " in got and b"text/event-stream" in got, got[:200].decode("latin-1"))
        open_line.settimeout(1)
        stays = False
        try:
            stays = bool(open_line.recv(65536))
        except TimeoutError:
            stays = True
        walk.expect("stream", f"{STREAM} stays open", stays, "it was closed after the first event")
    walk.asked[f"first event after {first:.2f} s"] += 1


def slow_clients(walk: Walk) -> None:
    """Lines that never finish: the site answers others meanwhile, and nginx hangs up when their time is over."""
    head = f"POST /login HTTP/1.1\r\nHost: {SITE}\r\n".encode()
    kinds = {"header": (head, HEADER_SECONDS), "body": (head + b"Content-Length: 1000\r\n\r\na", BODY_SECONDS)}
    with contextlib.ExitStack() as opened:
        watched = [(name, opened.enter_context(line(walk.site.https, walk.site.certificate)), sent, seconds)
                   for name, (sent, seconds) in kinds.items()]  # fmt: skip
        many = [opened.enter_context(line(walk.site.https, walk.site.certificate)) for _ in range(SLOW_LINES)]
        threads = [threading.Thread(target=_hold, args=(walk, *one)) for one in watched]
        for thread in threads:
            thread.start()
        for one in many:
            one.sendall(head)
        answer = walk.site.browser().ask("GET", "/results/")
        walk.expect("slow", f"another browser beside {SLOW_LINES} slow lines", answer.status == 200, str(answer.status))
        for thread in threads:
            thread.join()


def _hold(walk: Walk, name: str, open_line: Any, sent: bytes, seconds: int) -> None:
    began = time.monotonic()
    open_line.settimeout(seconds + SLACK_SECONDS)
    open_line.sendall(sent)
    try:
        while open_line.recv(4096):
            pass
        gone = True
    except TimeoutError:
        gone = False
    except OSError:
        gone = True
    took = time.monotonic() - began
    walk.expect("slow", name, gone, f"still open after {seconds + SLACK_SECONDS} s")
    walk.asked[f"slow {name} let go after {took:.0f} s"] += 1
