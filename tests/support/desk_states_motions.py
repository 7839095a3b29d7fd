"""The states of votes in a meeting: at the desk, on the big screen, on a phone; they register themselves."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from models import AttendanceSession, Voter, db
from tests.support.demo import Demo
from tests.support.desk_states import press, public, state
from tests.support.live_site import Site
from tests.support.motions import close, draft, gathering, leave, opened, vote
from tests.support.voter_accounts import token_of
from tests.support.voting import seal_all
from tests.support.web_process import session_cookie


@state
def votes_of_a_meeting(site: Site, demo: Demo) -> Page:
    session, (one, two, three, *_absent), officer = gathering(5, 3, title="Branch North, autumn meeting")
    carried = opened(session, officer, majority="two_thirds")
    for member, answer in ((one, "Yes"), (two, "Yes"), (three, "No")):
        vote(carried, member, answer)
    meeting_id, voter_id = session.id, three.id
    close(carried)
    session, three = db.session.get_one(AttendanceSession, meeting_id), db.session.get_one(Voter, voter_id)
    draft(session, officer, title="Hire a caretaker")
    opened(session, officer)
    leave(session, three, officer)
    page = site.staff_page(f"/attendance/meetings/{session.id}/votes", election=demo.secret)
    press(page, "Save the motion")
    expect(page.get_by_role("alert").first).to_contain_text("Change this first")
    return page


@state
def votes_whose_result_came(site: Site, demo: Demo) -> Page:
    session, members, officer = gathering(title="Branch North, autumn meeting")
    motion = opened(session, officer)
    for member, answer in zip(members, ("Yes", "Yes", "No"), strict=True):
        vote(motion, member, answer)
    page = site.staff_page(f"/attendance/meetings/{session.id}/votes", election=demo.secret)
    press(page, "Close the vote now")
    expect(page.get_by_text("The ballots are being counted.")).to_be_visible()
    seal_all()
    expect(page.get_by_text("The result is there.")).to_be_visible()
    return page


@state
def big_screen_with_a_vote(site: Site, demo: Demo) -> Page:
    session, _members, officer = gathering(5, 3, title="Branch North, autumn meeting")
    opened(session, officer)
    page = site.staff_page(f"/attendance/meetings/{session.id}/screen", election=demo.secret)
    expect(page.get_by_text("The quorum holds")).to_be_visible()
    return page


@public
def member_with_a_vote(site: Site, demo: Demo) -> Page:
    session, (member, *_others), officer = gathering(title="Branch North, autumn meeting")
    opened(session, officer)
    cookie = session_cookie(site.app, voter_session=token_of(member))
    return site.page(f"/voter/meetings/{session.id}", cookie)


@public
def member_who_left(site: Site, demo: Demo) -> Page:
    session, (member, *_others), officer = gathering()
    leave(session, member, officer)
    cookie = session_cookie(site.app, voter_session=token_of(member))
    page = site.page(f"/voter/meetings/{session.id}", cookie)
    page.get_by_label("Code").fill("AAAAAA")
    press(page, "I am back")
    expect(page.get_by_role("alert").first).to_contain_text("Change this first")
    return page


@public
def ballot_of_a_motion(site: Site, demo: Demo) -> Page:
    session, (member, *_others), officer = gathering()
    motion = opened(session, officer)
    cookie = session_cookie(site.app, voter_session=token_of(member))
    return site.page(f"/vote/account/{motion.public_id}", cookie)


@public
def receipt_of_a_motion(site: Site, demo: Demo) -> Page:
    page = ballot_of_a_motion(site, demo)
    page.locator("[data-module=link-ballot][data-bound]").wait_for()
    page.get_by_role("radio", name="Yes For the motion").check(force=True)
    press(page, "Check my choice")
    press(page, "Cast my vote")
    expect(page.get_by_role("heading", name="Your vote is cast")).to_be_visible()
    return page


@public
def result_of_a_motion(site: Site, demo: Demo) -> Page:
    session, (one, two, three), officer = gathering(title="Branch North, autumn meeting")
    motion = opened(session, officer, majority="two_thirds")
    for member, answer in ((one, "Yes"), (two, "Yes"), (three, "Abstain")):
        vote(motion, member, answer)
    return site.page(f"/results/?election={close(motion).id}")
