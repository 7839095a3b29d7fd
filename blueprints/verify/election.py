"""One election, to be checked by anybody: what was decided, what was counted, and whether a receipt is on the list."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, replace
from typing import Any

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue

from blueprints import limits
from blueprints.from_replica import from_replica
from blueprints.http import body, public_address, text_field, wants_json
from blueprints.limits import limiter
from blueprints.policy import public
from blueprints.verify import bp
from blueprints.verify.heads import as_public
from blueprints.verify.words import Answer, answer_to
from models import Election, use_role
from services import ballots, elections, heads
from services.context import platform
from services.errors import NotFound, ValidationFailed
from services.evidence import Definition, PackFile, definition_of, kept_pack, pack_problem, verifier_sum
from services.exports import evidence_name
from services.results import receipts_listed

COMMAND = "python3 -I -S verify.py {pack}"
NEWEST_HEADS = 12
PER_PAGE = 60
LAST_PAGE = 10**6


@dataclass(frozen=True)
class Shown:
    """What the page shows of an election."""

    election: Election
    definition: Definition
    fingerprint: str
    pack: PackFile | None
    pack_problem: str | None
    heads: list[dict[str, Any]]
    receipts: list[str]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


@bp.get("/<uuid:public_id>")
@public
@from_replica
def election(public_id: uuid.UUID) -> ResponseReturnValue:
    """Show an election that was opened once; `?page=` of the receipts."""
    shown = _shown(public_id)
    return jsonify(_document(shown)) if wants_json() else _page(shown)


@bp.post("/<uuid:public_id>/receipt")
@public
@limiter.limit(limits.RECEIPTS, key_func=limits.address_key)
def receipt(public_id: uuid.UUID) -> ResponseReturnValue:
    """Look for a code, or check a signed receipt. A POST, so that no code comes into an address."""
    typed = text_field(body(), "receipt", limit=ballots.LONGEST_RECEIPT)
    found = elections.published_election(public_id)
    try:
        answer = answer_to(found, typed)
    except ValidationFailed as error:
        if wants_json():
            raise
        return _page(_shown(public_id), typed, problem=error.message), 422
    if wants_json():
        return jsonify(answer.facts)
    return _page(_shown(public_id), typed, answer=answer)


def _shown(public_id: uuid.UUID) -> Shown:
    number = elections.published_election(public_id).id
    with use_role("results"):
        pack = kept_pack(number)
    found = elections.get_election(number)
    shown = Shown(
        election=found,
        definition=definition_of(found),
        fingerprint=platform().keyring.fingerprints()["signing"],
        pack=pack,
        pack_problem=pack_problem(found),
        heads=[as_public(head, place < NEWEST_HEADS) for place, head in enumerate(heads.heads_of(found)[::-1])],
        receipts=[],
        total=0,
        page=_wanted_page(),
    )
    if not receipts_listed(found):
        return shown
    codes, total = ballots.some_receipts(found, shown.page, PER_PAGE)
    if not codes and shown.page > 1:
        raise NotFound()
    return replace(shown, receipts=[ballots.format_receipt(code) for code in codes], total=total)


def _wanted_page() -> int:
    text = request.args.get("page", "1")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text[:9]) < LAST_PAGE else 1


def _page(shown: Shown, typed: str = "", answer: Answer | None = None, problem: str | None = None) -> str:
    return render_template(
        "verify/election.html",
        election=shown.election, definition=shown.definition, fingerprint=shown.fingerprint,
        pack=shown.pack, pack_problem=shown.pack_problem, verifier_sum=verifier_sum(),
        heads=shown.heads[:NEWEST_HEADS],
        receipts=shown.receipts, total=shown.total, page=shown.page, pages=shown.pages, per_page=PER_PAGE,
        command=COMMAND.format(pack=evidence_name(shown.election)),
        listed=receipts_listed(shown.election), typed=typed, answer=answer, problem=problem,
    )  # fmt: skip


def _document(shown: Shown) -> dict[str, Any]:
    public_id, pack = shown.election.public_id, shown.pack
    definition = asdict(shown.definition)
    return {
        "election": str(public_id),
        "title": shown.election.title,
        "status": shown.election.status.value,
        "definition": {name: definition[name] for name in ("text", "hash", "signature", "intact")},
        "key_fingerprint": shown.fingerprint,
        "evidence": None if shown.pack_problem else public_address("verify.pack", public_id=public_id),
        "evidence_sha256": pack.sha256 if pack else None,
        "check": asdict(pack.check) if pack else None,
        "verifier": {"address": public_address("verify.program"), "sha256": verifier_sum()},
        "heads": shown.heads,
        "receipts": {"codes": shown.receipts, "total": shown.total, "page": shown.page, "pages": shown.pages},
    }
