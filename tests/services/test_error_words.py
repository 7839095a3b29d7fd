"""The words of error classes reach the translators: marked where they stand, found by `pybabel extract` as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from flask_babel.speaklater import LazyString

import app  # noqa: F401  every class is imported with the application
from config import PROJECT
from services.errors import DomainError, NotFound


def classes(of: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    yield of
    for one in of.__subclasses__():
        yield from classes(one)


OURS = [one for one in classes() if one.__module__.split(".")[0] in ("services", "blueprints")]


@pytest.fixture(scope="module")
def extracted() -> set[object]:
    """The words that the extraction finds with the keywords it knows by itself."""
    folders = (PROJECT / "services", PROJECT / "blueprints")
    found = (row for folder in folders for row in extract_from_dir(Path(folder), [("**.py", "python")]))
    return {words for _file, _line, words, _comments, _context in found}


@pytest.mark.parametrize("one", OURS, ids=lambda one: one.__qualname__)
def test_the_words_of_an_error_class_are_marked_and_found(one, extracted):
    words = one.__dict__.get("message")
    if words is not None:
        assert isinstance(words, LazyString), "mark it with N_()"
        assert words._args[0] in extracted


def test_the_classes_are_all_there():
    assert len(OURS) > 30
    assert sum("message" in one.__dict__ for one in OURS) > 20


@pytest.mark.usefixtures("app")
def test_an_error_says_its_words_in_the_language_of_the_moment(monkeypatch):
    assert NotFound().message == "There is nothing at this address."
    assert type(NotFound().message) is str
    monkeypatch.setattr("flask_babel.Domain.get_translations", lambda self: Shouting())
    assert NotFound().message == "THERE IS NOTHING AT THIS ADDRESS."


class Shouting:
    def ugettext(self, words: str) -> str:
        return words.upper()
