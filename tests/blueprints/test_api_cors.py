"""Other sites' pages and the API: refused by the browser, unless the installation names their origin."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.context import platform

APP, STRANGER = "https://app.example.org", "https://stranger.example.org"
ADDRESS = "/api/v1/elections"


def preflight(client, origin):
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return client.options(ADDRESS, headers=asked).headers


def allowing(headers):
    return sorted(name for name in headers.keys() if name.startswith("Access-Control"))  # noqa: SIM118 pairs else


@pytest.fixture
def named(app, monkeypatch):
    here = platform()
    settings = replace(here.settings, cors_origins=(APP,))
    monkeypatch.setitem(app.extensions, "platform", replace(here, settings=settings))


def test_no_origin_is_allowed_unless_one_is_named(client):
    assert allowing(preflight(client, APP)) == allowing(client.get(ADDRESS, headers={"Origin": APP}).headers) == []


@pytest.mark.usefixtures("named")
def test_a_named_origin_may_preflight_and_read_and_never_with_cookies(client):
    told = preflight(client, APP)
    assert told["Access-Control-Allow-Origin"] == APP
    assert "POST" in told["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in told["Access-Control-Allow-Headers"]
    read = client.get(ADDRESS, headers={"Origin": APP})
    assert (read.status_code, read.headers["Access-Control-Allow-Origin"]) == (401, APP)
    assert "Access-Control-Allow-Credentials" not in told
    assert "Access-Control-Allow-Credentials" not in read.headers


@pytest.mark.usefixtures("named")
def test_another_origin_is_told_nothing_and_no_cache_mixes_the_two(client):
    for headers in (preflight(client, STRANGER), client.get(ADDRESS, headers={"Origin": STRANGER}).headers):
        assert allowing(headers) == []
        assert "Origin" in headers["Vary"]
