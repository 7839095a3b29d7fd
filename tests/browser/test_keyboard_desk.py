"""A file of voters from the disk to its report, and a tie from the result to the request, with the keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from models import Approval, Secrecy, StaffRole, Voter, db
from tests import factories
from tests.support import ties, voter_files
from tests.support.keys import Keys
from tests.support.live_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.commits, pytest.mark.slow]
NAMES = {"Ana Kovač", "Ben Osei"}


def follow(page: Page, keys: Keys, name: str, tag: str, back: bool = False) -> None:
    """Press what leads to another page, and wait for it."""
    with page.expect_navigation():
        keys.press(name, tag, back=back)


def choose_file(page: Page, keys: Keys, path: Path) -> None:
    keys.reach("CSV file", "INPUT")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(path)


def test_a_file_of_voters_is_imported_and_its_report_read_by_keyboard(site: Site, tmp_path: Path) -> None:
    election = factories.ElectionFactory(title="Choir: conductor")
    db.session.commit()
    path = tmp_path / "members.csv"
    path.write_text(voter_files.MIXED, encoding="utf-8", newline="")
    page = site.staff_page("/admin/roll", election=election)
    keys = Keys(page)

    follow(page, keys, "Import a file", "A")
    choose_file(page, keys, path)
    follow(page, keys, "Read the file", "BUTTON")
    voter_files.worked()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import this file?")
    keys.reach("List of bad rows")
    keys.reach("All or nothing", "INPUT")
    page.keyboard.press("ArrowDown")
    assert "Good rows only" in keys.active()["name"]
    follow(page, keys, "Import the voters", "BUTTON")
    voter_files.worked()

    expect(page.get_by_role("heading", level=1)).to_have_text("The file is imported")
    with page.expect_download() as download:
        keys.press("Download all of them", "A")
    assert "no address,Cara,Diaz" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    follow(page, keys, "Show the roll", "A", back=True)
    expect(page.get_by_role("row").filter(has_text="Ana Kovač")).to_be_visible()
    db.session.rollback()
    assert set(db.session.scalars(select(Voter.name))) >= NAMES
    assert keys.unseen == []


def test_a_tie_is_taken_from_the_result_to_the_second_person_by_keyboard(site: Site) -> None:
    election, ids = ties.tied_election(title="Rowing club: treasurer", secrecy=Secrecy.RECORDED)
    factories.StaffUserFactory(role=StaffRole.OFFICER)
    page = site.staff_page("/admin/results", election=election)
    keys = Keys(page)

    follow(page, keys, "Resolve the tie", "A")
    keys.reach("Lot 1", "SELECT")
    keys.type("Rosa")
    for label, words in (
        ("Drawn by", "Ada Lund, chair of the committee"), ("^How", "Two paper slips out of a box"),
        ("Witnesses", "Bo Persson and Cleo Marsh"), ("^Reason", "Section 7 of the bylaws"),
    ):  # fmt: skip
        keys.reach(label)
        keys.type(words)
    follow(page, keys, "Ask to resolve the tie", "BUTTON")

    expect(page.get_by_role("heading", name="Resolve the tie by lot: Rowing club")).to_be_visible()
    db.session.rollback()
    asked = db.session.scalars(select(Approval).where(Approval.election_id == election.id)).one()
    assert asked.payload["lots"] == [ids[1]]
    assert keys.unseen == []
