"""Invitations: a link works once, for seven days, and gives what was decided when it was made."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from models import ElectionStaff, EmailMessage, StaffLink, StaffRole, db
from services import staff
from services.actor import Actor
from services.clock import utc_now
from services.email_service.content import open_body
from services.errors import Conflict, ValidationFailed
from services.security import hash_token
from services.staff import Invitee, LinkState
from tests import factories

GUEST = Actor("anonymous")
PAGE = "https://vote.example.org/invitation"
PASSWORD = "a sentence of mine"


@pytest.fixture
def admin(app):
    user = factories.StaffUserFactory()
    return Actor("admin", user.id, user.username)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("services.staff.links.hash_password", lambda password: f"hash of {password}")


def invitee(*elections, **changes):
    values = {"name": "Rosa Demir", "email": "rosa@example.org", "role": "observer"} | changes
    return Invitee(**values, elections=frozenset(election.id for election in elections))


def newest_mail():
    mail = db.session.scalars(select(EmailMessage).order_by(EmailMessage.created_at.desc())).first()
    return mail, open_body(mail.body)


def token_of(body):
    return body.text.split(f"{PAGE}?token=")[1].split()[0]


def test_the_mail_holds_the_link_and_the_table_only_its_hash(admin):
    link = staff.invite(invitee(), admin, PAGE)
    mail, body = newest_mail()
    token = token_of(body)

    assert mail.recipient == "rosa@example.org"
    assert f"{PAGE}?token={token}" in body.html
    assert link.token_hash == hash_token(token)
    assert link.expires_at - utc_now() > timedelta(days=6, hours=23)


def test_accepting_makes_the_account_with_role_and_elections_of_the_invitation(admin):
    election, other = factories.ElectionFactory(), factories.ElectionFactory()
    staff.invite(invitee(election), admin, PAGE)
    state, user = staff.accept(token_of(newest_mail()[1]), "Rosa.Demir", PASSWORD, GUEST)

    listed = db.session.scalars(select(ElectionStaff.election_id).where(ElectionStaff.staff_user_id == user.id)).all()
    assert (state, user.username, user.role, user.name) == (
        LinkState.GOOD, "rosa.demir", StaffRole.OBSERVER, "Rosa Demir",
    )  # fmt: skip
    assert listed == [election.id]
    assert other.id not in listed


def test_a_link_works_once(admin):
    factories.StaffLinkFactory(token_hash=hash_token("once"), made_by=admin.id)
    staff.accept("once", "rosa.demir", PASSWORD, GUEST)
    assert staff.accept("once", "emil.nowak", PASSWORD, GUEST) == (LinkState.USED, None)


def test_a_link_is_over_after_seven_days(admin):
    factories.StaffLinkFactory(token_hash=hash_token("late"))
    with time_machine.travel(utc_now() + timedelta(days=7, minutes=1), tick=False):
        assert staff.accept("late", "rosa.demir", PASSWORD, GUEST) == (LinkState.EXPIRED, None)


@pytest.mark.parametrize("password", ["short", ""])
def test_a_refused_password_leaves_the_link_good(admin, password):
    factories.StaffLinkFactory(token_hash=hash_token("kept"))
    with pytest.raises(ValidationFailed):
        staff.accept("kept", "rosa.demir", password, GUEST)
    assert staff.look_up("kept")[0] is LinkState.GOOD


def test_sending_again_kills_the_link_before(admin):
    link = staff.invite(invitee(), admin, PAGE)
    first = token_of(newest_mail()[1])
    staff.resend(link.id, admin, PAGE)

    assert staff.look_up(first)[0] is LinkState.UNKNOWN
    assert {hash_token(first)} != {link.token_hash}


def test_an_invitation_taken_back_is_unknown(admin):
    link = factories.StaffLinkFactory(token_hash=hash_token("back"))
    staff.withdraw(link.id, admin)
    assert staff.look_up("back")[0] is LinkState.UNKNOWN
    with pytest.raises(Conflict):
        staff.resend(link.id, admin, PAGE)


def test_nobody_is_invited_into_an_election_of_others(admin):
    foreign = factories.ElectionFactory(staff=[])
    with pytest.raises(ValidationFailed) as refused:
        staff.invite(invitee(foreign), admin, PAGE)
    assert "elections" in refused.value.fields


def test_the_invitations_of_a_deactivated_admin_are_taken_back(admin):
    link = staff.invite(invitee(), admin, PAGE)
    other = factories.StaffUserFactory()
    staff.deactivate(admin.id, Actor("admin", other.id, other.username))
    db.session.refresh(link)
    assert link.withdrawn_at is not None


@pytest.mark.parametrize(
    ("field", "value"), [("email", "nobody"), ("email", ""), ("name", " "), ("role", "owner"), ("role", "")]
)
def test_wrong_entries_of_an_invitation_are_named(admin, field, value):
    with pytest.raises(ValidationFailed) as refused:
        staff.invite(invitee(**{field: value}), admin, PAGE)
    assert list(refused.value.fields) == [field]
    assert db.session.scalar(select(StaffLink.id)) is None


def test_a_password_link_sets_the_password_and_ends_the_one_before(admin):
    user = factories.StaffUserFactory(username="lost")
    first = staff.password_link("lost", GUEST, PAGE).partition("=")[2]
    second = staff.password_link("lost", GUEST, PAGE).partition("=")[2]
    state, changed = staff.accept(second, "", PASSWORD, GUEST)

    assert staff.look_up(first)[0] is LinkState.UNKNOWN
    assert (state, changed, user.password_hash) == (LinkState.GOOD, user, f"hash of {PASSWORD}")
