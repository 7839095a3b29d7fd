"""Evidence packs: everything that anybody needs to check the count of a secret election (docs/verification.md)."""

from services.evidence.building import PackFile, SelfCheck, evidence_pack, pack_problem
from services.evidence.content import verifier

__all__ = ["PackFile", "SelfCheck", "evidence_pack", "pack_problem", "verifier"]
