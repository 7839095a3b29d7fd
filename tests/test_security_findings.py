"""`make security` fails on what nobody has judged, and on a verdict about what is gone."""

from __future__ import annotations

import ast

import pytest

from benchmarks.security import patterns
from benchmarks.security.findings import Entry, Finding, Outcome, judge, read_entries
from config import PROJECT

FOUND = Finding("semgrep", "weak-hash", "services/a.py", 7, "MD5")
ENTRY = Entry("semgrep", "weak-hash", "services/a.py", "false", "a sum without meaning")


def test_a_finding_without_a_verdict_is_new():
    assert judge(Outcome("semgrep", [FOUND]), []) == ([FOUND], [])
    elsewhere = Entry("semgrep", "weak-hash", "services/b.py", "false", "another file than that")
    assert judge(Outcome("semgrep", [FOUND]), [elsewhere]) == ([FOUND], [elsewhere])


def test_a_judged_finding_is_not_new_and_its_verdict_goes_with_it():
    assert judge(Outcome("semgrep", [FOUND]), [ENTRY]) == ([], [])
    assert judge(Outcome("semgrep"), [ENTRY]) == ([], [ENTRY])


def test_a_tool_that_did_not_run_ends_no_verdict():
    assert judge(Outcome("semgrep", skipped="not installed"), [ENTRY]) == ([], [])
    assert judge(Outcome("bandit"), [ENTRY]) == ([], [])


@pytest.mark.parametrize(("verdict", "why"), [("true", "it is really so"), ("false", "because")])
def test_a_verdict_needs_a_known_word_and_a_reason(verdict, why, tmp_path):
    file = tmp_path / "triaged.toml"
    file.write_text(f'[[triaged]]\ntool = "a"\nrule = "b"\nplace = "c"\nverdict = "{verdict}"\nwhy = "{why}"\n')
    with pytest.raises(ValueError, match="no verdict, or no reason"):
        read_entries(file)


def test_every_verdict_is_about_a_file_that_is_there():
    for entry in read_entries():
        assert entry.tool not in ("bandit", "semgrep") or (PROJECT / entry.place).is_file(), entry


def test_a_pattern_is_tried_as_the_code_asks_it():
    source = 'NAME.search(words)\nself.RULE.fullmatch(words)\nre.sub(r"a+b", "", words)\nwords.lower()\n'
    asked = {ast.unparse(one): [ast.unparse(word) for word in words] for one, words in patterns.calls_in(source)}
    assert asked == {"NAME.search": ["words"], "self.RULE.fullmatch": ["words"], "re.sub": ["'a+b'", "''", "words"]}
    assert patterns.WAYS["search"] == patterns.WAYS["sub"] == "findall" != patterns.WAYS["fullmatch"]


def test_every_file_that_writes_cells_guards_them():
    """semgrep names each such file; its verdict is that the cells pass `safe_cell`."""
    writers = [file for file in (PROJECT / "services").rglob("*.py") if "csv.writer(" in file.read_text("utf-8")]
    assert len(writers) > 5
    assert [file for file in writers if "safe_cell(" not in file.read_text("utf-8")] == []
