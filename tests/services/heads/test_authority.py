"""The one address that the server calls by itself: what stands behind it leads nowhere else and floods nothing."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from config import Settings
from models import StampFailure
from services.heads import authority


class Stranger(BaseHTTPRequestHandler):
    """Sends whoever asks on to another address, or far more than was asked for."""

    asked: list[str]

    def do_POST(self) -> None:
        self.asked.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path == "/":
            self.send_response(302)
            self.send_header("Location", "/inside")
            self.end_headers()
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * (authority.LARGEST_ANSWER + authority.AT_A_TIME))

    do_GET = do_POST  # noqa: N815  http.server calls it so

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def stranger():
    Stranger.asked = []
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_authority_that_sends_the_server_elsewhere_is_not_followed(stranger):
    with pytest.raises(authority.AuthorityError) as refused:
        authority.ask(f"{stranger}/", b"question")
    assert (refused.value.failure, Stranger.asked) == (StampFailure.REFUSED, ["/"])


def test_an_answer_without_end_is_cut_off(stranger):
    with pytest.raises(authority.AuthorityError) as refused:
        authority.ask(f"{stranger}/endless", b"question")
    assert refused.value.failure is StampFailure.UNREADABLE


@pytest.mark.parametrize("name", ["TIMESTAMP_URL", "S3_ENDPOINT", "S3_PUBLIC_ENDPOINT", "REDIS_URL", "DB_URL"])
@pytest.mark.parametrize("address", ["file:///etc/passwd", "gopher://127.0.0.1:25/", "javascript:alert(1)", "//evil"])
def test_no_setting_takes_an_address_of_another_kind(name, address):
    problems = Settings.from_environment({"APP_ENV": "testing", name: address}).problems()
    assert any(problem.startswith(f"{name}:") for problem in problems), problems
