"""What the documents name is there: tests, files; and each claim of the threat model has a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from config import PROJECT

PAGES = (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))
MODEL = PROJECT / "docs" / "threat-model.md"
PATH = re.compile(
    r"`((?:tests|services|blueprints|models|migrations|benchmarks|static|templates|deploy)/[\w./-]+)(?:::(\w+))?`"
)
BARE = re.compile(r"`(test_\w+\.py)`")
ASVS = PROJECT / "docs" / "asvs.md"
LINE = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| [^|]+ \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)
TOTAL = re.compile(r"^\| ([12]) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
STATES = ("met", "partly", "**not met**", "not applicable")
NUMBER = re.compile(r"\[(\d+)\]")
ROW = re.compile(r"^\| (\d+) \| `(tests/[\w/.]+)::(\w+)` \|$", re.MULTILINE)
CANNOT = re.compile(r"^\*\*(.+?)\.?\*\*.*?\*Cannot:\*(.*?)\*Noticed:\*", re.MULTILINE | re.DOTALL)


def missing(page: str) -> list[str]:
    """Return what a page names and is not there."""
    lost = []
    for path, name in PATH.findall(page):
        target = PROJECT / path
        if not target.exists() or (name and name not in names_in(target)):
            lost.append(f"{path}::{name}" if name else path)
    return lost + [name for name in BARE.findall(page) if not any((PROJECT / "tests").rglob(name))]


def names_in(file: Path) -> set[str]:
    """Return the names of the tests in a file."""
    found = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {node.name for node in found if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def unproved(model: str) -> list[str]:
    """Return who is said to be unable to do something without the number of a test, and numbers without one."""
    text = model[: model.index("## Which test holds it")]
    rows, used = {number for number, _path, _name in ROW.findall(model)}, set(NUMBER.findall(text))
    bare = [who for who, claims in CANNOT.findall(text) if any(not NUMBER.search(one) for one in claims.split(";"))]
    return [*bare, *sorted(rows ^ used, key=int)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_document_names_is_there(page):
    assert missing(page.read_text(encoding="utf-8")) == []


def test_each_claim_of_the_threat_model_names_the_test_that_holds_it():
    model = MODEL.read_text(encoding="utf-8")
    assert len(CANNOT.findall(model)) == 17
    assert unproved(model) == []


def test_every_line_of_the_asvs_is_judged_once_and_its_figures_fit():
    page = ASVS.read_text(encoding="utf-8")
    lines, totals = LINE.findall(page), TOTAL.findall(page)
    assert len(lines) == len({number for number, _level, _state in lines}) == 253  # 70 of level 1, 183 of level 2
    for level, *figures in totals:
        counted = [sum(one == level and state == wanted for _, one, state in lines) for wanted in STATES]
        assert [int(figure) for figure in figures] == [*counted, sum(counted)]
    assert [(level, figures[-1]) for level, *figures in totals] == [("1", "70"), ("2", "183")]


def test_a_test_that_is_gone_and_a_claim_without_one_are_found():
    gone = "`tests/conftest.py::test_nothing`, `tests/services/nowhere.py`, `test_never_written.py`"
    assert missing(gone) == ["tests/conftest.py::test_nothing", "tests/services/nowhere.py", "test_never_written.py"]
    claim = "**Thief.** *Can:* run. *Cannot:* hide [1]; fly. *Noticed:* not [2].\n\n## Which test holds it\n\n"
    assert unproved(claim + "| 1 | `tests/a.py::test_a` |\n| 3 | `tests/a.py::test_b` |\n") == ["Thief", "2", "3"]
