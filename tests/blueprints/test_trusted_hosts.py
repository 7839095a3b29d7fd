"""A request names the host it is for; with TRUSTED_HOSTS only the named ones are answered."""

import pytest
from flask import request

from blueprints import policy


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("vote.example.org", 200),
        ("vote.example.org:8000", 200),
        ("10.0.0.5", 200),
        ("evil.example", 400),
        ("vote.example.org.evil", 400),
    ],
)
def test_only_named_hosts_are_answered(host, status, make_committing_app):
    app = make_committing_app(TRUSTED_HOSTS="vote.example.org, 10.0.0.5")
    for path in ("/", "/poll/", "/static/css/app.css"):
        answer = app.test_client().get(path, headers={"Host": host}, follow_redirects=False)
        assert (answer.status_code == 400) is (status == 400), path
        if status == 400:
            assert answer.text == "This system does not answer at this address. Check the address."
            assert "Content-Security-Policy" in answer.headers


def test_without_the_setting_any_host_is_answered(client):
    assert client.get("/", headers={"Host": "booth.local:8000"}).status_code == 200


def test_behind_one_proxy_only_what_that_proxy_wrote_counts(make_committing_app):
    app = make_committing_app(TRUSTED_PROXIES="1")
    app.view_functions["landing.index"] = policy.public(lambda: {"ip": request.remote_addr, "host": request.host})
    claimed = {"X-Forwarded-For": "10.0.0.1, 203.0.113.7", "X-Real-IP": "10.0.0.1", "Forwarded": "for=10.0.0.1"}
    hosts = {"X-Forwarded-Host": "evil.example, vote.example.org", "X-Forwarded-Server": "evil.example"}
    answer = app.test_client().get("/", headers={**claimed, **hosts})
    assert answer.json == {"ip": "203.0.113.7", "host": "vote.example.org"}
