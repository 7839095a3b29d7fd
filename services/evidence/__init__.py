"""Evidence packs: everything that anybody needs to check the count of a secret election (docs/verification.md)."""

from services.evidence.as_blt import ballots_as_blt
from services.evidence.building import PackFile, SelfCheck, evidence_pack, kept_pack, make_due_packs, pack_problem
from services.evidence.content import verifier, verifier_sum
from services.evidence.definition_words import Definition, definition_of

__all__ = [
    "Definition",
    "PackFile",
    "SelfCheck",
    "ballots_as_blt",
    "definition_of",
    "evidence_pack",
    "kept_pack",
    "make_due_packs",
    "pack_problem",
    "verifier",
    "verifier_sum",
]
