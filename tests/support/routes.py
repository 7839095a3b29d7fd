"""All routes of the application with values that exist, and the number of rows of every table."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import text
from werkzeug.routing import Rule

from app import BLUEPRINTS
from models import Election, db, use_role
from tests import factories
from tests.support import meetings, voter_accounts, voting
from tests.support.approvals import stray_approval

WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
STACK_TRACE = ("Traceback", 'File "', "sqlalchemy", "psycopg2", "werkzeug.exceptions", "SELECT ", "INSERT ")
MEANT_TO_GROW = frozenset({"login_failures", "audit_logs", "rate_limit_hits"})
"""Refused tries are written down on purpose."""


@dataclass(frozen=True)
class Route:
    """One rule and one of its methods."""

    endpoint: str
    method: str
    rule: Rule

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"

    def address(self, values: dict[str, Any]) -> str:
        """Return the path with these values for its variables."""
        path = self.rule.rule
        for name in self.rule.arguments:
            for converter in ("", "int:", "uuid:", "path:"):
                path = path.replace(f"<{converter}{name}>", str(values[name]))
        return path


def all_routes(app: Flask | None = None) -> list[Route]:
    """Return every rule times every method; without an application those of its blueprints.

    Those of the API take no cookies: tests/blueprints/test_api.py has a table and schemathesis for them.
    """
    if app is None:
        app = Flask("tests.support.routes")
        for blueprint in BLUEPRINTS:
            app.register_blueprint(blueprint)
    routes = [
        Route(rule.endpoint, method, rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and not rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]
    return sorted(routes, key=str)


def existing_rows() -> dict[str, Any]:
    """Make one row of each kind and return the values of the routes' variables; `election_id` is a draft."""
    draft: Election = factories.ElectionFactory()
    candidate = factories.CandidateFactory(election=draft, party=factories.PartyFactory())
    voter = factories.VoterFactory()
    return {
        "approval_id": stray_approval(draft).id,
        "attempt_id": voting.make_pass(draft, voter).auth_event_id,
        "candidate_id": candidate.id,
        "device_id": 0,
        "election_id": draft.id,
        "erasure_id": 0,
        "flag_id": 0,
        "group_id": factories.GroupFactory().id,
        "import_id": factories.RollImportFactory().id,
        "kiosk_id": voting.make_kiosk(draft).id,
        "mail_id": uuid.uuid4(),
        "meeting_id": meetings.meeting().id,
        "number": 0,
        "party_id": factories.PartyFactory().id,
        "picture": "selfie",
        "public_id": draft.public_id,
        "path": "ab/" + 64 * "0" + ".png",
        "record_id": 0,
        "registration_id": voter_accounts.waiting().id,
        "link_id": factories.StaffLinkFactory().id,
        "report_id": 0,
        "request_id": 0,
        "session_id": 0,
        "slot": 1,
        "staff_id": factories.StaffUserFactory(on_lists=False).id,
        "voter_id": voter.id,
    }


def row_counts() -> dict[str, int]:
    """Return the number of rows of every table, but for those that grow with each refusal."""
    names = sorted(set(db.metadata.tables) - MEANT_TO_GROW)
    query = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)
    with use_role("owner"):
        return {name: count for name, count in db.session.execute(text(query))}  # noqa: C416


class Writes:
    """How many rows the present transaction wrote, also where it took them back, by PostgreSQL's own counters.

    As long as these numbers stay, no row changed, and they are asked for in a fiftieth of the time of `row_counts`.
    """

    def __init__(self) -> None:
        query = text("SELECT oid, relname FROM pg_class WHERE oid = ANY(CAST(:tables AS regclass[]))")
        found = db.session.execute(query, {"tables": sorted(db.metadata.tables)}).all()
        parts = text("SELECT inhrelid FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass")
        self._all = [oid for oid, _name in found] + list(db.session.scalars(parts))
        self._counted = [oid for oid, name in found if name not in MEANT_TO_GROW]

    def rows(self) -> int:
        """Return how many rows were added to and deleted from the tables of `row_counts`."""
        return self._sum(self._counted, "inserted", "deleted")

    def everything(self) -> int:
        """Return how many rows of any table were added, changed and deleted."""
        return self._sum(self._all, "inserted", "updated", "deleted")

    def _sum(self, tables: list[int], *kinds: str) -> int:
        counters = " + ".join(f"pg_stat_get_xact_tuples_{kind}(oid)" for kind in kinds)
        query = text(f"SELECT coalesce(sum({counters}), 0) FROM unnest(CAST(:tables AS oid[])) AS oid")
        # Straight to the connection: a session would add a savepoint, a role and its way back.
        return int(db.session.bind.scalar(query, {"tables": tables}))


def assert_no_stack_trace(answer: Any) -> None:
    """Fail when an answer tells what is inside."""
    if not answer.mimetype.startswith(("image/", "application/pdf", "application/octet-stream")):
        assert [mark for mark in STACK_TRACE if mark in answer.get_data(as_text=True)] == []


def assert_refusal_in_words(answer: Any) -> None:
    """Fail unless a 4xx answers a program with the JSON shape and a person with a page, both in words."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    assert_no_stack_trace(answer)
    if answer.mimetype == "application/json":
        error = answer.json["error"]
        assert error.keys() >= {"code", "message"}, error
        assert isinstance(error["message"], str), error
        assert len(error["message"].split()) >= 2, error
    else:
        assert answer.mimetype == "text/html", answer.mimetype
        assert "<html" in answer.text
        assert "</html>" in answer.text
