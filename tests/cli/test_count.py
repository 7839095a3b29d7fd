"""`flask count`: what it prints of a file."""

from __future__ import annotations

import json

import pytest

FILE = '3 2\n5 1 2 0\n2 2 0\n2 3 0\n0\n"Amy"\n"Bob"\n"Cy"\n"Board"\n'


@pytest.fixture
def count(app, tmp_path):
    def invoke(*options, text=FILE):
        file = tmp_path / "board.blt"
        file.write_text(text, encoding="utf-8")
        return app.test_cli_runner().invoke(args=["count", str(file), *options])

    return invoke


def test_the_rounds_of_a_file_are_printed(count):
    shown = count().output.splitlines()

    rule = "Single transferable vote by the Scottish rules of 2011"
    assert shown[:4] == ["Board", rule, "9 ballots, 2 of 3 to elect", "Quota 4"]
    assert ["Amy", "5", "4", "4", "Elected", "in", "round", "1"] in [line.split() for line in shown]
    assert shown[-2].startswith("2. Surplus of Amy. A first preference moves on at 0.2 of a vote.")


def test_lots_decide_what_nothing_else_does(count):
    tied = "2 1\n1 1 0\n1 2 0\n0\n"

    assert json.loads(count("--json", text=tied).output)["elected"] == [1]
    assert json.loads(count("--json", "--lots", "2,1", text=tied).output)["elected"] == [2]


def test_marks_are_counted_too(count):
    assert json.loads(count("--method", "approval").output)["votes"] == {"Bob": 7, "Amy": 5, "Cy": 2}
    assert json.loads(count("--method", "plurality").output)["elected"] == ["Amy", "Bob"]


@pytest.mark.parametrize(
    ("options", "text", "said"),
    [
        ([], "3 2\n5 1 4 0\n", "Line 2: “4” is no candidate"),
        (["--method", "irv"], FILE, "fills one seat"),
        (["--lots", "1,2"], FILE, "name every candidate once"),
    ],
)
def test_what_cannot_be_counted_is_said(count, options, text, said):
    result = count(*options, text=text)

    assert (result.exit_code, said in result.output) == (1, True)
