"""The states behind a voting link, and of the desk's page of links."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect

from models import Channel, Election, VotingToken, db, transaction
from services import voting_links
from services.clock import utc_now
from tests.support import demo as day
from tests.support import links
from tests.support.demo import Demo
from tests.support.desk_states import PUBLIC, STATES
from tests.support.live_site import Site
from tests.support.ranked import make_ranked

PHONE = {"width": 360, "height": 780}


def opened(site: Site, election: Election, **options: object) -> Page:
    """Give a new voter a link and open it, as from the mail."""
    return site.page(f"/vote?token={new_token(election)}", viewport=PHONE, **options)


def new_token(election: Election) -> str:
    voter = day.new_voter(election)
    with transaction():
        voting_links.renew_link(election, voter.id, links.ADDRESS, links.ADMIN)
    return links.tokens_of(election)[voter.id]


def by_link(site: Site, demo: Demo) -> Page:
    return opened(site, demo.secret)


def check(site: Site, demo: Demo) -> Page:
    page = opened(site, demo.secret)
    page.locator("[data-bound*=link-ballot]").wait_for()
    page.get_by_role("radio", name="Rosa Demir").check()
    page.get_by_role("button", name="Check my choice").click()
    expect(page.get_by_role("heading", name="Is this your choice?")).to_be_visible()
    return page


def receipt(site: Site, demo: Demo) -> Page:
    page = check(site, demo)
    page.get_by_role("button", name="Cast my vote").click()
    expect(page.get_by_role("heading", name="Your vote is cast")).to_be_visible()
    return page


def ranked_by_link(site: Site, demo: Demo) -> Page:
    election = make_ranked(demo.secret, title="Band: front singer", channels=[Channel.LINK])
    page = opened(site, election)
    page.locator("[data-bound*=ranking]").wait_for()
    for name in ("Rosa Demir", "Ingrid Tanaka"):
        page.get_by_role("button", name=name).first.click()
    return page


def link_is_over(site: Site, demo: Demo) -> Page:
    page = opened(site, demo.secret)
    row = db.session.query(VotingToken).order_by(VotingToken.made_at.desc()).first()
    assert row is not None
    row.made_at, row.expires_at = utc_now() - timedelta(days=8), utc_now() - timedelta(days=1)
    db.session.commit()
    page.reload()
    expect(page.get_by_role("button", name="Send me a new link")).to_be_visible()
    return page


def desk_links(site: Site, demo: Demo) -> Page:
    new_token(demo.secret)
    return site.staff_page(f"/admin/elections/{demo.secret.id}/links", election=demo.secret)


for one in (by_link, check, receipt, ranked_by_link, link_is_over):
    PUBLIC[f"link-{one.__name__}"] = one
STATES["voting_links"] = desk_links
