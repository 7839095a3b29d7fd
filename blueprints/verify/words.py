"""What is said to somebody who typed a receipt code, or pasted a signed receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from models import Election
from services import ballots
from services.ballots import SignedReceipt
from services.errors import Conflict
from services.results import receipts_listed


@dataclass(frozen=True)
class Answer:
    """An alert (`kind` ok, notice or danger) for a person, `facts` for a program."""

    kind: str
    title: str
    text: str
    facts: dict[str, Any]


def answer_to(election: Election, typed: str) -> Answer:
    """Answer a code, or a signed receipt.

    Raises ValidationFailed when it can be neither, Conflict for a bare code while no receipts are listed.
    """
    listed = receipts_listed(election)
    if ":" in typed:
        return _signed(ballots.check_signed_receipt(election, typed), listed)
    if not listed:
        raise Conflict(_("The receipts are listed once the election is closed and counted."))
    return _code(typed, ballots.is_counted(election, typed))


def _code(typed: str, counted: bool) -> Answer:
    if counted:
        text = _("The code %(code)s is on the list.", code=typed)
        return Answer("ok", _("Yes, this ballot was counted."), text, {"counted": True})
    text = _("Compare it letter by letter with your receipt. If it is right, check the signed receipt of the QR code.")
    return Answer("danger", _("This code is not on the list."), text, {"counted": False})


def _signed(receipt: SignedReceipt, listed: bool) -> Answer:
    code = ballots.format_receipt(receipt.code)
    facts = {"ours": receipt.ours, "genuine": receipt.genuine, "counted": receipt.counted if listed else None}
    if not receipt.genuine:
        text = _("It was changed, or it is not from this installation. Scan the QR code again.")
        return Answer("danger", _("The signature does not fit this receipt."), text, facts)
    if not receipt.ours:
        text = _("Its signature fits. Open the page of that election and paste it there.")
        return Answer("notice", _("This receipt is of another election."), text, facts)
    if not listed:
        text = _("The ballot with the code %(code)s was taken. Come back after the count.", code=code)
        return Answer("ok", _("This receipt is genuine."), text, facts)
    if receipt.counted:
        text = _("Its signature fits, and the code %(code)s is on the list.", code=code)
        return Answer("ok", _("Yes, this ballot was counted."), text, facts)
    text = _(
        "The signature fits, but the code %(code)s is not on the list. This is proof. Keep the paper, and show it to"
        " the observers and to the Election Commission.",
        code=code,
    )
    return Answer("danger", _("This ballot is missing from the count."), text, facts)
