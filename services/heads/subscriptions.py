"""People outside who asked for the heads of an election by mail: candidates, delegates of parties, anybody named.

An address gets heads only after its owner confirmed it. No list of voters is ever looked at.
"""

from __future__ import annotations

import enum
from datetime import timedelta

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Select, delete, func, select

from models import Election, ElectionStatus, HeadSubscription, db
from services import audit_logger, email_service
from services.actor import WORKER, Actor
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, NotFound, ValidationFailed
from services.person_name import check_name
from services.security import hash_token, new_token

LASTS = timedelta(days=7)
MOST = 50
"""Most people of one election: each head is mailed to all of them."""
PAUSE = timedelta(minutes=10)
"""Between two confirmation mails to one address: nobody's mailbox is filled by a button."""


class ConfirmationState(enum.StrEnum):
    GOOD = "good"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """Never made, removed, replaced by a newer one, or over with its election; the words are the same."""


def subscribe(election: Election, name: str, email: str, actor: Actor, address: str) -> HeadSubscription:
    """Enter somebody and queue the mail that asks for confirmation; `address` takes the token as `?token=`.

    Raises ValidationFailed for wrong entries or an address that is entered already; Conflict when the election is
    over or has as many people as it may have.
    """
    # One after the other, so that neither the limit nor the address is passed by two at once.
    db.session.execute(select(Election.id).where(Election.id == election.id).with_for_update(key_share=True))
    _must_be_possible(election)
    values = _checked(election, name, email)
    token = new_token()
    made = HeadSubscription(
        election_id=election.id, token_hash=hash_token(token), asked_at=utc_now(), expires_at=utc_now() + LASTS,
        **values,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    _ask(made, election, token, address)
    audit_logger.record("staff:head_mail:added", actor, election_id=election.id, name=made.name, subject_id=made.id)
    return made


def ask_again(election: Election, number: int, actor: Actor, address: str) -> HeadSubscription:
    """Send a new link, the one before is worth nothing; raises NotFound, and Conflict when confirmed or too soon."""
    found = _find(election, number)
    if found.confirmed_at is not None:
        raise Conflict(_("This address is confirmed already."))
    if utc_now() - found.asked_at < PAUSE:
        raise Conflict(_("A mail is on its way. Wait ten minutes before the next one."))
    token = new_token()
    found.token_hash, found.asked_at, found.expires_at = hash_token(token), utc_now(), utc_now() + LASTS
    _ask(found, election, token, address)
    audit_logger.record("staff:head_mail:asked_again", actor, election_id=election.id, name=found.name,
                        subject_id=found.id)  # fmt: skip
    return found


def remove(election: Election, number: int, actor: Actor) -> str:
    """End a subscription and return the name; raises NotFound."""
    found = _find(election, number)
    audit_logger.record("staff:head_mail:removed", actor, election_id=election.id, name=found.name,
                        subject_id=found.id)  # fmt: skip
    db.session.delete(found)
    return found.name


def subscriptions_of(election: Election) -> list[HeadSubscription]:
    """Return the people of an election, by name."""
    mine = select(HeadSubscription).where(HeadSubscription.election_id == election.id)
    return list(db.session.scalars(mine.order_by(HeadSubscription.name, HeadSubscription.id)))


def look_up_confirmation(token: str) -> tuple[ConfirmationState, HeadSubscription | None]:
    """Return how a link stands, without spending it, and the subscription while the link is good."""
    return _judge(db.session.scalar(_by_token(token)))


def confirm(token: str, actor: Actor) -> tuple[ConfirmationState, HeadSubscription | None]:
    """Spend a link: from now on heads are mailed. Return as `look_up_confirmation`."""
    locked = _by_token(token).with_for_update().execution_options(populate_existing=True)
    state, found = _judge(db.session.scalar(locked))
    if found is not None:
        found.confirmed_at = utc_now()
        audit_logger.record("outside:head_mail:confirmed", actor, election_id=found.election_id, name=found.name,
                            subject_id=found.id)  # fmt: skip
    return state, found


def stop_token(subscription: HeadSubscription) -> str:
    """Return what the link of each mail ends this subscription with; it is kept nowhere."""
    return str(_signer().dumps(subscription.id))


def look_up_stop(token: str) -> tuple[bool, HeadSubscription | None]:
    """Tell whether we made this token, and return its subscription unless that has ended."""
    try:
        number = _signer().loads(token)
    except BadSignature:
        return False, None
    return True, db.session.get(HeadSubscription, number)


def stop(token: str, actor: Actor) -> bool:
    """End the subscription of a mail's link; tell whether the token is ours. A second time changes nothing."""
    ours, found = look_up_stop(token)
    if found is not None:
        gone = delete(HeadSubscription).where(HeadSubscription.id == found.id).returning(HeadSubscription.id)
        if db.session.scalar(gone) is not None:
            audit_logger.record("outside:head_mail:stopped", actor, election_id=found.election_id, name=found.name,
                                subject_id=found.id)  # fmt: skip
    return ours


def confirmed_of(election: Election) -> list[HeadSubscription]:
    """Return those who get the heads of an election."""
    return [one for one in subscriptions_of(election) if one.confirmed_at is not None]


def end_all(election: Election) -> None:
    """End every subscription of an election whose last heads are mailed; run by the worker."""
    gone = delete(HeadSubscription).where(HeadSubscription.election_id == election.id)
    ended = len(db.session.scalars(gone.returning(HeadSubscription.id)).all())
    if ended:
        audit_logger.record("worker:head_mail:ended", WORKER, election_id=election.id, count=ended)


def _must_be_possible(election: Election) -> None:
    if election.status not in (ElectionStatus.DRAFT, ElectionStatus.ACTIVE):
        raise Conflict(_("This election is over: no more heads are mailed. The public page has the last ones."))
    mine = select(func.count()).select_from(HeadSubscription).where(HeadSubscription.election_id == election.id)
    if (db.session.scalar(mine) or 0) >= MOST:
        raise Conflict(_("%(most)s people are entered, which is the most. Remove somebody first.", most=MOST))


def _checked(election: Election, name: str, email: str) -> dict[str, str]:
    errors: dict[str, str] = {}
    values: dict[str, str] = {}
    for field, check, given in (("name", check_name, name), ("email", _check_email, email)):
        try:
            values[field] = check(given)
        except ValueError as error:
            errors[field] = str(error)
    if "email" in values:
        same = func.lower(HeadSubscription.email) == values["email"].lower()
        if db.session.scalar(select(HeadSubscription.id).where(HeadSubscription.election_id == election.id, same)):
            errors["email"] = _("This address is on the list already.")
    if errors:
        raise ValidationFailed(fields=errors)
    return values


def _check_email(text: str) -> str:
    if not text.strip():
        raise ValueError(_("Enter the e-mail address. The heads go there."))
    try:
        return str(validate_email(text.strip(), check_deliverability=False).normalized)
    except EmailNotValidError as error:
        raise ValueError(_("No mail can be sent to this address. Check it letter by letter.")) from error


def _ask(subscription: HeadSubscription, election: Election, token: str, address: str) -> None:
    email_service.queue_head_confirmation(
        subscription.email, election, f"{address}?token={token}", subscription.name, subscription.expires_at
    )


def _find(election: Election, number: int) -> HeadSubscription:
    found = db.session.get(HeadSubscription, number, with_for_update=True, populate_existing=True)
    if found is None or found.election_id != election.id:
        raise NotFound(_("This person is not on the list any more."))
    return found


def _by_token(token: str) -> Select[HeadSubscription]:
    return select(HeadSubscription).where(HeadSubscription.token_hash == hash_token(token))


def _judge(found: HeadSubscription | None) -> tuple[ConfirmationState, HeadSubscription | None]:
    if found is None:
        return ConfirmationState.UNKNOWN, None
    if found.confirmed_at is not None:
        return ConfirmationState.USED, None
    if found.expires_at <= utc_now():
        return ConfirmationState.EXPIRED, None
    return ConfirmationState.GOOD, found


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(platform().settings.secret_key, salt="smart-voting/stop-head-mails")
