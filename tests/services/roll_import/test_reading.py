"""From bytes to rows: encodings, separators, quotation marks, headers, and every reason against a row."""

from __future__ import annotations

import io
from datetime import date

import pytest

from services.roll_import import TEMPLATE
from services.roll_import.columns import read_header
from services.roll_import.errors import FileRefused
from services.roll_import.records import MAX_ROW, read_records
from services.roll_import.rows import ImportedVoter, RowChecker, quick_email
from services.roll_import.text import open_text, sniff_encoding
from services.voters import check_digit_added
from services.voters.entries import check_email

TODAY = date(2026, 11, 20)
WORDS = "email,name\r\nzoe@union.example,Zoë Müller\r\n"


def rows_of(text: str, width: int = 2, separator: str = ","):
    return list(read_records(io.StringIO(text, newline=""), separator, width, 1))


def checked(header: str, *cells: str):
    return RowChecker(read_header(header), TODAY).check(2, list(cells))


def why(header: str, *cells: str) -> str:
    found = checked(header, *cells)
    assert isinstance(found, list), found
    return " ".join(problem.why for problem in found)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (WORDS.encode(), "utf-8"),
        (WORDS.encode("utf-8-sig"), "utf-8-sig"),
        (WORDS.encode("utf-16"), "utf-16"),
        (WORDS.encode("utf-16-le"), "utf-16-le"),
        (WORDS.encode("utf-16-be"), "utf-16-be"),
        (WORDS.encode("cp1252"), "cp1252"),
    ],
)
def test_encoding_is_recognised_and_every_letter_arrives(content, encoding) -> None:
    assert sniff_encoding(content) == encoding
    assert open_text(content, encoding).read() == WORDS


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"), (b"\r\n \r\n", "empty"), (b"\xef\xbb\xbf", "empty"), (b"\x00" * 50, "empty"),
        (b"PK\x03\x04" + b"x" * 99, "workbook"), (b"%PDF-1.7", "PDF"), (b"\x1f\x8b\x08" + b"x" * 99, "archive"),
        (b"\x89PNG\r\n", "picture"), (bytes(range(256)) * 20, "no text"), (b"name\r\nA\x81B", "UTF-8"),
        (WORDS.encode("utf-16") + b"x", "UTF-8"),
    ],
)  # fmt: skip
def test_file_that_is_no_text_is_refused_in_words(content, words) -> None:
    with pytest.raises(FileRefused, match=words):
        sniff_encoding(content)


@pytest.mark.parametrize(
    ("line", "separator"),
    [("email,name\r\n", ","), ("E-Mail;Vorname;surname\r\n", ";"), ("voter id\tFirst Name\n", "\t"),
     ('"email";"full name"\r', ";"), ("\ufeffemail,last-name", ",")],
)  # fmt: skip
def test_separator_and_columns_are_recognised(line, separator) -> None:
    layout = read_header(line)
    assert layout.separator == separator
    assert {"email", "voter_id"} & set(layout.used)


def test_wrong_header_names_what_was_found_and_what_is_missing() -> None:
    with pytest.raises(FileRefused, match=r"Found: town, street\. Missing: email or voter_id; first_name and"):
        read_header("town,street\r\n")
    with pytest.raises(FileRefused, match="twice: email"):
        read_header("email,mail,name\r\n")
    assert read_header("email,name,Shoe size\r\n").unused == ("Shoe size",)


def test_template_has_a_header_that_is_read_without_a_complaint() -> None:
    header, row = TEMPLATE.splitlines()
    assert read_header(header).unused == ()
    assert isinstance(checked(header, *next(rows_of(row, 8)[0].cells for _once in "1")), ImportedVoter)


def test_mixed_line_ends_quoted_newlines_and_blank_rows_are_read() -> None:
    found = rows_of('a,1\rb,2\nc,"3\r\n4"\r\n\r\n,\r\nd,"say ""5"""\n')
    assert [(record.line, record.cells) for record in found] == [
        (1, ["a", "1"]), (2, ["b", "2"]), (3, ["c", "3\r\n4"]), (7, ["d", 'say "5"']),
    ]  # fmt: skip


