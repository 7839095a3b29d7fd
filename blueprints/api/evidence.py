"""What anybody may check: signed heads, the receipts of all counted ballots, and the documents of an election."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import Field

from blueprints.api import bp
from blueprints.api.operations import documented
from blueprints.api.shapes import Shape
from blueprints.http import public_address
from blueprints.policy import public
from models import HeadKind, Method, SignedHead, use_role
from services import ballots, elections, heads
from services.context import platform
from services.errors import Conflict
from services.evidence import definition_of, kept_pack, pack_problem, verifier_sum
from services.results import receipts_listed

GROUP = "Evidence"
PER_PAGE = 60


class TimeStamp(Shape):
    """When an authority outside confirmed that the head was there (RFC 3161), and the file to check it with."""

    at: str
    by: str
    hash: str
    address: str


class OneHead(Shape):
    """A signed head of the audit log, or of the ballots of an election: keep it and compare it later. How to check its
    signature stands in docs/verification.md. `problem`: what our own check says against it, null for nothing."""

    kind: HeadKind
    election: uuid.UUID | None
    closing: bool
    height: int
    head: str
    made_at: str
    signature: str
    key: str
    time_stamp: TimeStamp | None
    problem: str | None


class Heads(Shape):
    """The newest head of each chain, the last ones that were signed, and the key that signs now, with those before."""

    key_fingerprint: str
    handovers: list[str]
    newest: list[OneHead]
    recent: list[OneHead]
    mailed_at: datetime | None


class HeadsOf(Shape):
    """The heads of an election and those of the audit log from its opening to its close, the newest first."""

    heads: list[OneHead]


class ReceiptQuery(Shape):
    """Sixty codes a page."""

    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class Receipts(Shape):
    """The codes of counted ballots in the order of the alphabet, which says nothing of when they were cast."""

    receipts: list[str]
    total: int
    page: int
    pages: int


class Definition(Shape):
    """What was frozen and signed when the election opened. `intact`: text, hash and signature fit each other."""

    text: str
    hash: str
    signature: str
    intact: bool


class Check(Shape):
    """What our own run of the verifier said of the pack; `code` 0 is good."""

    code: int
    lines: list[str]
    checked_at: datetime


class Documents(Shape):
    """Addresses of what can be downloaded and checked. `evidence` is null with a `reason` as long as there is none."""

    election: uuid.UUID
    title: str
    status: str
    definition: Definition
    key_fingerprint: str
    page: str
    evidence: str | None
    evidence_sha256: str | None
    reason: str | None
    check: Check | None
    verifier: str
    verifier_sha256: str
    ballots_blt: str | None


@bp.get("/heads")
@public
@documented(GROUP, Heads)
def newest_heads() -> Heads:
    """Show the newest signed heads of the installation."""
    with use_role("results"):
        newest = [_head(one) for one in heads.newest_heads()]
        recent = [_head(one) for one in heads.recent_heads()]
        mail = heads.newest_mail()
        mailed_at = mail.made_at if mail else None
    keyring = platform().keyring
    return Heads(
        key_fingerprint=keyring.fingerprints()["signing"], newest=newest, recent=recent, mailed_at=mailed_at,
        handovers=[one.line for one in keyring.signing_keys.handovers],
    )  # fmt: skip


@bp.get("/results/<uuid:public_id>/heads")
@public
@documented(GROUP, HeadsOf)
def heads_of_election(public_id: uuid.UUID) -> HeadsOf:
    """Show the signed heads of an election that was opened."""
    found = elections.published_election(public_id)
    return HeadsOf(heads=[_head(one, checked=False) for one in heads.heads_of(found)[::-1]])


@bp.get("/results/<uuid:public_id>/receipts")
@public
@documented(GROUP, Receipts, query=ReceiptQuery, refuses=(409,))
def list_receipts(public_id: uuid.UUID, query: ReceiptQuery) -> Receipts:
    """List the receipts of all counted ballots, once a secret election is closed and counted."""
    found = elections.published_election(public_id)
    if not receipts_listed(found):
        raise Conflict()
    codes, total = ballots.some_receipts(found, query.page, PER_PAGE)
    shown = [ballots.format_receipt(code) for code in codes]
    return Receipts(receipts=shown, total=total, page=query.page, pages=max(1, -(-total // PER_PAGE)))


@bp.get("/results/<uuid:public_id>/documents")
@public
@documented(GROUP, Documents)
def list_documents(public_id: uuid.UUID) -> Documents:
    """Show the signed definition, and where the evidence pack and the program that checks it are."""
    number = elections.published_election(public_id).id
    with use_role("results"):
        pack = kept_pack(number)
    found = elections.get_election(number)
    definition, problem = definition_of(found), pack_problem(found)
    ranked = found.method is Method.RANKED and problem is None
    return Documents(
        election=public_id, title=found.title, status=found.status.value,
        definition=Definition(**{name: getattr(definition, name) for name in Definition.model_fields}),
        key_fingerprint=platform().keyring.fingerprints()["signing"],
        page=public_address("verify.election", public_id=public_id),
        evidence=None if problem else public_address("verify.pack", public_id=public_id),
        evidence_sha256=pack.sha256 if pack else None, reason=problem,
        check=Check(code=pack.check.code, lines=pack.check.lines, checked_at=pack.check.moment) if pack else None,
        verifier=public_address("verify.program"), verifier_sha256=verifier_sum(),
        ballots_blt=public_address("verify.blt", public_id=public_id) if ranked else None,
    )  # fmt: skip


def _head(head: SignedHead, checked: bool = True) -> OneHead:
    """Return a head; to check one takes milliseconds, so a long list is not checked."""
    told, stamp = heads.stamp_document(head), None
    if told is not None:
        stamp = TimeStamp(**told, address=public_address("verify.stamp", number=head.id))
    problem = heads.check_head(head) if checked else None
    return OneHead(**heads.as_document(head), time_stamp=stamp, problem=problem)
