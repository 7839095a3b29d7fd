"""The API against its own description: schemathesis sends what fits and what does not, and checks each answer."""

from __future__ import annotations

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
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
SHARE, EVERY = 3, 12
"""An officer and nobody ask a third of the cases of who may; here one case each, of every twelfth operation."""


def takes_nothing(operation):
    """Tell whether nothing can be wrong in a request: no parameter, no body, no token."""
    said = operation.definition.raw
    return not (said["parameters"] or "requestBody" in said or "security" in said)


def callers(place, tokens, operation):
    """Return who asks an operation, each with a header and a number of cases: somebody who may, an officer, nobody."""
    fits = tokens["voter" if "/me/" in operation.path else "admin"]
    each = MANY or max(2, CASES // len(place))
    found = [("who may", fits, each)]
    if MANY or place.index(operation) % EVERY == 0:
        found += [(name, tokens[name], -(-MANY // SHARE) or 1) for name in ("officer", "nobody")]
    return found


def left_unsaid(case):
    """Return the check that a wrong question would be refused, for a question that an address cannot hold: no value."""
    return [negative_data_rejection] if any(value in ([], {}) for value in (case.query or {}).values()) else []


def asked(operation, mode, headers, cases, excluded):
    """Send so many cases to an operation; returns how many were sent, and what was wrong with an answer or None."""
    sent = []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=cases, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case):
        sent.append(case)
        case.call_and_validate(headers=headers, excluded_checks=[*excluded, *left_unsaid(case)])

    try:
        ask()
    except (FailureGroup, Failure) as wrong:
        return len(sent), str(wrong)
    return len(sent), None


@pytest.mark.timeout(0 if MANY else 600)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_one_that_the_document_promises(app, mode, monkeypatch):
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", False)
    tokens = {role: bearer(role) for role in ("admin", "officer", "voter")} | {"nobody": {}}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    count, failures, negative = 0, [], mode is GenerationMode.NEGATIVE
    for operation in operations if MANY else operations[1 if negative else 0 :: 2]:
        if operation.path.endswith(ENDS_THE_SESSION) or (negative and takes_nothing(operation)):
            continue
        excluded = [positive_data_acceptance] if operation.label in AGAINST_A_RULE else []
        excluded += [negative_data_rejection] if operation.label in ANY_FILE else []
        for name, headers, cases in callers(operations, tokens, operation):
            sent, wrong = asked(operation, mode, headers, cases, excluded)
            count += sent
            if wrong:
                failures.append(f"FAILED {operation.label}, asked by {name}:\n{wrong}")
                print(f"\n{failures[-1]}")  # noqa: T201  seen while `make api-check` runs on
        if MANY:
            print(".", end="", flush=True)  # noqa: T201  it runs for minutes
    said = f"{mode.value}: {count} cases over {len(operations)} operations, {len(failures)} operations failed"
    print(f"\n{said}")  # noqa: T201  what make api-check reports
    assert not failures, "\n\n".join(failures)
    assert count > len(operations) // 2
