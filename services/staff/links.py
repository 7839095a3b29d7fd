"""Invitations, and links for a new password: bearer tokens that a person uses once to set a name and a password.

What an account may do is decided when the link is made; the person who follows it chooses only name and password.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update

from models import Election, LoginFailure, StaffLink, StaffLinkElection, StaffLinkKind, StaffRole, StaffUser, db
from services import audit_logger, email_service, membership
from services.accounts import add_staff, check_password
from services.actor import Actor
from services.clock import utc_now
from services.errors import Conflict, NotFound, ValidationFailed
from services.membership import seen_by
from services.person_name import check_name
from services.security import hash_password, hash_token, new_token
from services.staff.guard import find, find_by_name
from services.staff.names import check_email, check_username
from services.staff.sessions import end_all

INVITATION_LASTS = timedelta(days=7)
PASSWORD_LASTS = timedelta(hours=24)


class LinkState(enum.StrEnum):
    GOOD = "good"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """Never made, withdrawn, or replaced by a newer one: the words are the same, so that nobody learns which."""


@dataclass(frozen=True)
class Invitee:
    """What an admin enters about a person to invite; `elections` are those to be on the list of."""

    name: str
    email: str
    role: str
    elections: frozenset[int]


def invite(invitee: Invitee, actor: Actor, address: str) -> StaffLink:
    """Write the invitation and queue its mail; `address` is the page that takes the token as `?token=`.

    Raises ValidationFailed for wrong entries, an address of present staff or an election of others.
    """
    values = _checked(invitee, actor)
    token = new_token()
    link = StaffLink(
        kind=StaffLinkKind.INVITATION, token_hash=hash_token(token), made_by=actor.id,
        expires_at=utc_now() + INVITATION_LASTS, **values,
    )  # fmt: skip
    db.session.add(link)
    db.session.flush()
    db.session.add_all(StaffLinkElection(link_id=link.id, election_id=number) for number in invitee.elections)
    _send(link, token, actor, address)
    audit_logger.record(
        "staff:invitation:sent", actor, name=link.name, role=link.role.value, subject_id=link.id,
        count=len(invitee.elections),
    )  # fmt: skip
    return link


def resend(link_id: int, actor: Actor, address: str) -> StaffLink:
    """Send a new link for seven days more; the one before is worth nothing from now on. Raises as `withdraw`."""
    link = _waiting(link_id)
    token = new_token()
    link.token_hash, link.expires_at = hash_token(token), utc_now() + INVITATION_LASTS
    _send(link, token, actor, address)
    audit_logger.record("staff:invitation:resent", actor, name=link.name, subject_id=link.id)
    return link


def withdraw(link_id: int, actor: Actor) -> StaffLink:
    """Take an invitation back; raises NotFound, and Conflict when it was accepted or withdrawn before."""
    link = _waiting(link_id)
    link.withdrawn_at = utc_now()
    audit_logger.record("staff:invitation:withdrawn", actor, name=link.name, subject_id=link.id)
    return link


def waiting_invitations() -> list[StaffLink]:
    """Return the invitations that nobody accepted or took back, the newest first; expired ones too."""
    kept = StaffLink.used_at.is_(None), StaffLink.withdrawn_at.is_(None), StaffLink.kind == StaffLinkKind.INVITATION
    return list(db.session.scalars(select(StaffLink).where(*kept).order_by(StaffLink.id.desc())))


def look_up(token: str) -> tuple[LinkState, StaffLink | None]:
    """Return how a link stands, without spending it, and the link while it is good."""
    return _judge(db.session.scalar(select(StaffLink).where(StaffLink.token_hash == hash_token(token))))


def accept(token: str, username: str, password: str, actor: Actor) -> tuple[LinkState, StaffUser | None]:
    """Spend the link: make the account, or set the new password of the one it was made for.

    Raises ValidationFailed and Conflict for a name or password that cannot be; the link is then unspent.
    """
    found = select(StaffLink).where(StaffLink.token_hash == hash_token(token))
    state, link = _judge(db.session.scalar(found.with_for_update().execution_options(populate_existing=True)))
    if link is None:
        return state, None
    invited = link.kind is StaffLinkKind.INVITATION
    user = _make_account(link, username, password, actor) if invited else _set_password(link, password, actor)
    link.used_at = utc_now()
    link.staff_user_id = user.id
    return LinkState.GOOD, user


def password_link(username: str, actor: Actor, address: str) -> str:
    """Return the address of a page where this person sets a new password, within a day; older ones end.

    Raises NotFound.
    """
    user = find_by_name(username)
    older = update(StaffLink).where(
        StaffLink.staff_user_id == user.id, StaffLink.kind == StaffLinkKind.PASSWORD, StaffLink.used_at.is_(None)
    )
    db.session.execute(older.values(withdrawn_at=utc_now()))
    token = new_token()
    link = StaffLink(
        kind=StaffLinkKind.PASSWORD, name=user.name or user.username, email=user.email, role=user.role,
        token_hash=hash_token(token), staff_user_id=user.id, expires_at=utc_now() + PASSWORD_LASTS,
    )  # fmt: skip
    db.session.add(link)
    audit_logger.record("staff:password:link_made", actor, username=username)
    return f"{address}?token={token}"


def _checked(invitee: Invitee, actor: Actor) -> dict[str, object]:
    errors: dict[str, str] = {}
    values: dict[str, object] = {}
    for field, check in (("name", check_name), ("email", check_email)):
        try:
            values[field] = check(getattr(invitee, field))
        except ValueError as error:
            errors[field] = str(error)
    try:
        values["role"] = StaffRole(invitee.role)
    except ValueError:
        errors["role"] = _("Choose a role.")
    if "email" in values and _address_in_use(str(values["email"])):
        errors["email"] = _("Somebody of the staff has this address, or is invited already.")
    own = set(db.session.scalars(select(Election.id).where(seen_by(actor), Election.id.in_(invitee.elections))))
    if own != invitee.elections:
        errors["elections"] = _("One of these elections is gone. Choose again.")
    if errors:
        raise ValidationFailed(fields=errors)
    return values


def _address_in_use(email: str) -> bool:
    staff = select(StaffUser.id).where(func.lower(StaffUser.email) == email.lower())
    invited = select(StaffLink.id).where(
        func.lower(StaffLink.email) == email.lower(), StaffLink.kind == StaffLinkKind.INVITATION,
        StaffLink.used_at.is_(None), StaffLink.withdrawn_at.is_(None),
    )  # fmt: skip
    return bool(db.session.scalar(staff.limit(1)) or db.session.scalar(invited.limit(1)))


def _send(link: StaffLink, token: str, actor: Actor, address: str) -> None:
    email_service.queue_invitation(
        link.email or "", f"{address}?token={token}", link.name, link.role.value, actor.name, link.expires_at
    )


def _waiting(link_id: int) -> StaffLink:
    link = db.session.get(StaffLink, link_id, with_for_update=True, populate_existing=True)
    if link is None or link.kind is not StaffLinkKind.INVITATION:
        raise NotFound(_("There is no such invitation."))
    if link.used_at is not None or link.withdrawn_at is not None:
        raise Conflict(_("This invitation was accepted or taken back already."))
    return link


def _judge(link: StaffLink | None) -> tuple[LinkState, StaffLink | None]:
    if link is None or link.withdrawn_at is not None:
        return LinkState.UNKNOWN, None
    if link.used_at is not None:
        return LinkState.USED, None
    if link.expires_at <= utc_now():
        return LinkState.EXPIRED, None
    return LinkState.GOOD, link


def _make_account(link: StaffLink, username: str, password: str, actor: Actor) -> StaffUser:
    """Make the invited person's account; who invited must still be there for the elections to count."""
    name = check_username(username)
    check_password(password, name, link.name, link.email)
    user = add_staff(name, hash_password(password), link.role, actor, link.email)
    user.name = link.name
    inviter = db.session.get(StaffUser, link.made_by) if link.made_by else None
    wanted = db.session.scalars(select(StaffLinkElection.election_id).where(StaffLinkElection.link_id == link.id))
    for number in wanted.all():
        if inviter is not None and membership.is_member(inviter, number):
            membership.join(number, user.id)
    audit_logger.record("staff:invitation:accepted", actor, username=name, role=link.role.value, subject_id=link.id)
    return user


def _set_password(link: StaffLink, password: str, actor: Actor) -> StaffUser:
    user = find(link.staff_user_id or 0)
    check_password(password, user.username, user.name, user.email)
    user.password_hash = hash_password(password)
    db.session.execute(delete(LoginFailure).where(LoginFailure.username == user.username))
    end_all(user, actor)
    audit_logger.record("staff:password:reset", actor, username=user.username)
    return user
