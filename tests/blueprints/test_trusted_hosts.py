"""A request names the host it is for; with TRUSTED_HOSTS only the named ones are answered."""

import pytest


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
