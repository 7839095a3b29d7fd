"""The states of the pages of staff and of the own account; they register themselves."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pyotp
from playwright.sync_api import Page, expect
from sqlalchemy import select

from models import StaffRole, StaffSession, db
from services import accounts, heads, second_step
from services.actor import SYSTEM, Actor
from services.security import hash_token
from tests import factories
from tests.support.demo import Demo
from tests.support.desk_states import press, public, state
from tests.support.live_site import Site
from tests.support.web_process import session_cookie

NUMBERS = itertools.count(1)
"""A state is opened more than once, and an address is on the list once."""


def _with_second_step(site: Site) -> str:
    """Return the cookie of somebody who has a second step."""
    user = factories.StaffUserFactory(name="Judith Adeyemi")
    actor = Actor("admin", user.id, user.username, "127.0.0.1", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
    offered = second_step.offer(user.id)
    second_step.confirm(user.id, offered.sealed, factories.PASSWORD, pyotp.TOTP(offered.secret).now(), actor)
    token = accounts.start_session(user, actor)
    accounts.start_session(user, actor)
    db.session.commit()
    return session_cookie(site.app, staff_session=token)


@state
def staff(site: Site, demo: Demo) -> Page:
    factories.StaffUserFactory(role=StaffRole.OFFICER, name="Emil Nowak", is_active=False)
    factories.StaffLinkFactory(name="Rosa Demir")
    return site.staff_page("/admin/staff", election=demo.secret)


@state
def staff_person(site: Site, demo: Demo) -> Page:
    user = factories.StaffUserFactory(role=StaffRole.OFFICER, name="Ida Sørensen")
    accounts.start_session(user, Actor("officer", user.id, user.username, "203.0.113.9", "Mozilla/5.0 (Macintosh)"))
    db.session.commit()
    page = site.staff_page(f"/admin/staff/{user.id}", election=demo.secret)
    press(page, "Deactivate…")
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


@state
def staff_invitation_with_errors(site: Site, demo: Demo) -> Page:
    page = site.staff_page("/admin/staff/invite", election=demo.secret)
    page.get_by_label("E-mail").fill("nobody")
    press(page, "Send the invitation")
    expect(page.get_by_role("alert")).to_contain_text("Change this first")
    return page


@state
def staff_of_an_election(site: Site, demo: Demo) -> Page:
    factories.StaffUserFactory(role=StaffRole.OBSERVER, name="Lena Weiss", on_lists=False)
    return site.staff_page(f"/admin/elections/{demo.secret.id}/staff", election=demo.secret)


@state
def heads_by_mail_with_errors(site: Site, demo: Demo) -> Page:
    address = f"rosa{next(NUMBERS)}@example.org"
    heads.subscribe(demo.secret, "Rosa Demir", address, SYSTEM, "https://vote.example.org/")
    db.session.commit()
    page = site.staff_page(f"/admin/elections/{demo.secret.id}/head-mails", election=demo.secret)
    page.get_by_label("E-mail").fill("nobody")
    press(page, "Send the confirmation mail")
    expect(page.get_by_role("alert")).to_contain_text("Change this first")
    return page


@state
def permissions(site: Site, demo: Demo) -> Page:
    return site.staff_page("/admin/permissions", StaffRole.OBSERVER, election=demo.secret)


@state
def account(site: Site, demo: Demo) -> Page:
    return site.page("/account/", _with_second_step(site))


@state
def second_step_setup(site: Site, demo: Demo) -> Page:
    page = site.staff_page("/account/second-step", election=demo.secret)
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_label("Your password").fill(factories.PASSWORD)
    press(page, "Turn the second step on")
    expect(page.get_by_text("This is not the code").first).to_be_visible()
    return page


@state
def recovery_codes(site: Site, demo: Demo) -> Page:
    page = site.staff_page("/account/second-step", election=demo.secret)
    key = page.locator(".qr-key").inner_text().replace(" ", "")
    page.get_by_label("Code", exact=True).fill(pyotp.TOTP(key).now())
    page.get_by_label("Your password").fill(factories.PASSWORD)
    press(page, "Turn the second step on")
    expect(page.get_by_role("heading", name="Keep your recovery codes")).to_be_visible()
    return page


@public
def second_step_at_the_door(site: Site, demo: Demo) -> Page:
    user = factories.StaffUserFactory(totp_secret=b"never asked")
    db.session.commit()
    page = site.page("/?room=commission")
    page.get_by_label("User name").locator("visible=true").fill(user.username)
    page.get_by_label("Password").locator("visible=true").fill(factories.PASSWORD)
    press(page, "Sign in")
    page.get_by_label("Code", exact=True).fill("000000")
    press(page, "Sign in")
    expect(page.get_by_text("This code is not right")).to_be_visible()
    return page


@public
def invitation(site: Site, demo: Demo) -> Page:
    number = factories.StaffLinkFactory(name="Rosa Demir")
    number.token_hash = hash_token(f"state{number.id}")
    db.session.commit()
    return site.page(f"/invitation?token=state{number.id}")


@public
def link_over(site: Site, demo: Demo) -> Page:
    return site.page("/invitation?token=unknown")


@state
def signed_out_by_silence(site: Site, demo: Demo) -> Page:
    page = site.staff_page("/admin/voters?q=Demir", election=demo.secret)
    [session] = db.session.scalars(select(StaffSession).order_by(StaffSession.id.desc()).limit(1))
    session.last_seen_at -= timedelta(hours=1)
    db.session.commit()
    page.reload()
    expect(page.get_by_text("nothing was done here for 30 minutes")).to_be_visible()
    return page
