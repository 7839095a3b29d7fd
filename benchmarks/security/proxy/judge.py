"""What every answer that leaves nginx must and must not carry. Each fault is a rule and what was seen."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie

from benchmarks.security.proxy.client import Answer

EXACTLY = {
    "X-Content-Type-Options": r"nosniff",
    "X-Frame-Options": r"SAMEORIGIN|DENY",
    "Referrer-Policy": r"same-origin|no-referrer",
    "Strict-Transport-Security": r"max-age=(3153600\d|[4-9]\d{7}|\d{9,}); includeSubDomains",
    "Cross-Origin-Opener-Policy": r"same-origin",
    "Cross-Origin-Resource-Policy": r"same-origin",
    "Permissions-Policy": r"camera=\((self)?\), microphone=\(\), geolocation=\((self)?\), payment=\(\), usb=\(\)",
    "X-Permitted-Cross-Domain-Policies": r"none",
    "X-DNS-Prefetch-Control": r"off",
    "X-Request-ID": r"[0-9a-f]{8}|[0-9a-f]{32}",
}
"""Each of these exactly once, and spelt so: two of a kind would come from nginx and from the application."""
ONCE = ("Content-Security-Policy", "Cache-Control", "Content-Type", "Location", "Retry-After", "ETag", "Server", "Date")
NEVER = ("X-Powered-By", "Via", "X-AspNet-Version", "X-Runtime", "Access-Control-Allow-Origin", "X-Accel-Buffering")
CLOSED_BY = {"default-src": {"'none'"}, "base-uri": {"'none'"}}
ONLY_US = {"frame-ancestors": {"'self'", "'none'"}, "form-action": {"'self'", "'none'"}, "script-src": {"'self'"}}
LOOSE = ("unsafe-inline", "unsafe-eval", "unsafe-hashes", "strict-dynamic", "*", "http:", "https:")
INSIDE = ("Traceback (most", 'File "/', "psycopg2", "sqlalchemy", "werkzeug.exceptions", "gunicorn", "evil.example")
SERVER_FAULT = 500

Fault = tuple[str, str]


def faults(answer: Answer, kept: bool = False, away: bool = False) -> list[Fault]:
    """Return what is wrong with an answer; `kept`: a cache may keep it; `away`: 503 is what it should be."""
    if not answer.status:
        return [("no-answer", "the line was closed")]
    found = [
        (name.lower(), f"{len(values)} of them: {' | '.join(values)}")
        for name, pattern in EXACTLY.items()
        if len(values := answer.all(name)) != 1 or not re.fullmatch(pattern, values[0])
    ]
    found += [("twice", f"{name}: {len(answer.all(name))} times") for name in ONCE if len(answer.all(name)) > 1]
    found += [("never", f"{name}: {answer.one(name)}") for name in NEVER if answer.all(name)]
    found += _policy(answer.one("Content-Security-Policy"))
    if not kept and answer.one("Cache-Control") != "no-store":
        found.append(("cache-control", answer.one("Cache-Control") or "none"))
    if re.search(r"\d", answer.one("Server")):
        found.append(("server", answer.one("Server")))
    if answer.status >= SERVER_FAULT and not away:
        found.append(("server-fault", str(answer.status)))
    if answer.body and answer.status != 304 and not answer.one("Content-Type"):
        found.append(("content-type", "a body of no kind"))
    found += [("cookie", words) for cookie in answer.all("Set-Cookie") for words in _cookie(cookie)]
    return found + _inside(answer)


def _policy(text: str) -> list[Fault]:
    parts = {one.split()[0]: set(one.split()[1:]) for one in text.split(";") if one.strip()}
    found = [("csp", f"{name}: {parts.get(name)}") for name, want in CLOSED_BY.items() if parts.get(name) != want]
    found += [
        ("csp", f"{name}: {parts.get(name)}")
        for name, may in ONLY_US.items()
        if (name != "script-src" or name in parts) and not (parts.get(name) and parts[name] <= may)
    ]
    return found + [("csp", source) for sources in parts.values() for source in sources if source.strip("'") in LOOSE]


def _cookie(text: str) -> list[str]:
    jar: SimpleCookie = SimpleCookie()
    jar.load(text)
    found = []
    for name, one in jar.items():
        found += [f"{name} lacks {flag}" for flag in ("secure", "httponly") if not one[flag]]
        if one["samesite"] not in ("Lax", "Strict"):
            found.append(f"{name} has SameSite={one['samesite'] or 'nothing'}")
        if one["domain"]:
            found.append(f"{name} goes to the whole domain {one['domain']}")
        if not name.startswith("__Host-") and not (name.startswith("__Secure-") and one["path"] not in ("", "/")):
            found.append(f"{name} has no prefix, path {one['path']}")
    return found


def _inside(answer: Answer) -> list[Fault]:
    if not answer.one("Content-Type").startswith(("text/", "application/json", "application/problem")):
        return []
    text = answer.text + " ".join(answer.all("Location"))
    return [("tells", mark) for mark in INSIDE if mark in text]
