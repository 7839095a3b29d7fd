"""Enrolled faces go when they are not needed any more, and a signed certificate says how many went.

Rule: a voter's face is erased FACE_ERASE_DAYS days after the end of the last election whose roll the voter is on, and
not while one of them is a draft or open, not before so many days after the enrolment itself, and not while an attempt
of the voter waits for a review, which compares it with the enrolled pictures. A voter who is on
no roll was enrolled for an election to come: that face stays until somebody deletes it.

What goes: encodings, means, pictures, faces in challenges left open, and flags about faces that nobody judged. What
stays: the consent with the day of the erasure, and the attempts, whose pictures have rules of their own (retention).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update

from models import (
    AuthEvent,
    Challenge,
    Consent,
    DuplicateFlag,
    Election,
    ElectionStatus,
    FaceErasure,
    Review,
    RollEntry,
    SameFace,
    Voter,
    VoterFace,
    db,
)
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now, utc_text
from services.context import platform
from services.errors import Conflict, NotFound
from services.savepoints import after_commit

Transaction = Callable[[], AbstractContextManager[Any]]
AT_ONCE = 1000
"""Voters of one certificate; more than one transaction should hold."""
SIGNATURE_DOMAIN = b"smart-voting/face-erasure/1\0"
SIGNATURE_LINE = "Signature (Ed25519): "
WORKER = Actor(role="worker", name="worker")
OPEN = (ElectionStatus.DRAFT, ElectionStatus.ACTIVE)


@dataclass(frozen=True)
class Share:
    """How many voters and pictures one line of the outlook stands for."""

    voters: int = 0
    pictures: int = 0


@dataclass(frozen=True)
class Outlook:
    """What is erased when: at once, on which day (UTC), and what stays because of an election or for want of one.

    `held` names each election that is a draft or open; a voter of two of them is counted in both. `reviewed` are those
    whom no election holds, only an attempt that waits for a review.
    """

    due: Share
    later: list[tuple[datetime, Share]]
    held: list[tuple[str, Share]]
    reviewed: Share
    unlisted: Share
    ended: Share


def outlook(now: datetime) -> Outlook:
    """Return what will be erased when; `ended` is what an admin may erase now: no election needs it any more."""
    people = _people().subquery()
    past = people.c.ended.is_not(None) & ~people.c.in_use
    free = past & ~people.c.pending
    counts = (func.count(), func.coalesce(func.sum(people.c.pictures), 0))
    day = func.date_trunc("day", people.c.last + _days(), "UTC").label("day")
    later = db.session.execute(
        select(day, *counts).where(free, people.c.last + _days() > now).group_by(day).order_by(day)
    )
    return Outlook(
        due=_share(select(*counts).where(free, people.c.last + _days() <= now)),
        later=[(moment, Share(int(voters), int(pictures))) for moment, voters, pictures in later],
        held=_held(),
        reviewed=_share(select(*counts).where(past, people.c.pending)),
        unlisted=_share(select(*counts).where(people.c.ended.is_(None), ~people.c.in_use)),
        ended=_share(select(*counts).where(free)),
    )


def erase_due(transaction: Transaction, actor: Actor = WORKER) -> int:
    """Erase what the rule says, a thousand voters and a certificate at a time; return how many voters that were."""
    erased = 0
    while True:
        with transaction():
            done = erase(actor, utc_now())
        if done is None:
            return erased
        erased += done.voters


def erase_now(reason: str, actor: Actor) -> FaceErasure:
    """Erase at once, without waiting for the days, the faces of at most a thousand voters no election needs any more.

    Raises Conflict when there are none.
    """
    done = erase(actor, None, reason)
    if done is None:
        raise Conflict(_("There is no face that may be erased now."))
    return done


def erase(actor: Actor, due_at: datetime | None, reason: str = "") -> FaceErasure | None:
    """Erase one lot in the caller's transaction and return its certificate; None when nothing may go.

    `due_at`: only what was due then (UTC); None: whatever no election needs. The files go after the commit.
    """
    voter_ids = _lock(due_at)
    if not voter_ids:
        return None
    rows = db.session.execute(
        delete(VoterFace).where(VoterFace.voter_id.in_(voter_ids)).returning(VoterFace.image_snapshot_path)
    ).all()
    platform().faces.templates.means.erase(voter_ids)
    _forget_traces(voter_ids)
    paths = [path for (path,) in rows if path]
    for path in paths:
        after_commit(partial(platform().storage.delete, path))
    return _certify(Share(len(voter_ids), len(paths)), len(rows), reason, actor)


def erasures(limit: int = 100) -> list[FaceErasure]:
    """Return the newest certificates."""
    return list(db.session.scalars(select(FaceErasure).order_by(FaceErasure.id.desc()).limit(limit)))


def certificate(erasure_id: int) -> str:
    """Return the signed certificate as text; raises NotFound."""
    found = db.session.get(FaceErasure, erasure_id)
    if found is None:
        raise NotFound()
    return f"{found.certificate}{SIGNATURE_LINE}{found.signature.hex()}\n"


def is_genuine(signed: str) -> bool:
    """Tell whether a certificate was signed with this installation's key and not changed since."""
    content, mark, signature = signed.replace("\r\n", "\n").rpartition(SIGNATURE_LINE)
    try:
        raw = bytes.fromhex(signature.strip())
    except ValueError:
        return False
    return bool(mark) and platform().keyring.is_signed(SIGNATURE_DOMAIN + content.encode(), raw)


