"""Identification by document: an officer looks at it, a second staff member confirms, and the voter votes as usual.

What is kept: the kind of document, the two people and their reason. What is never kept: anything that stands on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from flask_babel import gettext as _

from models import AuthEvent, AuthMethod, AuthResult, DocumentKind, Kiosk, Review, StaffUser, Voter, db
from services import accounts, audit_logger, voters
from services.accounts import SignInOutcome
from services.actor import Actor
from services.identification import challenges, guessing, passes
from services.identification.lookup import find_voter
from services.identification.outcomes import LookupReason, VoterLookup
from services.identification.overrides import OverrideCount, override_counts
from services.identification.staff_form import (
    MAX_REASON,
    MIN_REASON,
    SEAL_SECONDS,
    StaffForm,
    commission_size,
    is_signed_for,
    may_confirm,
    open_seal,
    seal_for,
    shape_problems,
)
from services.security import ROLE_PERMISSIONS, Permission

__all__ = [
    "MAX_REASON",
    "MIN_REASON",
    "SEAL_SECONDS",
    "DocumentOutcome",
    "OverrideCount",
    "StaffForm",
    "cancel",
    "identify",
    "open_entry",
    "override_counts",
]
TWO_PEOPLE = "document"
ONE_PERSON = "document_alone"


@dataclass(frozen=True)
class DocumentOutcome:
    """What came of the staff form; `event` is set when the voter is identified and the ballot is open.

    `code` is "identified", "shown" (the officer may see the entry), "ask_officer", a LookupReason when the voter may
    not vote here, or why the staff were refused; `problems` maps a field to the sentence for it. `officer` and `seal`
    are set while the officer's sign-in for this voter holds; `alone` in a commission of one person.
    """

    code: str
    lookup: VoterLookup
    problems: dict[str, str] = field(default_factory=dict)
    retry_after: timedelta | None = None
    officer: StaffUser | None = None
    seal: str = ""
    alone: bool = False
    event: AuthEvent | None = None


def open_entry(kiosk: Kiosk, form: StaffForm, actor: Actor, sign_in: bool) -> DocumentOutcome:
    """Show the roll entry, full name and all, to an officer who signs in for it; without `sign_in` only ask for that.

    A voter alone at the kiosk must not learn a stranger's name by typing a number. Where unknown voter IDs were typed
    again and again, the number is looked up after the sign-in only: a guesser learns nothing, and stops no officer.
    """
    number = voters.normalise_voter_number(form.voter_number)
    slowed = voters.is_voter_number(number) and guessing.seconds_left(kiosk) > 0
    lookup = _not_looked_up(form) if slowed else find_voter(kiosk, form.voter_number, actor, AuthMethod.DOCUMENT)
    if not slowed and (not lookup.by_document or lookup.voter is None):
        return DocumentOutcome(lookup.reason.value, lookup)
    if not sign_in:
        return DocumentOutcome("ask_officer", lookup)
    officer = _proven(kiosk, lookup, "officer", form.officer, form.password, actor)
    if isinstance(officer, DocumentOutcome):
        return officer
    if slowed:
        lookup = find_voter(kiosk, form.voter_number, actor, AuthMethod.DOCUMENT, hurried=False)
    if not lookup.by_document or lookup.voter is None:
        return DocumentOutcome(lookup.reason.value, lookup)
    audit_logger.record(
        "staff:voter:shown", _as_staff(officer, actor), election_id=kiosk.election_id, kiosk=kiosk.name,
        username=officer.username, voter_number=lookup.voter.voter_id,
    )  # fmt: skip
    seal = seal_for(kiosk, lookup.voter, officer)
    return DocumentOutcome("shown", lookup, officer=officer, seal=seal, alone=commission_size(kiosk.election_id) == 1)


def identify(kiosk: Kiosk, form: StaffForm, actor: Actor) -> DocumentOutcome:
    """Identify the voter when two people answer for it; a ballot is then open at this kiosk for three minutes.

    A wrong password counts like a failed sign-in and leaves everything else as it was.
    """
    hurried = not is_signed_for(form.seal, kiosk)
    lookup = find_voter(kiosk, form.voter_number, actor, AuthMethod.DOCUMENT, hurried=hurried)
    voter = lookup.voter
    if not lookup.by_document or voter is None:
        return DocumentOutcome(lookup.reason.value, lookup)
    alone = commission_size(kiosk.election_id) == 1
    sealed = open_seal(form.seal, kiosk, voter) if form.seal else None
    if form.seal and sealed is None:
        over = _("The time for this form is over. Sign in again.")
        return DocumentOutcome("form_over", lookup, {"officer": over})
    if problems := shape_problems(form, sealed is not None, alone):
        return DocumentOutcome("validation_failed", lookup, problems, None, sealed, form.seal, alone)
    officer = sealed or _proven(kiosk, lookup, "officer", form.officer, form.password, actor)
    if isinstance(officer, DocumentOutcome):
        return officer
    second = _second(kiosk, lookup, form, officer, alone, actor)
    if isinstance(second, DocumentOutcome):
        return replace(second, officer=sealed, seal=form.seal, alone=alone)
    return _identified(kiosk, lookup, voter, form, officer, second, actor)


def cancel(kiosk: Kiosk, actor: Actor) -> None:
    """Note that the staff form was left; nothing else remains of it."""
    audit_logger.record("kiosk:document:cancelled", actor, election_id=kiosk.election_id, kiosk=kiosk.name)


def _not_looked_up(form: StaffForm) -> VoterLookup:
    """Return what stands for a voter whom nobody looked up yet; that goes on to the sign-in and no further."""
    return VoterLookup(LookupReason.ELIGIBLE, voters.normalise_voter_number(form.voter_number))


def _proven(
    kiosk: Kiosk, lookup: VoterLookup, name: str, username: str, password: str, actor: Actor
) -> StaffUser | DocumentOutcome:
    """Return the staff member of this name and password who may confirm, or the refusal; `name` is the form's field."""
    problem = "password" if name == "officer" else "second_password"
    if not username or not password:
        missing = {} if username else {name: _("Type the user name.")}
        missing |= {} if password else {problem: _("Type the password.")}
        return DocumentOutcome("validation_failed", lookup, missing)
    signed = accounts.authenticate(username, password, actor)
    if signed.user is None:
        return _not_signed_in(lookup, name, problem, signed)
    if not may_confirm(signed.user, kiosk):
        words = _("This person is no officer of this election. An officer or an admin of it confirms a document.")
        return DocumentOutcome(f"{name}_not_allowed", lookup, {name: words})
    return signed.user


