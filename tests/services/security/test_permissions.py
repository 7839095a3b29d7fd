"""The table of who may do what, written down once more."""

from __future__ import annotations

import pytest

from models import StaffRole
from services.security import ROLE_PERMISSIONS, Permission, has_permission


def test_nobody_holds_more_than_this():
    held = {role: {permission.value for permission in permissions} for role, permissions in ROLE_PERMISSIONS.items()}
    assert held == {
        "admin": {
            "manage_elections", "manage_candidates", "manage_voters", "enrol_faces", "view_desk", "view_results",
            "view_evidence", "review_attempts", "read_mailbox", "open_kiosk", "manage_booths", "manage_mail",
            "confirm_acts", "manage_staff", "view_audit", "view_permissions", "own_account", "own_tokens",
            "manage_attendance", "decide_devices",
        },
        "officer": {
            "open_kiosk", "view_desk", "manage_booths", "confirm_acts", "view_permissions", "own_account", "own_tokens",
            "manage_attendance",
        },
        "observer": {"view_desk", "view_results", "view_audit", "view_permissions", "own_account", "own_tokens"},
        "kiosk": {"poll"},
        "voter": {"own_tokens", "own_votes"},
    }  # fmt: skip


@pytest.mark.parametrize("role", list(StaffRole))
def test_no_staff_member_may_poll(role):
    assert not has_permission(role.value, Permission.POLL)


@pytest.mark.parametrize("role", ["", "anonymous", "system", "Admin", "root", "admin "])
def test_an_unknown_role_holds_nothing(role):
    assert not any(has_permission(role, permission) for permission in Permission)
