"""The table of permissions in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as N_

from services.security import Permission, has_permission

ROLES = ("admin", "officer", "observer", "kiosk", "voter")
WORDS = {
    Permission.VIEW_DESK: N_("See the live desk: turnout, alerts, booths"),
    Permission.VIEW_RESULTS: N_("See the result as far as its rule allows, and export it"),
    Permission.VIEW_PERMISSIONS: N_("See this table"),
    Permission.OWN_ACCOUNT: N_("Change the own password, second step and sessions"),
    Permission.MANAGE_ELECTIONS: N_("Make, change, open and close elections"),
    Permission.MANAGE_CANDIDATES: N_("Enter parties and candidates"),
    Permission.MANAGE_VOTERS: N_("Enter voters and the electoral roll"),
    Permission.ENROL_FACES: N_("Enrol the face of a voter"),
    Permission.VIEW_EVIDENCE: N_("See the pictures of voters and of attempts"),
    Permission.REVIEW_ATTEMPTS: N_("Judge attempts that need a review"),
    Permission.CONFIRM_ACTS: N_("Confirm a dangerous act that somebody else asked for"),
    Permission.OPEN_KIOSK: N_("Open and leave a booth, confirm a document"),
    Permission.MANAGE_BOOTHS: N_("Look after booths, stop one, write notes on booth sheets"),
    Permission.MANAGE_ATTENDANCE: N_("Hold meetings, check members in, judge check-ins: officers their own meetings"),
    Permission.DECIDE_DEVICES: N_("Approve another device of a member"),
    Permission.MANAGE_STAFF: N_("Invite staff, change roles, keep the lists of elections"),
    Permission.VIEW_AUDIT: N_("Read and export the audit log"),
    Permission.MANAGE_MAIL: N_("See what became of each mail, send it again"),
    Permission.READ_MAILBOX: N_("Read the mails of a trial installation"),
    Permission.POLL: N_("Take a voter through identification and ballot"),
    Permission.OWN_TOKENS: N_("See and end the own session of a program (API)"),
    Permission.OWN_VOTES: N_("Vote in the own elections, see them, and look after the own voter account"),
}


@dataclass(frozen=True)
class PermissionRow:
    """A permission, its words, and for each role whether it is held."""

    name: str
    words: str
    roles: dict[str, bool]


def permission_rows() -> list[PermissionRow]:
    """Return every permission of the table in code; one without words shows its name."""
    known = [*WORDS, *(one for one in Permission if one not in WORDS)]
    return [
        PermissionRow(one.value, str(WORDS.get(one, one.value)), {role: has_permission(role, one) for role in ROLES})
        for one in known
    ]
