"""Registering as a voter: entries, one good photo, a mailed code. Then the commission decides (`approval`).

Nothing is half made: the row, its photo and its mail are one transaction, and a row whose code never came back goes
after a day. What a stranger sees is the same whether or not an address is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_
from sqlalchemy import func, or_, select

from models import CodeUse, Registration, Voter, db
from services import accounts, audit_logger, enrolment
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.enrolment import Upload
from services.errors import Conflict, ValidationFailed
from services.face_service import NewTemplate
from services.face_service.sealing import seal_encoding
from services.person_name import check_name
from services.pictures import PictureTooLarge
from services.savepoints import savepoint
from services.security import hash_password
from services.storage import FACES
from services.voter_accounts import codes
from services.voter_accounts.codes import CodeOutcome, CodeState
from services.voters.entries import check_birth_date, check_email, check_number

CONSENT_VERSION = "account-2026-11-28"
"""Changes with every change of `consent_text`; stored with each consent."""
ASKED = b"SVR1"
"""Marks the encoding of a registration that waits."""
SEEN = {
    "no_face": N_("No face was found in this photo: it may be too dark, too far away, turned or covered."),
    "multiple_faces": N_("There is more than one face in this photo."),
    "face_too_small": N_("Your face is too small in this photo."),
    "too_blurry": N_("This photo is blurred."),
    "too_dark": N_("This photo is too dark."),
    "too_bright": N_("This photo is too bright."),
    "bad_pose": N_("Your face is turned or tilted in this photo."),
}
"""What is wrong, before the advice of the enrolment; pictures that cannot be read have a whole sentence already."""


@dataclass(frozen=True)
class Entries:
    """What somebody typed who registers; `consent` is the ticked box."""

    name: str
    dob: str
    email: str
    voter_id: str
    password: str
    password_again: str
    consent: bool


def consent_text() -> str:
    """Return the words that the person agrees to; their version is CONSENT_VERSION."""
    words: str = _(
        "I agree that this photo of my face is kept, encrypted, so that the Election Commission sees who registers,"
        " that it is compared with the faces of all registered voters, and that I am recognised by it when I vote."
        " It serves nothing else. It is deleted when my registration is refused, and otherwise %(days)s days after the"
        " last election whose electoral roll I am on. I can take this back at any time.",
        days=platform().settings.face_erase_days,
    )
    return words


def register(entries: Entries, photo: Upload | None, actor: Actor, known_address: str) -> str:
    """Keep the registration, queue its code, and return the ticket of the browser that may type the code.

    Raises ValidationFailed with a sentence for each wrong entry, the photo's among them; PictureTooLarge (413);
    Busy and ModelUnavailable (503); TooMany. Then nothing is kept.
    """
    values, template = _checked(entries, photo)
    email = str(values["email"])
    secret = hash_password(entries.password)  # also for a known address, so that the answer takes as long
    if _is_known(email):
        return codes.issue(CodeUse.REGISTER, email, None, known_address)
    row = Registration(
        **values, password_hash=secret, quality=template.quality, encoding=b"", consent_version=CONSENT_VERSION,
        photo_path=platform().storage.save_private(FACES, template.snapshot), created_at=utc_now(),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    row.encoding = seal_encoding(row.id, template.encoding, platform().cipher, ASKED)
    return codes.issue(CodeUse.REGISTER, email, row, known_address)


def confirm(ticket: str, typed: str, actor: Actor) -> CodeOutcome:
    """Take the mailed code; with the right one the registration waits for the commission.

    Raises Conflict when another registration with this address was confirmed meanwhile.
    """
    outcome = codes.check(CodeUse.REGISTER, ticket, typed)
    row = outcome.row.registration if outcome.row else None
    if outcome.state is not CodeState.GOOD or row is None:
        return outcome
    taken = Conflict(_("A registration with this e-mail address waits already."))
    with savepoint({"uq_registrations_confirmed_email": taken}):
        row.confirmed_at = utc_now()
    audit_logger.record("voter:registration:confirmed", actor, subject_id=row.id)
    return outcome


def _checked(entries: Entries, photo: Upload | None) -> tuple[dict[str, object], NewTemplate]:
    values: dict[str, object] = {}
    errors: dict[str, str] = {}
    today = utc_now().date()
    rules = {
        "name": check_name, "dob": lambda text: check_birth_date(text, today), "email": check_email,
        "voter_id": check_number,
    }  # fmt: skip
    for field, rule in rules.items():
        try:
            values[field] = rule(getattr(entries, field).strip())
        except ValueError as error:
            errors[field] = str(error)
    missing = {"dob": _("Enter your date of birth."), "email": _("Enter your e-mail address. A code goes there.")}
    errors |= {field: words for field, words in missing.items() if field in values and values[field] is None}
    errors |= _password_errors(entries)
    if not entries.consent:
        errors["consent"] = _("Read this and tick the box. Without it your photo cannot be used.")
    template = None
    try:
        template = _template(photo)
    except PictureTooLarge:
        raise
    except ValidationFailed as error:
        errors |= error.fields
    if errors or template is None:
        raise ValidationFailed(fields=errors)
    values["voter_number"] = values.pop("voter_id")
    return values, template


def _password_errors(entries: Entries) -> dict[str, str]:
    try:
        accounts.check_password(entries.password, entries.name, entries.email, entries.voter_id)
    except ValidationFailed as error:
        return error.fields
    if entries.password != entries.password_again:
        return {"password_again": _("This is not the same password. Type it again.")}
    return {}


def _template(photo: Upload | None) -> NewTemplate:
    """Return what is kept of the photo; raises ValidationFailed with what to change, by the gates of the enrolment."""
    if not photo:
        raise ValidationFailed(fields={"photo": _("Add a photo of your face.")})
    check, pixels = enrolment.judge(photo)
    if pixels is None or not check.ok:
        seen = SEEN.get(check.code or "")
        words = f"{seen} {check.advice}" if seen else str(check.advice)
        raise ValidationFailed(fields={"photo": words})
    return platform().faces.template(pixels)


def _is_known(email: str) -> bool:
    """Tell whether the address has an account, or a registration that waits."""
    account = select(Voter.id).where(func.lower(Voter.email) == email.lower(), Voter.password_hash.is_not(None))
    waiting = select(Registration.id).where(
        func.lower(Registration.email) == email.lower(), Registration.confirmed_at.is_not(None)
    )
    return bool(db.session.scalar(select(or_(account.exists(), waiting.exists()))))