def test_quotation_mark_that_is_never_closed_costs_its_own_row_only() -> None:
    found = rows_of('a,"1\r\nb,2\r\nc,3\r\n')
    assert [record.problem is None for record in found] == [False, True, True]
    assert found[1].cells == ["b", "2"]


def test_row_with_too_few_too_many_or_far_too_long_cells_is_named() -> None:
    found = rows_of("a\r\na,b,c\r\na,b,,\r\na," + "x" * MAX_ROW + "\r\n")
    assert [record.problem.why if record.problem else "" for record in found] == [
        "This row has fewer cells than the first line. It has 1, the first line 2.",
        "This row has more cells than the first line. It has 3, the first line 2.",
        "",
        "This row is longer than 10,000 characters.",
    ]


def test_row_becomes_a_voter_and_an_empty_cell_says_nothing() -> None:
    header = "email,first_name,last_name,dob,gender,phone,groups"
    cells = (" Ana@Union.Example ", "Ana", " Kovač", "19.5.1984", "F", "'+44 20 7946", "North; Board|north,")
    born, groups = date(1984, 5, 19), ("North", "Board", "north")
    expected = ImportedVoter(2, None, "Ana@union.example", "Ana Kovač", born, "female", "+44 20 7946", groups)
    assert checked(header, *cells) == expected
    assert checked(header, "b@union.example", "Ben", "", "", "", "", "").dob is None


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("email", "x", "with the @"), ("email", "a" * 65 + "@b.example", "64 characters"),
        ("dob", "1984", "day, month"),
        ("gender", "?", "female, male"), ("phone", "=1+1", "digits"), ("groups", "1;2", "letters"),
        ("groups", ";".join("abcdefghijklmnopqrstu"), "20 groups"), ("voter_id", "123", "8 digits"),
        ("voter_id", "20481735", "check digit"), ("phone", "1234\x005678", "cannot be stored"),
        ("phone", "\ud800", "cannot be stored"),
    ],
)  # fmt: skip
def test_wrong_cell_is_named_with_its_column(column, cell, words) -> None:
    header = f"name,{column}" if column in ("email", "voter_id") else f"name,email,{column}"
    cells = ("Ana", cell) if column in ("email", "voter_id") else ("Ana", "a@b.example", cell)
    assert words in why(header, *cells)


def test_every_wrong_cell_of_a_row_is_named_at_once() -> None:
    said = why("email,name,dob", "nobody", "123", "never")
    assert [column in said for column in ("email:", "name:", "dob:")] == [True] * 3


def test_row_that_names_nobody_or_somebody_twice_is_refused() -> None:
    checker = RowChecker(read_header("voter_id,email,name"), TODAY)
    number = check_digit_added("2048173")
    assert "Neither" in checker.check(2, ["", "", "Ana"])[0].why
    assert isinstance(checker.check(3, [number, "a@b.example", "Ana"]), ImportedVoter)
    assert [problem.why for problem in checker.check(4, [f"{number[:4]} {number[4:]}", "A@B.example", "Ana"])] == [
        "The voter ID stands in line 3 already.", "The e-mail address stands in line 3 already.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "address",
    ["a.b+c@Union.example", "a..b@union.example", ".a@union.example", "ü@union.example", "a@münchen.example", "a@b",
     "a@localhost", "a@union.invalid", '"a b"@union.example', "a@[127.0.0.1]", "a@" + "b" * 250 + ".example"],
)  # fmt: skip
def test_quick_look_at_an_address_says_what_the_slow_one_says(address) -> None:
    def outcome(rule):
        try:
            return rule(address)
        except ValueError as error:
            return str(error)

    assert outcome(quick_email) == outcome(check_email)