def _people() -> Select[Any]:
    """Select voters with faces: pictures, whether an election is a draft or open, whether an attempt waits for a
    review, the last end, and the last event."""
    ends = func.coalesce(Election.closed_at, Election.closes_at)
    rolls = (
        select(
            RollEntry.voter_id,
            func.bool_or(Election.status.in_(OPEN)).label("in_use"),
            func.max(ends).filter(Election.status.not_in(OPEN)).label("ended"),
        )
        .join(Election, Election.id == RollEntry.election_id)
        .group_by(RollEntry.voter_id)
        .subquery()
    )
    faces = (
        select(
            VoterFace.voter_id,
            func.count(VoterFace.image_snapshot_path).label("pictures"),
            func.max(VoterFace.created_at).label("enrolled"),
        )
        .group_by(VoterFace.voter_id)
        .subquery()
    )
    waiting = select(AuthEvent.voter_id).where(AuthEvent.review == Review.PENDING, AuthEvent.voter_id.is_not(None))
    return select(
        faces.c.voter_id,
        faces.c.pictures,
        func.coalesce(rolls.c.in_use, False).label("in_use"),
        faces.c.voter_id.in_(waiting).label("pending"),
        rolls.c.ended.label("ended"),
        func.greatest(rolls.c.ended, faces.c.enrolled).label("last"),
    ).join_from(faces, rolls, rolls.c.voter_id == faces.c.voter_id, isouter=True)


def _lock(due_at: datetime | None) -> list[int]:
    """Lock the voters of one lot and return those that may still go: nobody was put on a roll or enrolled meanwhile."""
    chosen = list(db.session.scalars(_erasable(due_at).limit(AT_ONCE)))
    locked = select(Voter.id).where(Voter.id.in_(chosen)).order_by(Voter.id).with_for_update(skip_locked=True)
    held = list(db.session.scalars(locked)) if chosen else []
    return list(db.session.scalars(_erasable(due_at, held))) if held else []


def _erasable(due_at: datetime | None, among: list[int] | None = None) -> Select[tuple[int]]:
    people = _people().subquery()
    wanted: list[ColumnElement[bool]] = [people.c.ended.is_not(None), ~people.c.in_use, ~people.c.pending]
    if due_at is not None:
        wanted.append(people.c.last + _days() <= due_at)
    if among is not None:
        wanted.append(people.c.voter_id.in_(among))
    return select(people.c.voter_id).where(*wanted).order_by(people.c.voter_id)


