"""An open secret election with any number of made-up voters, made by SQL in seconds, and what their browsers hold.

The id of a voter is its voter ID as a number and the end of the id of its ballot pass, so that the SQL of one voter's
cast becomes another's by one exchange of digits (see `sql_script`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, g, session
from flask_wtf.csrf import generate_csrf
from sqlalchemy import text

from models import Channel, Election, Kiosk, StaffRole, db, transaction, use_role
from services import accounts, kiosks, membership, voting_links
from services.actor import SYSTEM, Actor
from tests import factories
from tests.support.web_process import session_cookie

FIRST = 20_000_001
"""Eight digits, as a voter ID has; above what the factories count."""
DEPARTMENTS = 40

_VOTERS = """
INSERT INTO voters (id, voter_id, name, email, dob)
SELECT n, n::text, 'Voter ' || to_char(n, 'FM99999999') || ' ' || chr(65 + n % 26) || 'mith',
       'voter' || n || '@mail.example', date '1950-01-01' + n % 18000
FROM generate_series(CAST(:first AS int), :last) AS n
"""
_ROLL = "INSERT INTO roll_entries (election_id, voter_id) SELECT :id, n FROM generate_series(:first, :last) AS n"
_EVENTS = """
INSERT INTO auth_events (election_id, kiosk_id, voter_id, voter_id_input, result, reason)
SELECT :id, (:kiosks)[1 + n % cardinality(:kiosks)], n, n::text, 'success', 'identified'
FROM generate_series(:first, :last) AS n
"""
_PASSES = """
INSERT INTO ballot_passes (id, kiosk_id, election_id, voter_id, auth_event_id, expires_at)
SELECT CAST('00000000-0000-0000-0000-0000' || voter_id AS uuid), kiosk_id, election_id, voter_id, id,
       now() + interval '8 hours'
FROM auth_events WHERE election_id = :id AND voter_id BETWEEN :first AND :last
"""
_LINKS = """
INSERT INTO voting_tokens (election_id, voter_id, token_hash, made_at, expires_at)
SELECT :id, n, sha256(convert_to(lpad(n::text, 43, 'x'), 'UTF8')), now(), now() + interval '8 hours'
FROM generate_series(CAST(:first AS int), :last) AS n
"""


@dataclass(frozen=True)
class Browser:
    """What a browser sends along: its cookies and the token of its forms."""

    cookie: str
    token: str = ""


@dataclass
class Hall:
    """The election, its kiosks and which voters have not voted yet; numbers are handed out in order."""

    id: int
    public_id: uuid.UUID
    candidates: list[int]
    first: int
    last: int
    booths: list[Browser] = field(default_factory=list)
    _next: int = 0

    def booth_of(self, number: int) -> Browser:
        """Return the booth at which this voter was identified."""
        return self.booths[number % len(self.booths)]

    def take(self, count: int) -> range:
        """Return the numbers of so many voters who were not taken before. Raises ValueError when too few are left."""
        begin = self.first + self._next
        if begin + count - 1 > self.last:
            raise ValueError(f"The hall has {self.last - self.first + 1} voters only.")
        self._next += count
        return range(begin, begin + count)


def open_hall(app: Flask, voters: int, booths: int = 0, links: bool = False, first: int = FIRST, **values: Any) -> Hall:
    """Make it; every voter holds a ballot pass at one of the booths (`booths` > 0) and a voting link (`links`).

    `values` are fields of the election.
    """
    channels = [Channel.BOOTH, Channel.LINK, Channel.ACCOUNT]
    election = factories.make_open_election(candidates=5, voters=1, channels=channels, **values)
    chosen = [candidate.id for candidate in election.candidates]
    hall = Hall(election.id, election.public_id, chosen, first, first + voters - 1)
    opened = [_open_booth(app, election) for _ in range(booths)]
    hall.booths = [browser for _kiosk, browser in opened]
    numbers = {"id": hall.id, "first": hall.first, "last": hall.last, "kiosks": [kiosk.id for kiosk, _ in opened]}
    statements = [_VOTERS, _ROLL, *([_EVENTS, _PASSES] if booths else []), *([_LINKS] if links else [])]
    with use_role("owner"), transaction():
        for statement in statements:
            db.session.execute(text(statement), numbers)
    settle()
    return hall


def link_token(number: int) -> str:
    """Return the token in the mail of this voter."""
    return str(number).rjust(43, "x")


def link_browser(app: Flask, number: int, session: Browser) -> Browser:
    """Return the browser of a voter who has opened the mailed link; `session` is one of `with_form_token`."""
    ticket = voting_links.issue_ticket(app.config["SECRET_KEY"], link_token(number))
    return Browser(f"{session.cookie}; voting_link={ticket}", session.token)


def staff_browser(app: Flask, election_id: int) -> Browser:
    """Return the browser of an admin of the election who has signed in."""
    user = factories.StaffUserFactory(role=StaffRole.ADMIN)
    membership.join(election_id, user.id)
    token = accounts.start_session(user, Actor("admin", user.id, user.username, "127.0.0.1"))
    db.session.commit()
    return with_form_token(app, staff_session=token)


def with_form_token(app: Flask, **kept: str) -> Browser:
    """Return a browser whose session keeps these values, and the CSRF token of its forms."""
    with app.test_request_context():
        g.pop("csrf_token", None)
        token, raw = generate_csrf(), session["csrf_token"]
    return Browser(session_cookie(app, csrf_token=raw, **kept), token)


def _open_booth(app: Flask, election: Election) -> tuple[Kiosk, Browser]:
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER)
    kiosk, token = kiosks.open_kiosk(election, officer, SYSTEM)
    db.session.commit()
    return kiosk, with_form_token(app, kiosk=token)


def settle() -> None:
    """Let the planner know the tables, and the disk have them, before anything is timed."""
    with use_role("owner"), db.engines["owner"].connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        autocommit.execute(text("VACUUM ANALYZE"))
        autocommit.execute(text("CHECKPOINT"))
