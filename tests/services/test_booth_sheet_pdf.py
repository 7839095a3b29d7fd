"""The printed booth sheets: what stands on them, and how many pages they need."""

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import pytest

from models import BoothNote, Election, StaffUser
from services.booth_sheet import Figures, Line, Sheet
from services.exports import booth_sheet_name, booth_sheet_pdf
from tests.support.checkins import MORNING

pytestmark = pytest.mark.usefixtures("app")
PRINTED = datetime(2026, 10, 18, 18, 25, tzinfo=UTC)
BUSY = Figures(checkins=22, votes=17, left=1, expired=1, refused=2, document_votes=1)
HOURS = 12


def make_election(title="Larkmoor Town Council, Ward 4"):
    closes = MORNING + timedelta(hours=HOURS)
    return Election(id=7, title=title, opens_at=MORNING, closes_at=closes, closed_at=closes + timedelta(minutes=12))


def make_sheet(number, *, hours=HOURS, spoilt=None):
    lines = [Line(MORNING + timedelta(hours=hour), BUSY) for hour in range(hours)]
    if spoilt is not None:
        lines[3] = Line(lines[3].begins, spoilt)
    end = MORNING + timedelta(hours=HOURS, minutes=20)
    return Sheet(number, f"Booth {number}", tuple(lines), MORNING - timedelta(minutes=40), end)


SPOILT = Figures(checkins=20, votes=15, left=1, expired=1, refused=2, missing=1)


def make_note(words="At 11:20 a child pulled the plug. The voter came back and voted at Booth 1. Seen by both of us."):
    writer = StaffUser(username="judith.adeyemi")
    return BoothNote(kiosk_id=3, note=words, difference=1, staff_user=writer, created_at=PRINTED - timedelta(hours=2))


def text_of(content, tmp_path):
    if which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    path = tmp_path / "sheets.pdf"
    path.write_bytes(content)
    if folder := os.environ.get("SV_SCREENS"):
        Path(folder).joinpath(f"{tmp_path.name}.pdf").write_bytes(content)
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


def test_the_print_holds_hours_totals_equation_note_and_lines_to_sign(tmp_path):
    sheets = [make_sheet(1), make_sheet(2), make_sheet(3, spoilt=SPOILT), make_sheet(4, hours=0)]
    text = text_of(booth_sheet_pdf(make_election(), sheets, {3: [make_note()]}, PRINTED, "Europe/Copenhagen"), tmp_path)
    for words in (
        "Larkmoor Town Council, Ward 4", "Not every sheet balances", "Look at: Booth 3.",
        "8 October 2026, 08:00 CEST", "2026-10-18 06:00 – 2026-10-18 18:12 UTC", "18 Oct, 08:00 – 09:00",
        "06:00 – 07:00 UTC",
        "264 check-ins = 204 votes + 12 left + 12 expired + 12 by document + 24 refused. It balances.",
        "262 check-ins, but 202 votes + 12 left + 12 expired + 11 by document + 24 refused = 261.",
        "It does not balance. 1 check-in opened no ballot.", "By document: 12 votes.", "Note by judith.adeyemi",
        "a child pulled the plug", "Name, signature, date and time", "Printed Sunday 18 October 2026, 20:25 CEST",
    ):  # fmt: skip
        assert words in re.sub(r"\s+", " ", text), words
    pages = re.findall(r"Page (\d+) of (\d+)", text)
    assert pages == [(str(number), str(len(pages))) for number in range(1, len(pages) + 1)]
    assert len(pages) == 4
    assert text.count("Name, signature") == 6


def test_a_sheet_that_nobody_explained_says_so(tmp_path):
    text = text_of(booth_sheet_pdf(make_election(), [make_sheet(1, spoilt=SPOILT)], {}, PRINTED, "UTC"), tmp_path)
    assert "No note explains this." in text


def test_an_election_without_booths_prints_one_page(tmp_path):
    text = text_of(booth_sheet_pdf(make_election(), [], {}, PRINTED, "UTC"), tmp_path)
    assert "No booth was opened" in text
    assert "Page 1 of 1" in text


def test_long_notes_and_foreign_titles_break_nothing(tmp_path):
    note = make_note("Word " * 99 + "<b>&")
    sheets = [make_sheet(3, spoilt=SPOILT)]
    text = text_of(booth_sheet_pdf(make_election("Élection 選挙 " * 12), sheets, {3: [note]}, PRINTED, "UTC"), tmp_path)
    assert "<b>&" in text


def test_a_file_name_is_plain_ascii():
    assert booth_sheet_name(make_election("Élection / Ward №4")) == "booth-sheets-election-ward-no4.pdf"
    assert booth_sheet_name(make_election("選挙")) == "booth-sheets-7.pdf"
