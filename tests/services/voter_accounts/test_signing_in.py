"""Signing in: password and code, waiting after failures, sessions that end, passwords set anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from models import CodeUse, EmailMessage, VoterStatus, db
from services import voter_accounts
from services.clock import utc_now
from services.errors import Conflict, TooMany, ValidationFailed
from services.security import passwords
from services.voter_accounts import CodeState, enter, enter_code, find, set_password
from tests import factories
from tests.support.voter_accounts import (
    ADDRESS,
    ANYBODY,
    last_code,
    mails_to,
    text_of,
    token_of,
    waiting,
    with_account,
)

pytestmark = pytest.mark.usefixtures("app")
NEW = "quite another sentence"


def sign_in(voter, trust=False, device="", password=factories.PASSWORD):
    entry = enter(voter.email, password, device, ANYBODY, ADDRESS)
    return enter_code(entry.ticket, last_code(voter.email), trust, ANYBODY) if entry.ticket else entry


def test_password_and_code_begin_a_session_of_two_hours():
    voter = with_account()
    token = sign_in(voter).token
    db.session.commit()
    assert find(token).voter is voter
    with time_machine.travel(utc_now() + timedelta(hours=2, minutes=1)):
        assert find(token) is None


def test_the_password_alone_begins_nothing():
    entry = enter(with_account().email, factories.PASSWORD, "", ANYBODY, ADDRESS)
    assert (entry.token, bool(entry.ticket)) == ("", True)


def test_a_wrong_code_of_somebody_else_or_for_another_use_opens_nothing():
    voter, other = with_account(), with_account()
    ticket = enter(voter.email, factories.PASSWORD, "", ANYBODY, ADDRESS).ticket
    enter(other.email, factories.PASSWORD, "", ANYBODY, ADDRESS)
    assert enter_code(ticket, last_code(other.email), False, ANYBODY).token == ""
    assert voter_accounts.confirm(ticket, last_code(voter.email), ANYBODY).state is CodeState.OVER
    assert not voter_accounts.resend(CodeUse.REGISTER, ticket, ADDRESS)


def test_five_wrong_passwords_make_this_address_wait_and_no_other():
    voter = with_account()
    for _ in range(5):
        assert enter(voter.email.upper(), "wrong", "", ANYBODY, ADDRESS).message == (
            "That e-mail address and password do not match."
        )
    assert enter(voter.email, factories.PASSWORD, "", ANYBODY, ADDRESS).retry_after
    elsewhere = voter_accounts.as_voter(voter, ANYBODY)
    from dataclasses import replace

    assert enter(voter.email, factories.PASSWORD, "", replace(elsewhere, ip="192.0.2.99"), ADDRESS).ticket


def test_an_unknown_address_costs_one_check_of_a_password_as_a_known_one_does(monkeypatch):
    checked = []
    original = passwords.bcrypt.checkpw
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda *given: checked.append(1) or original(*given))
    answers = set()
    for email in (with_account().email, factories.VoterFactory().email, "nobody@example.org", waiting().email):
        checked.clear()
        answers.add(enter(email, "wrong", "", ANYBODY, ADDRESS).message)
        assert len(checked) == 1, email
    assert len(answers) == 1


def test_who_waits_for_the_commission_is_told_so_after_the_right_password():
    entry = enter(waiting().email, factories.PASSWORD, "", ANYBODY, ADDRESS)
    assert (entry.known, entry.ticket) == (True, "")
    assert "waits for the Election Commission" in entry.message


def test_a_suspended_voter_is_out_at_once_and_comes_in_no_more():
    voter = with_account()
    token = token_of(voter)
    voter.status = VoterStatus.SUSPENDED
    db.session.commit()
    assert find(token) is None
    assert "suspended" in enter(voter.email, factories.PASSWORD, "", ANYBODY, ADDRESS).message


def test_a_trusted_browser_is_asked_for_no_code_until_it_is_forgotten():
    voter, other = with_account(), with_account()
    device = sign_in(voter, trust=True).device
    assert sign_in(voter, device=device).token
    assert enter(other.email, factories.PASSWORD, device, ANYBODY, ADDRESS).ticket
    with time_machine.travel(utc_now() + timedelta(days=31)):
        assert enter(voter.email, factories.PASSWORD, device, ANYBODY, ADDRESS).ticket
    voter_accounts.revoke(voter.id, voter_accounts.trusted(voter.id)[0].id, ANYBODY)
    assert enter(voter.email, factories.PASSWORD, device, ANYBODY, ADDRESS).ticket


def test_codes_of_one_address_are_limited():
    voter = with_account()
    for _ in range(5):
        enter(voter.email, factories.PASSWORD, "", ANYBODY, ADDRESS)
    with pytest.raises(TooMany):
        enter(voter.email, factories.PASSWORD, "", ANYBODY, ADDRESS)


def test_an_invited_voter_sets_a_first_password_and_signs_in_with_it():
    voter = factories.VoterFactory()
    with pytest.raises(ValidationFailed):
        set_password(voter, "short", ANYBODY)
    set_password(voter, NEW, ANYBODY)
    assert sign_in(voter, password=NEW).token
    with pytest.raises(Conflict):
        set_password(factories.VoterFactory(email=None), NEW, ANYBODY)


def reset_token(voter):
    voter_accounts.ask_for_link(voter.email, ANYBODY, "http://localhost/voter/password/new")
    return text_of(mails_to(voter.email)[-1]).split("?token=")[1].split()[0]


def test_a_link_sets_a_new_password_once_and_ends_sessions_and_trusted_browsers():
    voter = with_account()
    signed = sign_in(voter, trust=True)
    older, token = reset_token(voter), reset_token(voter)
    assert not voter_accounts.is_good(older)
    assert voter_accounts.reset(token, NEW, ANYBODY)
    db.session.commit()
    assert not voter_accounts.reset(token, "a third sentence", ANYBODY)
    assert find(signed.token) is None
    assert enter(voter.email, NEW, signed.device, ANYBODY, ADDRESS).ticket
    assert enter(voter.email, factories.PASSWORD, "", ANYBODY, ADDRESS).message


def test_a_link_is_over_after_an_hour_and_is_not_spent_by_a_short_password():
    voter = with_account()
    token = reset_token(voter)
    with pytest.raises(ValidationFailed):
        voter_accounts.reset(token, "short", ANYBODY)
    assert voter_accounts.is_good(token)
    with time_machine.travel(utc_now() + timedelta(minutes=61)):
        assert not voter_accounts.is_good(token)


def test_an_address_without_an_account_gets_no_link_and_one_with_it_three_an_hour():
    for email in ("nobody@example.org", factories.VoterFactory().email, waiting().email):
        voter_accounts.ask_for_link(email, ANYBODY, ADDRESS)
    assert not list(db.session.scalars(select(EmailMessage.id).where(EmailMessage.kind == "password_reset")))
    voter = with_account()
    for _ in range(4):
        voter_accounts.ask_for_link(voter.email, ANYBODY, ADDRESS)
    assert len(mails_to(voter.email)) == 3


def test_a_changed_password_ends_the_other_sessions():
    voter = with_account()
    here, there = token_of(voter), token_of(voter)
    mine = voter_accounts.as_voter(voter, ANYBODY)
    assert voter_accounts.change(voter.id, "wrong", NEW, find(here).id, mine) == "This is not your password."
    assert voter_accounts.change(voter.id, factories.PASSWORD, NEW, find(here).id, mine) == ""
    db.session.commit()
    assert find(here)
    assert find(there) is None