def _not_signed_in(lookup: VoterLookup, name: str, problem: str, signed: SignInOutcome) -> DocumentOutcome:
    code = f"{name}_refused" if signed.retry_after is None else f"{name}_waits"
    return DocumentOutcome(code, lookup, {problem: signed.message}, signed.retry_after)


def _second(
    kiosk: Kiosk, lookup: VoterLookup, form: StaffForm, officer: StaffUser, alone: bool, actor: Actor
) -> StaffUser | DocumentOutcome | None:
    """Return the second person; None in a commission of one, whose admin gives the password once more."""
    if alone and not _is_admin(officer):
        words = _("A second staff member confirms. An admin can add one.")
        return DocumentOutcome("second_needed", lookup, {"second_password": words})
    name = officer.username if alone else form.second
    if not alone and name == officer.username:
        words = _("The second person must be somebody else.")
        return DocumentOutcome("same_person", lookup, {"second": words})
    found = _proven(kiosk, lookup, "second", name, form.second_password, actor)
    return None if alone and isinstance(found, StaffUser) else found


def _identified(
    kiosk: Kiosk,
    lookup: VoterLookup,
    voter: Voter,
    form: StaffForm,
    officer: StaffUser,
    second: StaffUser | None,
    actor: Actor,
) -> DocumentOutcome:
    """Write down the event, its audit rows and the pass; what the voter left in the booth before is cleared."""
    challenges.close_waiting(kiosk, actor, voter.id)
    event = AuthEvent(
        election_id=kiosk.election_id,
        kiosk_id=kiosk.id,
        voter_id=voter.id,
        voter_id_input=voter.voter_id,
        result=AuthResult.SUCCESS,
        method=AuthMethod.DOCUMENT,
        reason=TWO_PEOPLE if second else ONE_PERSON,
        document=DocumentKind(form.document),
        officer_id=officer.id,
        second_officer_id=second.id if second else None,
        note=form.reason,
        ip_address=actor.ip,
        user_agent=actor.user_agent,
        review=Review.PENDING,
    )
    db.session.add(event)
    db.session.flush()
    _write_audit(kiosk, event, officer, second or officer, actor)
    passes.give_pass(kiosk, voter, event)
    return DocumentOutcome("identified", lookup, officer=officer, alone=second is None, event=event)


def _write_audit(kiosk: Kiosk, event: AuthEvent, officer: StaffUser, second: StaffUser, actor: Actor) -> None:
    """One row for the booth, one for each person who answers for it; the typed reason stays in the event."""
    facts = {"kiosk": kiosk.name, "voter_number": event.voter_id_input, "method": AuthMethod.DOCUMENT.value}
    facts |= {"reason": event.reason or ""}
    kind = event.document.value if event.document else ""
    rows = (
        ("kiosk:voter:identified", actor, {"result": event.result.value, "kind": kind}),
        ("staff:document:checked", _as_staff(officer, actor), {"username": officer.username, "kind": kind}),
        ("staff:document:confirmed", _as_staff(second, actor), {"username": second.username}),
    )
    for event_type, who, more in rows:
        audit_logger.record(event_type, who, election_id=kiosk.election_id, **facts, **more)


def _as_staff(user: StaffUser, actor: Actor) -> Actor:
    return Actor(user.role.value, user.id, user.username, actor.ip, actor.user_agent)


def _is_admin(user: StaffUser) -> bool:
    return Permission.MANAGE_ELECTIONS in ROLE_PERMISSIONS[user.role.value]
