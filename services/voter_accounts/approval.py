"""The commission decides about a registration: against the roll, with the faces of all voters beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, or_, select

from models import Consent, Registration, Voter, VoterStatus, db
from services import audit_logger, email_service, same_face, voters
from services.actor import Actor
from services.context import platform
from services.errors import Conflict, NotFound, ValidationFailed
from services.face_service import Encoding, NewTemplate
from services.face_service.sealing import open_encoding
from services.savepoints import after_commit, savepoint
from services.voter_accounts.registration import ASKED
from services.voters import VoterEntries
from services.voters.errors import email_taken
from services.voters.suspension import check_reason

PAGE_SIZE = 20
MOST_MATCHES = 5
VIEWED = "staff:evidence:viewed"


@dataclass(frozen=True)
class RegistrationPage:
    """Registrations that wait, the oldest first."""

    rows: list[Registration]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class Match:
    """A voter who may be the person: `same` and `differs` name the entries; `face`: the enrolled one is the photo's.

    `face` is None where the voter has no picture. `distance` lies between photo and the voter's enrolled pictures.
    """

    voter: Voter
    same: tuple[str, ...]
    differs: tuple[str, ...]
    face: bool | None
    distance: float | None

    @property
    def may_link(self) -> bool:
        return self.voter.password_hash is None and self.voter.status is not VoterStatus.SUSPENDED

    @property
    def is_likely(self) -> bool:
        """Tell whether two entries or more agree, and neither birth date nor face speaks against it."""
        return self.may_link and len(self.same) > 1 and "dob" not in self.differs and self.face is not False


def waiting_count() -> int:
    """Return how many registrations wait for a decision."""
    return db.session.scalar(select(func.count()).where(Registration.confirmed_at.is_not(None))) or 0


def waiting(page: int) -> RegistrationPage:
    """Return one page of the registrations that wait."""
    total = waiting_count()
    pages = max(1, math.ceil(total / PAGE_SIZE))
    page = min(max(1, page), pages)
    confirmed = select(Registration).where(Registration.confirmed_at.is_not(None))
    rows = confirmed.order_by(Registration.confirmed_at, Registration.id).limit(PAGE_SIZE)
    return RegistrationPage(list(db.session.scalars(rows.offset((page - 1) * PAGE_SIZE))), total, page, pages)


def find_registration(registration_id: int, *, lock: bool = False) -> Registration:
    """Return a registration that waits; raises NotFound, also when somebody else decided meanwhile."""
    row = db.session.get(Registration, registration_id, with_for_update=lock or None, populate_existing=lock)
    if row is None or row.confirmed_at is None:
        raise NotFound(_("This registration does not wait any more: it was decided already."))
    return row


def photo(registration: Registration, actor: Actor) -> bytes:
    """Return the photo as JPEG, and write down that it was looked at; raises FileDamaged."""
    content = platform().storage.read(registration.photo_path)
    audit_logger.record_hourly(VIEWED, actor, election_id=None, kind="registration", subject_id=registration.id)
    return content


def matches(registration: Registration) -> list[Match]:
    """Return the voters who may be this person, by entries or by face, the likeliest first; at most five."""
    encoding = _encoding(registration)
    near = {found.voter_id: found.distance for found in platform().faces.templates.means.near(encoding)}
    found = db.session.scalars(select(Voter).where(or_(_entries_agree(registration), Voter.id.in_(near))).limit(50))
    judged = [_match(voter, registration, encoding) for voter in found]
    judged.sort(key=lambda match: (not match.face, -len(match.same), match.voter.id))
    return judged[:MOST_MATCHES]


def approve(registration_id: int, voter_id: int | None, actor: Actor, sign_in: str) -> Voter:
    """Open the account: for this voter of the register, or for a new one (None); `sign_in` is told in the mail.

    The address that the person confirmed becomes the voter's; one that the voter had until now is told so. The photo
    is enrolled unless the voter has pictures already. Raises NotFound, Conflict, FieldConflict.
    """
    row = find_registration(registration_id, lock=True)
    voter = _new_voter(row, actor) if voter_id is None else _linked(row, voter_id)
    voter.password_hash = row.password_hash
    _keep_face(row, voter, actor)
    db.session.add(Consent(voter_id=voter.id, text_version=row.consent_version))
    how = "new" if voter_id is None else "linked"
    audit_logger.record("staff:registration:approved", actor, voter_number=voter.voter_id, subject_id=row.id, kind=how)
    number = voters.format_voter_number(voter.voter_id)
    email_service.queue_registration_decided(row.email, row.name, number, "", sign_in)
    db.session.delete(row)
    db.session.flush()
    return voter


def refuse(registration_id: int, reason: str, actor: Actor, register: str) -> None:
    """Refuse with a reason, which is mailed with the page `register`; entries and photo are deleted.

    Raises NotFound, and ValidationFailed without a reason.
    """
    row = find_registration(registration_id, lock=True)
    if not any(character.isalnum() for character in reason):
        raise ValidationFailed(fields={"reason": _("Write the reason. The person gets it by mail.")})
    words = check_reason(reason)
    audit_logger.record("staff:registration:refused", actor, subject_id=row.id, reason=words)
    email_service.queue_registration_decided(row.email, row.name, None, words, register)
    _delete_photo_later(row.photo_path)
    db.session.delete(row)
    db.session.flush()


def _entries_agree(row: Registration) -> ColumnElement[bool]:
    agree = [func.lower(Voter.email) == row.email.lower(), func.lower(Voter.name) == row.name.lower()]
    if row.voter_number:
        agree.append(Voter.voter_id == row.voter_number)
    return or_(*agree)


def _match(voter: Voter, row: Registration, encoding: Encoding) -> Match:
    pairs = {
        "voter_id": (voter.voter_id, row.voter_number), "name": (voter.name.casefold(), row.name.casefold()),
        "dob": (voter.dob, row.dob), "email": ((voter.email or "").lower(), row.email.lower()),
    }  # fmt: skip
    known = {name: pair for name, pair in pairs.items() if all(pair)}
    same = tuple(name for name, (one, other) in known.items() if one == other)
    judged, _nearest = platform().faces.verify_encodings(voter.id, [encoding])
    face = None if judged.distance is None else judged.ok
    return Match(voter, same, tuple(known.keys() - set(same)), face, judged.distance)


def _encoding(row: Registration) -> Encoding:
    return open_encoding(row.id, row.encoding, platform().cipher, ASKED)


def _new_voter(row: Registration, actor: Actor) -> Voter:
    entries = VoterEntries(name=row.name, dob=row.dob.isoformat(), email=row.email)
    return voters.create_voter(entries, actor)


def _linked(row: Registration, voter_id: int) -> Voter:
    voter = voters.get_voter(voter_id, lock=True)
    if voter.password_hash is not None:
        raise Conflict(_("This voter has an account already. Refuse the registration, or choose another voter."))
    if voter.status is VoterStatus.SUSPENDED:
        raise Conflict(_("This voter is suspended. Lift the suspension first, or refuse the registration."))
    before = voter.email
    with savepoint({"uq_voters_email_lower": email_taken()}):
        voter.email = row.email
    if before and before.lower() != row.email.lower():
        email_service.queue_account_linked(before, voter.name)
    voter.dob = voter.dob or row.dob
    if voter.status is VoterStatus.PENDING:
        voter.status = VoterStatus.VERIFIED
    return voter


def _keep_face(row: Registration, voter: Voter, actor: Actor) -> None:
    templates = platform().faces.templates
    if templates.load(voter.id):
        _delete_photo_later(row.photo_path)
        return
    picture = platform().storage.read(row.photo_path)
    templates.means.refresh()
    templates.replace(voter.id, [NewTemplate(_encoding(row), row.quality, picture)])
    _delete_photo_later(row.photo_path)
    db.session.expire(voter, ["faces"])
    audit_logger.record("staff:face:enrolled", actor, voter_number=voter.voter_id, subject_id=voter.id, pictures=1)
    same_face.look_for(voter, actor)


def _delete_photo_later(path: str) -> None:
    after_commit(lambda: platform().storage.delete(path))
