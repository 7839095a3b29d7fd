"""The one table of who may do what."""

from __future__ import annotations

import enum


class Permission(enum.StrEnum):
    MANAGE_ELECTIONS = "manage_elections"
    MANAGE_CANDIDATES = "manage_candidates"
    MANAGE_VOTERS = "manage_voters"
    ENROL_FACES = "enrol_faces"
    VIEW_DESK = "view_desk"
    VIEW_RESULTS = "view_results"
    VIEW_EVIDENCE = "view_evidence"
    REVIEW_ATTEMPTS = "review_attempts"
    READ_MAILBOX = "read_mailbox"
    MANAGE_ATTENDANCE = "manage_attendance"
    DECIDE_DEVICES = "decide_devices"
    OPEN_KIOSK = "open_kiosk"
    MANAGE_BOOTHS = "manage_booths"
    MANAGE_MAIL = "manage_mail"
    CONFIRM_ACTS = "confirm_acts"
    VIEW_AUDIT = "view_audit"
    MANAGE_STAFF = "manage_staff"
    VIEW_PERMISSIONS = "view_permissions"
    OWN_ACCOUNT = "own_account"
    POLL = "poll"
    OWN_VOTES = "own_votes"
    OWN_TOKENS = "own_tokens"


EVERY_STAFF = frozenset(
    {Permission.VIEW_DESK, Permission.VIEW_PERMISSIONS, Permission.OWN_ACCOUNT, Permission.OWN_TOKENS}
)

ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    "admin": frozenset(Permission) - {Permission.POLL, Permission.OWN_VOTES},
    "officer": EVERY_STAFF
    | {Permission.OPEN_KIOSK, Permission.MANAGE_BOOTHS, Permission.CONFIRM_ACTS, Permission.MANAGE_ATTENDANCE},
    "observer": EVERY_STAFF | {Permission.VIEW_RESULTS, Permission.VIEW_AUDIT},
    "kiosk": frozenset({Permission.POLL}),
    "voter": frozenset({Permission.OWN_TOKENS, Permission.OWN_VOTES}),
}


def has_permission(role: str, permission: Permission) -> bool:
    """Tell whether a principal of this role holds the permission; unknown roles hold none."""
    return permission in ROLE_PERMISSIONS.get(role, frozenset())
