"""The API against its own description: schemathesis sends what fits and what does not, and checks each answer."""

from __future__ import annotations

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.blueprints.test_api import bearer

MANY = int(os.environ.get("API_CASES", "0"))
"""Set by `make api-check`: so many cases of each operation in each mode."""
CASES = 190
"""Of all operations together, in each mode. Here every other operation gets what fits, the ones between what does not:
to make the cases of one takes a tenth of a second. `make api-check` sends all of both, and many more."""
AGAINST_A_RULE = {
    "POST /api/v1/elections", "PATCH /api/v1/elections/{election_id}", "POST /api/v1/meetings", "POST /api/v1/voters",
    "POST /api/v1/voters/imports", "POST /api/v1/auth/voter/register", "POST /api/v1/auth/voter/verify",
    "GET /api/v1/audit", "POST /api/v1/elections/{election_id}/extend", "POST /api/v1/parties",
    "GET /api/v1/figures/meetings", "GET /api/v1/figures/members",
    "GET /api/v1/verifications", "POST /api/v1/check-ins/reviews", "POST /api/v1/me/device",
    "POST /api/v1/me/platform-device",
}  # fmt: skip
"""A shape cannot say that an election closes after it opens, that a meeting is not over, that an address can get mail,
that a number has the right check digit, that a file is a photo, that a code is the one in the mail, that a rejection
needs a note, that bytes are a key: 422 is right."""
ANY_FILE = {"POST /api/v1/voters/imports"}
"""Whatever stands in a file, it is a file: the worker reads it later."""
ENDS_THE_SESSION = "/auth/logout"


def takes_nothing(operation):
    """Tell whether nothing can be wrong in a request: no parameter, no body, no token."""
    said = operation.definition.raw
    return not (said["parameters"] or "requestBody" in said or "security" in said)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_one_that_the_document_promises(app, mode, monkeypatch):
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", False)
    admin, voter = bearer("admin"), bearer("voter")
    count = 0
    operations = [
        found.ok() for found in schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).get_all_operations()
    ]
    each = MANY or max(2, CASES // len(operations))
    turn = 0 if mode is GenerationMode.POSITIVE else 1
    for operation in operations if MANY else operations[turn::2]:
        if operation.path.endswith(ENDS_THE_SESSION) or (turn and takes_nothing(operation)):
            continue
        headers = voter if "/me/" in operation.path else admin
        excluded = [positive_data_acceptance] if operation.label in AGAINST_A_RULE else []
        excluded += [negative_data_rejection] if operation.label in ANY_FILE else []

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
    print(f"{mode.value}: {count} cases over {len(operations)} operations")  # noqa: T201  what make api-check reports
    assert count > len(operations) // 2
