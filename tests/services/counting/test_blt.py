"""BLT files as found in the wild, and as written."""

from __future__ import annotations

import pytest

from services.counting import Blt, BltError, read_blt, write_blt

STRICT = '4 2\n-3\n28 1 2 4 0\n1 3 0\n2 4 0\n0\n"Amy"\n"Bob ""B"" Bird"\n"Cy"\n"Di"\n"Board, 2026"\n'


def test_a_strict_file_is_read_whole():
    found = read_blt(STRICT)

    assert (found.seats, found.withdrawn, found.title) == (2, [3], "Board, 2026")
    assert found.names == ["Amy", "Bob, B, Bird", "Cy", "Di"]
    assert found.ballots == [(28, (1, 2, 4)), (1, (3,)), (2, (4,))]


@pytest.mark.parametrize(
    "names",
    [
        "Amy A\nBob\nTown",
        '"Amy A"\n"Bob"\n"Town"',
        '"""Amy A"""\n"""Bob"""\n"""Town"""',
        '"Amy A" "Bob"\n"Town"',
        "# ALTERNATIVE NAME 1: Amy A\n# ALTERNATIVE NAME 2: Bob\nTown",
    ],
)
def test_names_are_read_however_they_are_quoted(names):
    found = read_blt(f"2 1\n# a remark\n1 1 2 0 # another\n(b-7) 3 2 0\n0\n{names}\n")

    assert (found.names, found.title, found.ballots) == (["Amy A", "Bob"], "Town", [(1, (1, 2)), (3, (2,))])


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ('"SNP ""Graham BENNETT"""', "SNP, Graham BENNETT"),
        ('"John MCCOLL" "Family, First"', "John MCCOLL, Family, First"),
        ("Peter O'Neill (Lab)", "Peter O'Neill (Lab)"),
    ],
)
def test_a_party_beside_a_name_follows_a_comma(name, read):
    assert read_blt(f"1 1\n1 1 0\n0\n{name}\nTown\n").names == [read]


def test_a_ballot_ends_before_a_skipped_or_shared_place_and_keeps_a_repeated_name_once():
    found = read_blt("3 1\n2 1 - 2 0\n3 1 2=3 0\n1 1=2 3 0\n1 2 2 1 0\n4 0\n1 2 - 0\n0\n")

    assert [ranking for _papers, ranking in found.ballots] == [(1,), (1,), (), (2, 1), (), (2,)]
    assert found.cut == 6
    assert found.names == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "two numbers"),
        ("2 3\n", 1, "cannot be filled"),
        ("9" * 5000 + " 1\n", 1, "two numbers"),
        ("2 1\n" + "9" * 5000 + " 1 0\n0\n", 2, "no number of papers"),
        ("2 1\n\n1 3 0\n0\n", 3, "no candidate"),
        ("2 1\n1 1\n0\n", 2, "does not end"),
        ("2 1\n0.5 1 0\n0\n", 2, "whole numbers"),
        ("2 1\n1 1 0\n", 2, "do not end"),
        ("2 1\n1 ² 0\n0\n", 2, "no candidate"),
        ('3 1\n1 1 0\n0\n"A"\n"B"\n', 5, "3 names were expected"),
    ],
)
def test_an_error_names_the_line(text, line, what):
    with pytest.raises(BltError, match=what) as refused:
        read_blt(text)
    assert refused.value.line == line


def test_a_bracket_that_is_never_closed_costs_no_more_than_its_line():
    """Looked for from each bracket anew, two million of them would take hours."""
    with pytest.raises(BltError, match="no number of papers"):
        read_blt("2 1\n" + "(" * 2_000_000 + " 1 0\n0\n")


def test_what_is_written_is_read_again():
    made = Blt(2, ["Amy", 'Bob "B"', "Cy"], "Board\n2026", [(1, (2, 1)), (1, ()), (1, (2, 1))], [3])

    again = read_blt(write_blt(made))

    assert (again.ballots, again.withdrawn, again.seats) == (made.ballots, made.withdrawn, 2)
    assert (again.names, again.title) == (["Amy", "Bob 'B'", "Cy"], "Board 2026")
