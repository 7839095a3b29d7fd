"""From the desk's press over a real mail to the receipt on a phone, with JavaScript and without."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from models import Channel, Vote, Voter, db
from services.context import platform
from services.jobs import run_worker
from tests import factories
from tests.browser.test_booth_day import sign_in
from tests.factories import make_open_election
from tests.support.smtp import SmtpServer

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
PHONE = {"width": 360, "height": 780}
RECEIPT = re.compile(r"^\s*([A-Z2-7]{4} ){6}[A-Z2-7]{2}\s*$")


def test_from_the_press_over_the_mail_to_the_receipt(
    live_app: Flask, open_page: Callable[..., Page], smtp: SmtpServer
) -> None:
    election = make_open_election(voters=2, channels=[Channel.LINK], title="Choir: conductor")
    first, second = (voter.email for voter in db.session.scalars(select(Voter).order_by(Voter.id)))
    name = election.candidates[0].name
    factories.StaffUserFactory(username="admin")

    desk = open_page("/", viewport={"width": 1280, "height": 800})
    sign_in(desk, "Election Commission", "admin")
    desk.wait_for_url("**/admin/")
    desk.goto(f"/admin/elections/{election.id}/links")
    desk.get_by_role("button", name="Send 2 voting links").click()
    expect(desk.get_by_text("2 voters get a link.")).to_be_visible()
    run_worker(live_app, once=True)
    run_worker(live_app, once=True)  # the links are made beside the mails, and sent by the next round
    expect(desk.get_by_text("Mail sent").first).to_be_visible()

    link = link_in_the_mail_to(smtp, first)
    phone = open_page(link, viewport=PHONE)
    assert "token" not in phone.url
    phone.locator("[data-bound*=link-ballot]").wait_for()
    vote_with_the_keyboard(phone, name)
    code = phone.get_by_text(RECEIPT).first
    expect(code).to_be_visible()
    phone.go_back()
    assert "token" not in phone.url

    plain = open_page(link_in_the_mail_to(smtp, second), viewport=PHONE, java_script_enabled=False)
    plain.get_by_role("radio", name=re.compile(name)).check()
    plain.get_by_role("button", name="Check my choice").click()
    expect(plain.get_by_role("listitem").filter(has_text=name)).to_be_visible()
    plain.get_by_role("button", name="Cast my vote").click()
    expect(plain.get_by_text(RECEIPT).first).to_be_visible()
    plain.goto("/vote")
    expect(plain.get_by_role("heading", name="You already voted")).to_be_visible()

    db.session.rollback()
    votes = db.session.scalars(select(Vote)).all()
    assert [vote.channel for vote in votes] == [Channel.LINK] * 2
    logs = b"".join(file.read_bytes() for file in platform().settings.log_folder.rglob("*") if file.is_file())
    assert b"GET /vote 303" in logs
    assert link.partition("token=")[2].encode() not in logs
    run_worker(live_app, once=True)
    assert len(smtp.to(first)) == len(smtp.to(second)) == 2


def link_in_the_mail_to(smtp: SmtpServer, address: str) -> str:
    """Return the path of the link in the mail, as its text and its button have it."""
    (mail,) = smtp.to(address)
    links = set(re.findall(r"https?://[^/\s\"]+(/vote\?token=[\w-]+)", mail.part("plain") + mail.part("html")))
    assert len(links) == 1
    return links.pop()


def vote_with_the_keyboard(page: Page, name: str) -> None:
    page.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    while not page.get_by_role("radio", name=re.compile(name)).is_checked():
        page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Check my choice").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Is this your choice?")).to_be_focused()
    expect(page.get_by_role("listitem").filter(has_text=name)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your vote is cast")).to_be_focused()
