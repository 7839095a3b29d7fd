"""The API against its own description: schemathesis sends what fits and what does not, and checks each answer."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.blueprints.test_api import bearer

CASES = 190
"""Of all operations together, in each mode; `make api-check` sends many more."""
AGAINST_A_RULE = {
    "POST /api/v1/elections", "PATCH /api/v1/elections/{election_id}", "POST /api/v1/meetings",
}  # fmt: skip
"""A shape cannot say that an election closes after it opens, or that a meeting is not over: 422 is right."""
ENDS_THE_SESSION = "/auth/logout"


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_one_that_the_document_promises(app, mode, monkeypatch):
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", False)
    admin, voter = bearer("admin"), bearer("voter")
    count = 0
    operations = [
        found.ok() for found in schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).get_all_operations()
    ]
    each = max(2, CASES // len(operations))
    for operation in operations:
        if operation.path.endswith(ENDS_THE_SESSION):
            continue
        headers = voter if "/me/" in operation.path else admin
        excluded = [positive_data_acceptance] if operation.label in AGAINST_A_RULE else []

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=each, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def ask(case):
            nonlocal count
            count += 1
            case.call_and_validate(headers=headers, excluded_checks=excluded)  # noqa: B023  asked within the round

        ask()
    assert count > len(operations)
