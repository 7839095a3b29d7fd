"""The staff form of an identification by document: what it holds, what must be filled in, how long a sign-in holds."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from flask_babel import gettext as _

from models import DocumentKind, Kiosk, StaffUser, Voter, db
from services.clock import utc_now
from services.context import platform
from services.membership import count_members, is_member
from services.security import ROLE_PERMISSIONS, Permission, has_permission

MIN_REASON = 10
"""Characters: two or three words. Less says nothing to whoever reviews the identification."""
MAX_REASON = 500
SEAL_SECONDS = 300
"""How long an officer's sign-in holds for one voter at one kiosk: time to fetch the second person."""
NUMBER_DIGITS = 5
"""A run of letters and digits with so many digits is the number of a document; a time of day has fewer."""
RUN = re.compile(r"[^\W_]+")
BETWEEN_DIGITS = re.compile(r"(?<=\d)[ .\-/]+(?=\d)")
SEAL_USE = "officer at a kiosk"


@dataclass(frozen=True)
class StaffForm:
    """The form as typed; `seal` stands for the officer's user name and password once they were accepted."""

    voter_number: str
    document: str = ""
    reason: str = ""
    officer: str = ""
    password: str = field(default="", repr=False)
    second: str = ""
    second_password: str = field(default="", repr=False)
    seal: str = field(default="", repr=False)


def shape_problems(form: StaffForm, sealed: bool, alone: bool) -> dict[str, str]:
    """Return what is missing, by field; with these nobody's password is tried."""
    problems: dict[str, str] = {}
    if form.document not in set(DocumentKind):
        problems["document"] = _("Choose the kind of document.")
    if len(form.reason) < MIN_REASON:
        problems["reason"] = _("Say why in %(count)s characters or more.", count=MIN_REASON)
    elif len(form.reason) > MAX_REASON:
        problems["reason"] = _("This is too long. The limit is %(limit)s characters.", limit=MAX_REASON)
    elif holds_a_number(form.reason):
        problems["reason"] = _("Leave out the number. No number of a document is kept.")
    names = ("officer", "second") if not sealed else ("second",)
    for name in names if not alone else names[:-1]:
        if not getattr(form, name):
            problems[name] = _("Type the user name.")
    for name in ("password", "second_password") if not sealed else ("second_password",):
        if not getattr(form, name):
            problems[name] = _("Type the password.")
    return problems


def holds_a_number(text: str) -> bool:
    """Tell whether the text holds what looks like the number of a document, also when it is written in groups."""
    joined = BETWEEN_DIGITS.sub("", text)
    return any(sum(character.isdigit() for character in run) >= NUMBER_DIGITS for run in RUN.findall(joined))


def may_confirm(user: StaffUser, kiosk: Kiosk) -> bool:
    """Tell whether this staff member may answer for a document: whoever of the election may open a kiosk."""
    return has_permission(user.role.value, Permission.OPEN_KIOSK) and is_member(user, kiosk.election_id)


def commission_size(election_id: int) -> int:
    """Return how many active staff members of an election may confirm a document; 1 is a commission of one person."""
    roles = [role for role, held in ROLE_PERMISSIONS.items() if Permission.OPEN_KIOSK in held]
    return count_members(election_id, *roles)


def seal_for(kiosk: Kiosk, voter: Voter, officer: StaffUser) -> str:
    """Return a sealed text that says: this officer signed in at this kiosk for this voter, until then."""
    until = utc_now() + timedelta(seconds=SEAL_SECONDS)
    held = {
        "use": SEAL_USE, "kiosk": kiosk.id, "voter": voter.id, "officer": officer.id, "until": int(until.timestamp()),
    }  # fmt: skip
    return platform().cipher.encrypt(json.dumps(held).encode()).decode("ascii")


def open_seal(seal: str, kiosk: Kiosk, voter: Voter) -> StaffUser | None:
    """Return the officer of a seal made for this kiosk and voter; None when it is over, foreign or changed."""
    held = _held(seal, kiosk)
    if held.get("voter") != voter.id:
        return None
    officer = db.session.get(StaffUser, held["officer"]) if held["until"] > utc_now().timestamp() else None
    return officer if officer is not None and officer.is_active and may_confirm(officer, kiosk) else None


def is_signed_for(seal: str, kiosk: Kiosk) -> bool:
    """Tell whether an officer signed in at this kiosk a moment ago, for whichever voter."""
    return bool(_held(seal, kiosk).get("until", 0) > utc_now().timestamp())


def _held(seal: str, kiosk: Kiosk) -> dict[str, Any]:
    """Return what a seal of this kiosk says, nothing when it is foreign or changed."""
    try:
        held = json.loads(platform().cipher.decrypt(seal.encode())) if seal else None
    except (InvalidToken, ValueError):
        return {}
    if not isinstance(held, dict) or (held.get("use"), held.get("kiosk")) != (SEAL_USE, kiosk.id):
        return {}
    return held
