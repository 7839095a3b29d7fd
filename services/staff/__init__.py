"""Staff: who there is, invitations, roles and access, sessions, the lists of elections."""

from services.staff.guard import LastAdmin, change_role, deactivate, find, find_by_name, reactivate, without_admin
from services.staff.links import (
    Invitee,
    LinkState,
    accept,
    invite,
    look_up,
    password_link,
    resend,
    waiting_invitations,
    withdraw,
)
from services.staff.lists import Person, add, addable, everybody, listed, remove
from services.staff.sessions import end_all, end_one, is_stale, note_use, open_sessions

__all__ = [
    "Invitee",
    "LastAdmin",
    "LinkState",
    "Person",
    "accept",
    "add",
    "addable",
    "change_role",
    "deactivate",
    "end_all",
    "end_one",
    "everybody",
    "find",
    "find_by_name",
    "invite",
    "is_stale",
    "listed",
    "look_up",
    "note_use",
    "open_sessions",
    "password_link",
    "reactivate",
    "remove",
    "resend",
    "waiting_invitations",
    "withdraw",
    "without_admin",
]
