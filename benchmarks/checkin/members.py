"""Meetings and members for the check-ins, made before the clock runs: accounts, sessions, keys, places to stand."""

from __future__ import annotations

import random
from collections.abc import Sequence

from flask import Flask, g, session
from flask_wtf.csrf import generate_csrf
from sqlalchemy import insert

from benchmarks.checkin.phone import Member
from benchmarks.day import films
from models import Consent, GroupMember, StaffRole, Voter, VoterStatus, db
from services import accounts, attendance
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.security import hash_password
from services.voter_accounts import sessions
from services.voters.numbers import check_digit_added
from tests import factories
from tests.support.meetings import HALL, Phone
from tests.support.voter_accounts import ANYBODY
from tests.support.web_process import session_cookie

FIRST_NUMBER = 3_048_000


def meetings(layers: tuple[str, ...], count: int) -> list[int]:
    """Make so many meetings of one group, which began a minute ago, and return their numbers."""
    officer = factories.StaffUserFactory(role=StaffRole.OFFICER)
    group = factories.GroupFactory(name="Everybody")
    actor = Actor("officer", officer.id, officer.username)
    entries = attendance.Entries(
        group.id, "Spring assembly", utc_now(), 120, layers, HALL, rolling=True, late_after_minutes=60
    )
    made = [attendance.sessions.create(entries, actor) for _ in range(count)]
    db.session.commit()
    return [one.id for one in made]


def members(
    app: Flask, meeting_id: int, count: int, cut: float, typed: float, with_faces: bool, seed: int
) -> list[Member]:
    """Make the members of a meeting's group; a share of `cut` has a line that is cut, of `typed` scans no screen."""
    group_id = db.session.get_one(attendance.sessions.AttendanceSession, meeting_id).group_id
    draw, made = random.Random(seed), []
    faces: Sequence[films.Film | None] = films.real_films(count) if with_faces else [None] * count
    numbers = [check_digit_added(str(FIRST_NUMBER + place)) for place in range(count)]
    secret = hash_password(factories.PASSWORD, cost=4)
    voters = [factories.VoterFactory.build(voter_id=number, name=f"Member {number}", status=VoterStatus.VERIFIED,
                                           password_hash=secret) for number in numbers]  # fmt: skip
    # One commit for all: one each would take minutes where the disk is slow.
    db.session.add_all(voters)
    db.session.flush()
    db.session.execute(insert(GroupMember), [{"group_id": group_id, "voter_id": voter.id} for voter in voters])
    for voter, film in zip(voters, faces, strict=True):
        if film is not None:
            platform().faces.templates.replace(voter.id, film.templates)
            db.session.add(Consent(voter_id=voter.id, text_version="benchmark"))
        cookie, token = _signed_in(app, voter)
        north, east = (draw.uniform(-50, 50) for _ in range(2))
        position = {"latitude": HALL.latitude + north / 111_195, "longitude": HALL.longitude + east / 67_000,
                    "accuracy": round(draw.uniform(5, 30), 1)}  # fmt: skip
        made.append(Member(voter.voter_id, cookie, token, Phone(), position, draw.random() < cut,
                           draw.random() < typed, film))  # fmt: skip
    db.session.commit()
    return made


def screen_cookie(app: Flask) -> str:
    """Return the cookie of a browser at the desk, for the big screen in the room."""
    admin = factories.StaffUserFactory(role=StaffRole.ADMIN)
    token = accounts.start_session(admin, Actor("admin", admin.id, admin.username, "127.0.0.1"))
    db.session.commit()
    return session_cookie(app, staff_session=token)


def _signed_in(app: Flask, voter: Voter) -> tuple[str, str]:
    """Return the cookie of the member's browser and the token that its forms carry."""
    token = sessions.start(voter, ANYBODY)
    with app.test_request_context():
        g.pop("csrf_token", None)
        csrf, raw = generate_csrf(), session["csrf_token"]
    return session_cookie(app, voter_session=token, csrf_token=raw), csrf
