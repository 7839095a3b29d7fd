"""Every route, as everybody: read it, write to it without a token of the form, and ask in a way it does not know."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from benchmarks.security.findings import Finding
from benchmarks.security.proxy import judge
from benchmarks.security.proxy.client import Answer, Browser
from benchmarks.security.proxy.site import Site
from blueprints.headers import CACHEABLE

TOOL = "headers"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WRITING = METHODS[1:]
REFUSED = (400, 403)
BAD_REQUEST, METHOD_NOT_ALLOWED = 400, 405
WITHOUT_TOKEN = frozenset({"verify.stop_mails", "ops.mail_events", "vote.cast_vote"})
"""What counts there is a token or a signature in the request; beside them the API, which takes no cookie."""
NOT_READ = frozenset({"ops.prometheus"})
"""nginx says 404 there: its figures are for the machine itself."""
JSON = {"Accept": "application/json"}


@dataclass
class Walk:
    """What was asked, by kind, and what was wrong."""

    site: Site
    asked: Counter[str] = field(default_factory=Counter)
    found: set[Finding] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)

    def judge(self, kind: str, place: str, answer: Answer, **options: bool) -> None:
        """Check an answer and note its faults at this place."""
        self.asked[kind] += 1
        self.statuses[answer.status] += 1
        for rule, words in judge.faults(answer, **options):
            self.note(rule, place, f"{answer.status} {kind}: {words}")

    def note(self, rule: str, place: str, words: str) -> None:
        self.found.add(Finding(TOOL, rule, place, 0, words[:200]))

    def expect(self, kind: str, place: str, holds: bool, words: str) -> None:
        """Note a fault of its own unless something holds."""
        self.asked[kind] += 1
        if not holds:
            self.note(kind, place, words)


def routes(walk: Walk) -> None:
    """Walk all routes of the application as a stranger, an admin, a booth and a voter."""
    site = walk.site
    people = {"stranger": site.browser(), "admin": site.admin(), "booth": site.booth(), "voter": site.voter()}
    for rule in sorted(site.app.url_map.iter_rules(), key=str):
        path = address(rule, site.rows)
        for who, browser in people.items():
            _read(walk, rule, path, who, browser)
        for method in _methods(rule):
            for who, browser in people.items():
                _write(walk, rule, path, method, who, browser)
        unknown = next((one for one in METHODS if one not in _all_methods(site.app, rule)), None)
        if unknown and rule.endpoint not in NOT_READ:
            answer = people["stranger"].ask(unknown, path, b"", {"Referer": f"{site.browser().origin}/"})
            walk.judge("another method", f"{unknown} {rule.rule}", answer)
            refused = answer.status in (*REFUSED, METHOD_NOT_ALLOWED, 404, 415, 401)
            walk.expect("method", f"{unknown} {rule.rule}", refused, f"answers {answer.status}")
    for browser in people.values():
        browser.close()


def address(rule: Rule, rows: dict[str, Any]) -> str:
    """Return the path of a rule with values of the demo, or else values that nothing has."""
    path = rule.rule
    for name in rule.arguments:
        spare: Any = uuid.UUID(int=0) if f"<uuid:{name}>" in path else 0
        for converter in ("", "int:", "uuid:", "path:"):
            path = path.replace(f"<{converter}{name}>", str(rows.get(name, spare)))
    return path


def _methods(rule: Rule) -> Iterator[str]:
    return (method for method in WRITING if method in (rule.methods or ()))


def _all_methods(app: Flask, rule: Rule) -> set[str]:
    return {method for one in app.url_map.iter_rules() if one.rule == rule.rule for method in one.methods or ()}


def _read(walk: Walk, rule: Rule, path: str, who: str, browser: Browser) -> None:
    if "GET" not in (rule.methods or ()):
        return
    api = rule.endpoint.startswith("api.")
    if api and who != "stranger":
        return  # a cookie counts for nothing there
    for headers in ({}, JSON) if not api else ({},):
        answer = browser.ask("GET", path, headers=headers)
        kept = rule.endpoint in CACHEABLE and answer.status < BAD_REQUEST
        walk.judge(f"GET as {who}", f"GET {rule.rule}", answer, kept=kept)


def _write(walk: Walk, rule: Rule, path: str, method: str, who: str, browser: Browser) -> None:
    """Write with the right referrer and without a token; also with JSON, as a page's script would."""
    free = rule.endpoint in WITHOUT_TOKEN or rule.endpoint.startswith("api.")
    kinds = {"application/x-www-form-urlencoded": b"name=x", "application/json": b'{"name": "x"}'}
    for kind, body in kinds.items():
        if kind == "application/json" and who in ("booth", "voter"):
            continue  # the same gate for everybody; a stranger and an admin have shown that it stands before JSON, too
        headers = {"Content-Type": kind, "Referer": f"{browser.origin}/"}
        answer = browser.ask(method, path, body, headers)
        place = f"{method} {rule.rule}"
        walk.judge(f"write without token as {who}", place, answer)
        refused = answer.status >= BAD_REQUEST if free else answer.status in REFUSED
        walk.expect("csrf", place, refused and answer.status < judge.SERVER_FAULT, f"{who}, {kind}: {answer.status}")
        if not free and answer.status == BAD_REQUEST:
            said = "too old" in answer.text or '"csrf"' in answer.text
            walk.expect("csrf", place, said, f"{who}: 400, but not for the token: {answer.text[:80]}")
