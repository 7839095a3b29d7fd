import csv
import io
import re
import subprocess
from datetime import UTC, datetime
from shutil import which

import pytest

from models import BoothNote, StaffUser
from services.booth_sheet import Figures, Line, Sheet
from services.charts import Column
from services.errors import Conflict
from services.exports import csv_export, file_name, pdf_export
from services.exports.csv import safe_cell
from services.exports.fonts import BASE, Face, choose_face, visual
from services.exports.pdf_parts import Styles
from services.result_report import Appendix
from services.results import Resolution
from tests.support.results import make_result

NOW = datetime(2026, 10, 18, 18, 5, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("app")


def _rows(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_csv_has_exactly_the_ordered_header():
    assert csv_export(make_result()).split(b"\r\n")[0] == b"party,candidate,count,nota,totals"


def test_every_column_of_the_csv_adds_up_to_its_last_row():
    *lines, last = _rows(csv_export(make_result()))
    assert last["party"] == "TOTAL"
    for column, total in (("count", 880), ("nota", 22), ("totals", 902)):
        assert sum(int(line[column] or 0) for line in lines) == int(last[column]) == total


def test_each_candidate_has_one_row_and_nota_its_own():
    lines = _rows(csv_export(make_result()))
    assert [line["candidate"] for line in lines[:5]] == [
        "Amina Solberg", "Rosa Demir", "Viktor Hale", "Kwame Ellery", "Ingrid Tanaka",
    ]  # fmt: skip
    assert lines[5] == {"party": "", "candidate": "NOTA", "count": "", "nota": "22", "totals": "22"}


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1"])
def test_a_name_that_a_spreadsheet_would_run_is_made_text(name):
    assert safe_cell(name) == "'" + name
    line = _rows(csv_export(make_result([(name, name, 3)], nota=0)))[0]
    assert line["candidate"].startswith("'")
    assert line["party"].startswith("'")


def test_an_ordinary_name_stays_as_it_is():
    assert safe_cell("Jean-Luc O'Neil @ home") == "Jean-Luc O'Neil @ home"


def test_names_with_commas_quotes_and_other_scripts_survive():
    name = 'Ярослава "Slava" Кучеренко, Dr.'
    assert _rows(csv_export(make_result([(name, "Партія", 3)])))[0]["candidate"] == name


def test_only_a_csv_that_needs_it_carries_a_byte_order_mark():
    assert csv_export(make_result()).startswith(b"party,")
    assert csv_export(make_result([("Zoé", "", 3)])).startswith(b"\xef\xbb\xbfparty,")


@pytest.mark.parametrize("export", [csv_export, lambda result: pdf_export(result, NOW, "UTC")])
def test_nothing_is_exported_while_the_ballots_are_sealed(export):
    with pytest.raises(Conflict, match="sealed"):
        export(make_result(total=None, note="The ballots are sealed."))


def test_a_file_name_is_plain_ascii():
    assert file_name(make_result(title="Élection / Ward №4\r\n"), "csv") == "result-election-ward-no4.csv"
    assert file_name(make_result(title="選挙"), "pdf") == "result-1.pdf"


def test_the_pdf_holds_verdict_figures_times_and_page_numbers(tmp_path):
    text = _text(pdf_export(make_result(), NOW, "Europe/Copenhagen"), tmp_path)
    for words in (
        "Amina Solberg is elected", "268 of 902 votes, 54 more than Rosa Demir", "72.3 %", "902 of 1,248",
        "Votes for each candidate", "Votes for each party", "None of the above", "It balances.",
        "Sunday 18 October 2026, 20:05 CEST (2026-10-18 18:05:00 UTC)", "Page 1 of 2", "Page 2 of 2",
    ):  # fmt: skip
        assert words in text, words
    assert re.search(r"Orchard Alliance\s+400", text)


def test_the_pdf_names_a_tie_and_no_winner(tmp_path):
    lines = [("Amina Solberg", "A", 7), ("Rosa Demir", "B", 7)]
    text = _text(
        pdf_export(make_result(lines, nota=1, note="They have the same number of votes."), NOW, "UTC"), tmp_path
    )
    assert "A tie" in text
    assert "They have the same number of votes." in text
    assert "is elected" not in text


def test_a_live_pdf_says_that_it_is_not_final(tmp_path):
    text = _text(pdf_export(make_result(final=False), NOW, "UTC"), tmp_path)
    assert "Count so far, not final" in text
    assert "is elected" not in text


def test_a_pdf_without_votes_is_made(tmp_path):
    text = _text(pdf_export(make_result([("A", "", 0), ("B", "", 0)], nota=0), NOW, "UTC"), tmp_path)
    assert "No candidate is elected" in text


def test_a_result_of_an_election_that_was_tampered_with_says_so_in_the_pdf(tmp_path):
    assert "Do not rely on this result" in _text(pdf_export(make_result(intact=False), NOW, "UTC"), tmp_path)


def test_the_pdf_says_how_a_tie_was_resolved_and_marks_who_is_elected(tmp_path):
    made = Resolution(
        "drawn", ["Rosa Demir", "Amina Solberg"], ["Rosa Demir"], NOW, "Ada Lund", "Paper slips out of a hat",
        "Bo, Cleo", "Section 7", "ada", "berit", NOW,
    )  # fmt: skip
    lines = [("Amina Solberg", "A", 7), ("Rosa Demir", "B", 7)]
    result = make_result(lines, nota=1, resolution=made, winner="Rosa Demir", winners=["Rosa Demir"])
    text = _text(pdf_export(result, NOW, "Europe/Copenhagen"), tmp_path)
    for words in (
        "Rosa Demir is elected by lot", "How the tie was resolved", "Paper slips out of a hat",
        "1. Rosa Demir, 2. Amina", "Ada Lund", "Bo, Cleo", "ada, confirmed by berit", "Section 7",
        "For the Election Commission",
    ):  # fmt: skip
        assert words in " ".join(text.split()), words


def test_the_pdf_holds_turnout_channels_booth_sheets_rules_and_fingerprints(tmp_path):
    sheet = Sheet(1, "Booth 1", (Line(NOW, Figures(checkins=3, votes=2, refused=1)),))
    turnout, channels = [Column("8", 12), Column("9", None)], [("At a booth", 12)]
    appendix = Appendix(turnout, True, channels, [sheet], "1 vote under review.", "ab" * 32)
    result = make_result(rules=["1 seat.", "No one."], lot_order=["Rosa", "None of the above"], fingerprint="0f" * 32)
    text = " ".join(_text(pdf_export(result, NOW, "UTC", appendix), tmp_path).split())
    for words in (
        "Votes by hour", "12 8 9", "Votes by channel", "At a booth 12", "All booth sheets balance.",
        "3 check-ins = 2 votes + 1 refused. It balances.", "1 vote under review.", "0f0f 0f0f", "abab abab", "1 seat.",
        "Lot order, published before opening: 1. Rosa, 2. None of the above.", "Spoiled",
    ):  # fmt: skip
        assert words in text, words
    assert "9:00" not in text


def test_the_pdf_prints_the_notes_on_booth_sheets_and_says_which_note_is_missing(tmp_path):
    spoilt = (Line(NOW, Figures(checkins=3, votes=2, missing=1)),)
    sheets = [Sheet(1, "Booth 1", spoilt), Sheet(2, "Booth 2", spoilt)]
    writer = StaffUser(username="judith.adeyemi")
    note = BoothNote(kiosk_id=1, note="A child pulled the plug.", difference=1, staff_user=writer, created_at=NOW)
    text = _text(pdf_export(make_result(), NOW, "UTC", Appendix(sheets=sheets, notes={1: [note]})), tmp_path)
    appendix = " ".join(text.split()).partition("Booth sheets")[2]
    assert "2 booth sheets do not balance. 1 of them has no note." in appendix
    first, second = appendix.partition("Booth 1")[2].split("Booth 2")
    assert "Note by judith.adeyemi, Sunday 18 October 2026" in first
    assert "A child pulled the plug." in first
    assert "No note explains this." not in first
    assert "No note explains this." in second


def test_names_from_right_to_left_are_turned_and_joined_for_the_print():
    assert visual("רות כהן") == "ןהכ תור"
    assert visual("أمينة")[0] == "ﺔ"
    assert visual("Zoé") == "Zoé"
    assert visual("\u2068רות\u2069. 12 of 30 votes") == "תור. 12 of 30 votes"


def test_a_name_from_right_to_left_begins_on_the_first_of_its_lines():
    face = Face("Helvetica", "Helvetica-Bold", frozenset(range(0x590, 0x600)) | {ord(" ")})
    begin, end = "רות אברהם כהן לוי", "מזרחי פרץ ביטון"
    paragraph = Styles(face).paragraph(f"{begin} {end}", 10, 14)
    for _laid_out_twice in range(2):
        assert paragraph.wrap(face.width(begin, 10) + 1, 100)[1] == 28
    drawn = ["".join(piece.text for piece in line.words).strip() for line in paragraph.blPara.lines]
    assert drawn == [visual(begin), visual(end)]


def test_markup_in_a_name_is_printed_as_it_is(tmp_path):
    lines = [("<b>Bold</b> & Co <script>", "<font size=90>", 3)]
    text = _text(pdf_export(make_result(lines, title="<b>Title</b>"), NOW, "UTC"), tmp_path)
    assert "<b>Bold</b> & Co <script>" in text
    assert "<b>Title</b>" in text


def test_a_long_list_goes_over_several_pages(tmp_path):
    lines = [(f"Candidate {number}", f"Party {number % 7}", 90 - number) for number in range(60)]
    text = _text(pdf_export(make_result(lines), NOW, "UTC"), tmp_path)
    assert re.search(r"Page 4 of \d", text)
    assert all(f"Candidate {number}" in text for number in range(60))


def test_western_names_need_no_embedded_font():
    assert choose_face("Zoé Müller – Łódź"[:12]) is BASE


def test_other_scripts_are_drawn_with_a_font_that_has_their_letters(tmp_path):
    face = choose_face("Ярослава Ελένη Łódź")
    if face is BASE or face.lacks("Ярослава Ελένη Łódź"):
        pytest.skip("this machine has no font with Cyrillic and Greek letters")
    text = _text(pdf_export(make_result([("Ярослава", "Ελένη", 3)]), NOW, "UTC"), tmp_path)
    assert "Ярослава" in text


def test_letters_that_no_font_has_are_replaced_and_said():
    assert "?" in BASE.marked("Я")
    assert BASE.lacks("Я")
    assert BASE.marked("ő") == "o"


def test_east_asian_letters_use_the_fonts_of_the_reader():
    assert 'name="HeiseiKakuGo-W5"' in BASE.marked("の")
    assert not BASE.lacks("한山の")


def _text(content, folder):
    assert content.startswith(b"%PDF-")
    if which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not on this machine")
    (folder / "result.pdf").write_bytes(content)
    answer = subprocess.run(["pdftotext", "-layout", folder / "result.pdf", "-"], capture_output=True, check=True)
    return answer.stdout.decode()
