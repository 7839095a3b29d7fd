"""Every event type that the code records is one plain sentence in the audit log's viewer."""

from __future__ import annotations

import ast
import re

from config import PROJECT
from models import Review
from services.audit_trail import SENTENCES

TYPE = re.compile(r"[a-z]+:[a-z_]+:[a-z_]+")
BEGINNING = re.compile(r"[a-z]+:[a-z_]+:")
PUT_TOGETHER = {
    "kiosk:voter:": ("identified", "not_identified"),
    "staff:attempt:": tuple(Review),
    "staff:voter:": ("suspended", "suspension_lifted"),
}
"""Event types that the code puts together from a fixed beginning and one of these ends."""


def said_in_code():
    """Yield (file, event type or its fixed beginning, whole?) for every text of that shape in services and views."""
    for folder in ("services", "blueprints"):
        for path in sorted((PROJECT / folder).rglob("*.py")):
            if path.name == "sentences.py":
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                    if BEGINNING.fullmatch(str(node.values[0].value)):
                        yield path.name, node.values[0].value, False
                elif isinstance(node, ast.Constant) and isinstance(node.value, str) and TYPE.fullmatch(node.value):
                    yield path.name, node.value, True


def test_every_event_type_in_the_code_has_a_sentence():
    found = list(said_in_code())
    assert len(found) > 60
    whole = {event for _file, event, complete in found if complete}
    assert whole - SENTENCES.keys() == set(), "Add a sentence to services/audit_trail/sentences.py"
    assert {event for _file, event, complete in found if not complete} == PUT_TOGETHER.keys(), "Add the ends above"
    for beginning, ends in PUT_TOGETHER.items():
        assert {f"{beginning}{end}" for end in ends} <= SENTENCES.keys()
