"""Parties and candidates: what stands on a ballot."""

from services.candidates.candidates import (
    INDEPENDENT,
    CandidateEntries,
    create_candidate,
    delete_candidate,
    elections_with_ballot,
    get_candidate,
    is_fixed,
    list_candidates,
    move_candidate,
    update_candidate,
)
from services.candidates.entries import MAX_DESCRIPTION
from services.candidates.parties import (
    PartyEntries,
    PartyRow,
    count_candidates,
    create_party,
    delete_party,
    get_party,
    is_on_a_ballot,
    list_parties,
    update_party,
)

__all__ = [
    "INDEPENDENT",
    "MAX_DESCRIPTION",
    "CandidateEntries",
    "PartyEntries",
    "PartyRow",
    "count_candidates",
    "create_candidate",
    "create_party",
    "delete_candidate",
    "delete_party",
    "elections_with_ballot",
    "get_candidate",
    "get_party",
    "is_fixed",
    "is_on_a_ballot",
    "list_candidates",
    "list_parties",
    "move_candidate",
    "update_candidate",
    "update_party",
]
