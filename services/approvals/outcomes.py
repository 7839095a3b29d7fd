"""What became of a try to confirm, reject or withdraw: expected refusals are returned, so they stay written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models import Approval
from services.approvals.acts import Change

Kind = Literal["done", "rejected", "withdrawn", "expired", "over", "own", "not_yours", "wrong_password", "refused"]


@dataclass(frozen=True)
class ActOutcome:
    """`message` says in words why nothing was done; `change` is given for `done` only.

    over: somebody decided before. own: the requester may not confirm. refused: not possible in the present state.
    """

    kind: Kind
    approval: Approval
    message: str = ""
    change: Change | None = None

    @property
    def ok(self) -> bool:
        return self.kind in ("done", "rejected", "withdrawn")
