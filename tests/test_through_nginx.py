"""What `make security ARGS=headers` finds, without nginx; and the site that every installation has."""

from __future__ import annotations

import re

import pytest

from benchmarks.security.proxy import judge, slow
from benchmarks.security.proxy.client import CLOSED, Answer
from benchmarks.security.proxy.walk import address
from config import PROJECT
from deploy.render import render
from tests.support import routes

SITE = (PROJECT / "deploy/nginx/smart-voting.conf.template").read_text()
GOOD = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'",
    "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Permitted-Cross-Domain-Policies": "none", "X-DNS-Prefetch-Control": "off", "X-Request-ID": "0a1b2c3d",
    "Server": "nginx",
}  # fmt: skip
COOKIE = "__Host-sv=a; Secure; HttpOnly; Path=/; SameSite=Lax"


def answer(status=200, body=b"<p>words</p>", more=(), **changes):
    named = GOOD | {name.replace("_", "-"): value for name, value in changes.items()}
    pairs = [(name.lower(), value) for name, value in named.items() if value is not None]
    return Answer(status, (*pairs, *more), body)


def test_an_answer_with_all_headers_once_has_no_fault():
    assert judge.faults(answer(more=[("set-cookie", COOKIE)])) == []
    assert judge.faults(answer(503), away=True) == []
    assert judge.faults(answer(Cache_Control="public, max-age=31536000, immutable"), kept=True) == []


@pytest.mark.parametrize("name", judge.EXACTLY)
def test_a_header_that_is_missing_or_comes_twice_is_found(name):
    without = answer(**{name.replace("-", "_"): None})
    twice = answer(more=[(name.lower(), GOOD[name])])
    assert [[rule for rule, _words in judge.faults(one)] for one in (without, twice)] == [[name.lower()]] * 2


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("csp", {"Content_Security_Policy": GOOD["Content-Security-Policy"] + "; style-src 'unsafe-inline'"}),
        ("csp", {"Content_Security_Policy": GOOD["Content-Security-Policy"].replace("frame-ancestors 'self'", "")}),
        ("csp", {"Content_Security_Policy": GOOD["Content-Security-Policy"] + "; script-src 'self' https:"}),
        ("cache-control", {"Cache_Control": "no-cache"}),
        ("server", {"Server": "nginx/1.22.1"}),
        ("never", {"X_Powered_By": "Python"}),
        ("never", {"Access_Control_Allow_Origin": "*"}),
        ("server-fault", {"status": 500}),
        ("tells", {"body": b"Traceback (most recent call last)"}),
        ("tells", {"Location": "https://evil.example/"}),
        ("twice", {"more": [("cache-control", "no-store")]}),
        ("cookie", {"more": [("set-cookie", COOKIE.replace("; Secure", ""))]}),
        ("cookie", {"more": [("set-cookie", COOKIE.replace("; HttpOnly", ""))]}),
        ("cookie", {"more": [("set-cookie", COOKIE.replace("Lax", "None"))]}),
        ("cookie", {"more": [("set-cookie", COOKIE.replace("__Host-", ""))]}),
        ("cookie", {"more": [("set-cookie", COOKIE + "; Domain=example.org")]}),
    ],
)
def test_each_fault_is_found_by_its_rule(rule, wrong):
    assert rule in {found for found, _words in judge.faults(answer(**wrong))}


def test_a_line_that_was_closed_is_no_answer():
    assert judge.faults(CLOSED) == [("no-answer", "the line was closed")]


def test_a_path_without_a_row_of_the_demo_gets_a_value_that_nothing_has():
    paths = [address(route.rule, {"election_id": 7}) for route in routes.all_routes()]
    assert not [path for path in paths if "<" in path]
    assert "/admin/elections/7" in paths


def test_the_site_gives_its_own_answers_every_header_that_the_application_sets():
    site = SITE[SITE.rindex("listen ${SV_HTTPS_LISTEN}") :]
    set_once = re.findall(r"add_header (\S+) \$sv_\w+ always;", site)
    assert sorted(set_once) == sorted([*judge.EXACTLY, "Content-Security-Policy", "Cache-Control", "Retry-After"])


def test_the_site_passes_on_the_port_that_the_browser_typed_and_nothing_else_that_it_claims():
    assert SITE.count("proxy_set_header Host $host$sv_port;") == 1
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in SITE
    assert "proxy_add_x_forwarded_for" not in SITE


def test_plain_http_sends_no_program_on_to_https():
    plain = SITE[: SITE.rindex("listen ${SV_HTTPS_LISTEN} ssl http2;")]
    assert "location ^~ /api/ { return 403; }" in plain


def test_every_live_page_is_passed_on_without_a_buffer(app):
    streamed = re.search(r"location ~ (\^/\(results/live\S+) \{\n\s+proxy_buffering off;", SITE)[1]
    found = {
        address(rule, {"election_id": 7})
        for rule in app.url_map.iter_rules()
        if rule.endpoint in ("results.live", "admin.results_live", "admin.live_desk")
    }
    assert len(found) == 3
    assert [path for path in found if not re.fullmatch(streamed, path)] == []


def test_the_time_for_slow_clients_is_what_the_check_waits_for():
    assert f"client_header_timeout {slow.HEADER_SECONDS}s;" in SITE
    assert f"client_body_timeout {slow.BODY_SECONDS}s;" in SITE


def test_no_value_of_the_site_is_longer_than_nginx_reads():
    names = set(re.findall(r"\$\{(SV_[A-Z_]+)\}", SITE))
    rendered = render(SITE, dict.fromkeys(names, "8000"))
    longest = max(re.findall(r"'[^'\n]*'|\"[^\"\n]*\"", rendered), key=len)
    assert len(longest.encode()) < 4000  # a buffer of 4096 bytes holds one value
