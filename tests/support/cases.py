"""Many cases in one test: the rows and logins are made once, and each case begins with them anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from models import StaffRole, db
from services import accounts, kiosks
from services.actor import SYSTEM, Actor
from tests import factories
from tests.support import database, route_tables, routes, voter_accounts


class World:
    """An open election, one row of each kind, and one login of each principal."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.rows = routes.existing_rows()
        tokens = {role.value: {"staff_session": staff_token(role)[1]} for role in StaffRole}
        tokens |= {"anonymous": {}, "kiosk": {"kiosk": kiosk_token(factories.make_open_election())[1]}}
        tokens["voter"] = {"voter_session": voter_accounts.token_of(voter_accounts.with_account())}
        tokens["admin at a kiosk"] = tokens["admin"] | tokens["kiosk"]
        self._cookies = {name: _session_cookie(app, content) for name, content in tokens.items()}
        self._writes = routes.Writes()
        self._counts, self._stored = routes.row_counts(), self._writes.rows()
        self._savepoint: Any = None
        self._known = 0

    def client(self, principal: str) -> FlaskClient:
        """Return a new browser that is signed in as this principal."""
        client = self.app.test_client()
        if cookie := self._cookies[principal]:
            client.set_cookie(self.app.config["SESSION_COOKIE_NAME"], cookie)
        return client

    def caller(self, route: routes.Route) -> FlaskClient:
        """Return a browser that the route lets in, so that what is sent reaches it."""
        if route.endpoint == "auth.login":
            return self.client("anonymous")
        allowed = route_tables.allowed(route.endpoint, route.method)
        return self.client(next(name for name in ("admin", "kiosk", "officer", "observer", "voter") if name in allowed))

    def send(self, route: routes.Route, **request: Any) -> Any:
        """Call a route with rows that exist, as somebody whom it lets in."""
        request = {"method": route.method, **request}
        return self.caller(route).open(route.address(self.rows), **request)

    def assert_nothing_stored(self, *ignored: str) -> None:
        """Fail when a table has other rows than in the beginning; `ignored` names tables that may."""
        stored, before = self._writes.rows(), self._stored
        self._stored = stored
        if stored != before:
            meant: dict[str, Any] = dict.fromkeys(ignored)
            assert routes.row_counts() | meant == self._counts | meant

    @contextmanager
    def case(self) -> Iterator[None]:
        """Begin with the rows of the beginning; a case that stored nothing leaves its savepoint to the next one."""
        with self.app.app_context():
            if self._savepoint is None:
                self._savepoint, self._known = db.session.bind.begin_nested(), self._writes.everything()
                db.session.remove()
            spotless = False
            try:
                yield
                db.session.remove()
                spotless = self._writes.everything() == self._known
                if not spotless:
                    check_constraints()
            finally:
                db.session.remove()
                if not spotless:
                    self.end_cases()

    def end_cases(self) -> None:
        """Take back what the last case stored."""
        if self._savepoint is not None:
            self._savepoint.rollback()
            self._savepoint = None


@contextmanager
def made_once(app: Flask) -> Iterator[World]:
    """Give the world of a whole file, which is rolled back in the end."""
    with app.app_context(), database.savepoint_session(app):
        yield World(app)


@contextmanager
def rolled_back(app: Flask) -> Iterator[None]:
    """Forget what the block stores; its deferred constraints are checked first, as a commit would."""
    connection = db.session.bind
    with app.app_context():
        savepoint = connection.begin_nested()
        try:
            yield
            db.session.remove()
            check_constraints()
        finally:
            db.session.remove()
            savepoint.rollback()


def check_constraints() -> None:
    """Check what is deferred to a commit that will not come."""
    db.session.bind.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def staff_token(role: StaffRole, **values: Any) -> tuple[Any, str]:
    """Make a member of staff; return the row and the token of a session that has begun."""
    user = factories.StaffUserFactory(role=role, **values)
    token = accounts.start_session(user, Actor(role.value, user.id, user.username, "127.0.0.1"))
    db.session.commit()
    return user, token


def kiosk_token(election: Any) -> tuple[Any, str]:
    """Open a booth of an election; return its row and its token."""
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER)
    kiosk, token = kiosks.open_kiosk(election, officer, SYSTEM)
    db.session.commit()
    return kiosk, token


def _session_cookie(app: Flask, content: dict[str, str]) -> str:
    client = app.test_client()
    with client.session_transaction() as session:
        session.update(content)
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    return cookie.value if cookie else ""