def _forget_traces(voter_ids: list[int]) -> None:
    """Note the erasure in the consents; wipe challenges left open; drop flags that nobody can judge any more."""
    standing = Consent.voter_id.in_(voter_ids), Consent.faces_erased_at.is_(None)
    db.session.execute(update(Consent).where(*standing).values(faces_erased_at=utc_now()))
    db.session.execute(update(Challenge).where(Challenge.voter_id.in_(voter_ids)).values(state={}))
    about = or_(DuplicateFlag.voter_id.in_(voter_ids), DuplicateFlag.other_id.in_(voter_ids))
    db.session.execute(delete(DuplicateFlag).where(about, DuplicateFlag.state == SameFace.PENDING))
    db.session.expire_all()


def _certify(erased: Share, templates: int, reason: str, actor: Actor) -> FaceErasure:
    number = int(db.session.scalar(select(func.nextval("face_erasures_id_seq"))) or 0)
    keyring, days = platform().keyring, platform().settings.face_erase_days
    rule = (
        f"{days} days after the end of the last election whose roll the voter is on"
        if not reason
        else "at once, by the decision of a member of staff; no election of these voters is a draft or open"
    )
    words = (
        "Certificate of the erasure of faces\n\n"
        f"Number: {number}\nErased: {utc_text(utc_now())}\nBy: {actor}\nRule: {rule}\n"
        + (f"Reason: {' '.join(reason.split())}\n" if reason else "")
        + f"Voters: {erased.voters}\nFace templates: {templates}\nPictures: {erased.pictures}\n\n"
        "Erased from the database and from the folder of the pictures: the encodings of each picture, the mean of\n"
        "each voter, the pictures. Copies in the memory of running processes are wiped within ten minutes. Backups\n"
        "made before keep them, encrypted, until they are deleted.\n\n"
        f"Voters kept, because an attempt of theirs waits for a review: {_kept_for_reviews()}.\n"
        "They go once it is judged.\n\n"
        f"Signing key (SHA-256): {keyring.fingerprints()['signing']}\n"
    )
    signature = keyring.signing_key.sign(SIGNATURE_DOMAIN + words.encode()).signature
    row = FaceErasure(
        id=number, voters=erased.voters, templates=templates, pictures=erased.pictures, erased_by=str(actor),
        reason=reason, certificate=words, signature=signature,
    )  # fmt: skip
    db.session.add(row)
    audit_logger.record(
        "worker:faces:erased" if actor.role == "worker" else "staff:faces:erased", actor, subject_id=number,
        count=erased.voters, pictures=erased.pictures, reason=reason or "time is over",
        fingerprint=hashlib.sha256(words.encode()).hexdigest(),
    )  # fmt: skip
    db.session.flush()
    return row


def _kept_for_reviews() -> int:
    people = _people().subquery()
    kept = select(func.count()).where(people.c.ended.is_not(None), ~people.c.in_use, people.c.pending)
    return db.session.scalar(kept) or 0


def _held() -> list[tuple[str, Share]]:
    rows = db.session.execute(
        select(Election.title, func.count(VoterFace.voter_id.distinct()), func.count(VoterFace.image_snapshot_path))
        .join(RollEntry, RollEntry.election_id == Election.id)
        .join(VoterFace, VoterFace.voter_id == RollEntry.voter_id)
        .where(Election.status.in_(OPEN))
        .group_by(Election.id, Election.title)
        .order_by(Election.title)
    )
    return [(title, Share(voters, pictures)) for title, voters, pictures in rows]


def _share(counts: Select[Any]) -> Share:
    voters, pictures = db.session.execute(counts).one()
    return Share(int(voters), int(pictures))


def _days() -> timedelta:
    return timedelta(days=platform().settings.face_erase_days)
