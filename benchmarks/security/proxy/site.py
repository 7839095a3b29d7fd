"""A served installation with production settings, the demo in it, behind nginx with TLS: all on 127.0.0.1."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from app import create_app
from benchmarks.day.installation import Installation, installed
from benchmarks.security.proxy.client import Browser
from blueprints.cli import serve
from deploy.cluster.layout import HOST, SITE
from deploy.cluster.nginx import before
from deploy.cluster.processes import Process
from models import Election, Party, StaffRole, Voter, db, transaction
from services import accounts, membership, seed
from services.actor import SYSTEM, Actor
from services.security import Keyring
from services.tls_certificate import ensure_certificate
from services.voter_accounts import sessions

ADMIN, PASSWORD = "attacked.admin", "a password for one attack"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
ADDRESS = "commission@vote.test"


@dataclass
class Site:
    """nginx and what is behind it; `rows` has a value for every variable of a route that the demo has one for."""

    installation: Installation
    nginx: Process
    app: Flask
    http: int
    https: int
    certificate: Path
    rows: dict[str, Any]
    voter_cookie: str

    def browser(self) -> Browser:
        """Return a browser of somebody who has just come."""
        return Browser(self.https, self.certificate)

    def admin(self) -> Browser:
        """Sign an admin in by the form of the page; raises ValueError when the form is refused."""
        browser = self.browser()
        _sign_in(browser, "commission")
        return browser

    def booth(self) -> Browser:
        """Return a browser that is a booth of the recorded election."""
        browser = self.browser()
        _sign_in(browser, "polling", election_id=str(self.rows["election_id"]))
        return browser

    def voter(self) -> Browser:
        """Return the browser of a voter who is signed in; the session is planted, for the code went by mail."""
        browser = self.browser()
        browser.cookies[self.app.config["SESSION_COOKIE_NAME"]] = self.voter_cookie
        return browser

    def wait_less(self, seconds: int) -> None:
        """Let nginx give a silent node up after so many seconds, to see what it says then."""
        site = self.nginx.folder / "site.conf"
        site.write_text(re.sub(r"proxy_read_timeout \d+s;", f"proxy_read_timeout {seconds}s;", site.read_text()))
        self.nginx.kill(signal.SIGTERM)
        self.nginx.start()


@contextlib.contextmanager
def production_site() -> Iterator[Site]:
    """Serve the demo with production settings; bounds of requests are a thousand times as wide. Gone in the end."""
    http, https = _free_ports(2)
    changes = {
        "APP_ENV": "production", "PUBLIC_URL": f"https://{SITE}:{https}", "TRUSTED_HOSTS": f"{SITE},{HOST}",
        "TRUSTED_PROXIES": "1", "MAIL_TRANSPORT": "smtp", "MAIL_SERVER": HOST, "MAIL_PORT": "9",
        "EMAIL_USER": ADDRESS, "EMAIL_APP_PASSWORD": "of no mail server", "EMAIL_FROM": ADDRESS,
        "ALERT_RECIPIENT": ADDRESS, "METRICS_TOKEN": "a token that nobody sends anywhere",
    }  # fmt: skip
    with installed("through-nginx", "dlib", **changes) as installation:
        folder = installation.folder
        Keyring.ensure(installation.settings.key_folder)  # production makes none by itself
        serve.migrate(installation.settings)
        installation.set_floor(1)
        app = create_app(settings=installation.settings.resolve_database())
        rows, cookie = _demo(installation, app)
        (folder / "nginx").mkdir()
        nginx = before(folder / "nginx", folder / "tls", [installation.port], http, https)
        installation.start_web()
        nginx.start()
        try:
            certificate = ensure_certificate(folder / "tls", HOST)[0]
            yield Site(installation, nginx, app, http, https, certificate, rows, cookie)
        finally:
            nginx.kill(signal.SIGTERM)


def _demo(installation: Installation, app: Flask) -> tuple[dict[str, Any], str]:
    # Production has no demo: an application of the same installation that calls itself a trial makes it.
    trial = create_app(settings=replace(installation.settings.resolve_database(), app_env="development"))
    with trial.app_context():
        with transaction():
            seed.seed()
        with transaction():
            user = accounts.create_staff(ADMIN, PASSWORD, StaffRole.ADMIN, SYSTEM)
            membership.join_all_elections(user.id)
            staff_id = user.id
    with app.app_context(), transaction():
        voter = db.session.scalars(select(Voter).order_by(Voter.id)).first()
        election = db.session.scalars(select(Election).where(Election.title == seed.ROLL_CALL)).one()
        party = db.session.scalars(select(Party)).first()
        assert voter is not None
        assert party is not None
        token = sessions.start(voter, Actor("anonymous", ip=HOST))
        signer: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        rows = {
            "election_id": election.id, "public_id": election.public_id, "voter_id": voter.id, "party_id": party.id,
            "candidate_id": election.candidates[0].id, "path": (party.symbol_path or "").removeprefix("public/"),
            "staff_id": staff_id, "filename": "css/app.css",
        }  # fmt: skip
        return rows, str(signer.dumps({"voter_session": token}))


def _sign_in(browser: Browser, room: str, **more: str) -> None:
    page = browser.ask("GET", f"/?room={room}").text
    found = TOKEN.search(page)
    if found is None:
        raise ValueError("the door has no form")
    fields = {"room": room, "username": ADMIN, "password": PASSWORD, "csrf_token": found[1], **more}
    answer = browser.send_form("/login", **fields)
    if answer.status not in (302, 303):
        raise ValueError(f"the form of the door was refused: {answer.status} {answer.text[:300]}")


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind((HOST, 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
