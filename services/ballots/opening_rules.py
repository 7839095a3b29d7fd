"""What the worker may open together: who asks for less learns a single vote from the count.

The table says which ballots belong to a batch and whether an election is closed, and its owner writes what he likes
there. So neither is believed: a live batch opens only as the worker chose and signed it, all else only when voting
is over, by the signed clock or by a signed closing, and then everything that is in the box.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from models import BoxBallot, Election, ElectionStatus, SealBatch, db
from services import hashing
from services.ballots.signed_seals import ChainChanged, end_of_chain
from services.clock import utc_now
from services.context import platform

CHOICE_DOMAIN = b"smart-voting/choice/1\0"
CLOSING_DOMAIN = b"smart-voting/closing/1\0"


def sign_choice(batch: SealBatch, election: Election, ciphertexts: Iterable[bytes]) -> None:
    """Sign which ballots the worker chose, and where the chain ended then."""
    batch.choice_signature = platform().keyring.signing_key.sign(_choice(election, ciphertexts)).signature


def sign_closing(election: Election) -> None:
    """Sign that the commission closed the election when it did."""
    election.closing_signature = platform().keyring.signing_key.sign(_closing(election)).signature


def check_members(election: Election, batch: SealBatch, ciphertexts: list[bytes]) -> None:
    """Raise ChainChanged when these ballots must not be opened together; the definition was checked before."""
    if not batch.final:
        chosen = _fits(_choice(election, ciphertexts), batch.choice_signature)
        if election.live_batch is None or len(ciphertexts) != election.live_batch or not chosen:
            raise ChainChanged(_("The ballots that wait to be counted are not those that the worker chose."))
        return
    if not _is_over(election):
        raise ChainChanged(_("The election is closed in the database, but nobody closed it, and its time is not over."))
    in_box = select(func.count()).where(BoxBallot.election_id == election.id)
    if len(ciphertexts) != db.session.scalar(in_box):
        raise ChainChanged(_("The ballots that wait to be counted are not all of those in the box."))


def check_opened(election: Election, spoiled: int) -> None:
    """Raise ChainChanged when a batch of an open election holds ballots that cannot be opened.

    Who puts rubbish into the box around one voter would read that vote from the batch, so it waits for the closing.
    """
    if spoiled and election.status is ElectionStatus.ACTIVE:
        raise ChainChanged(
            ngettext(
                "%(num)s ballot of the batch cannot be opened. Counting waits for the closing.",
                "%(num)s ballots of the batch cannot be opened. Counting waits for the closing.",
                spoiled,
            )
        )


def _is_over(election: Election) -> bool:
    if election.status not in (ElectionStatus.CLOSED, ElectionStatus.ARCHIVED):
        return False
    return utc_now() >= election.closes_at or _fits(_closing(election), election.closing_signature)


def _fits(message: bytes, signature: bytes | None) -> bool:
    return platform().keyring.is_signed(message, signature or b"")


def _choice(election: Election, ciphertexts: Iterable[bytes]) -> bytes:
    """The ciphertexts and not their numbers: the owner of the table can move a ciphertext to another row."""
    place, _head = end_of_chain(election)
    chosen = b"".join(hashing.field("h", one) for one in sorted(hashlib.sha256(one).digest() for one in ciphertexts))
    return CHOICE_DOMAIN + hashing.sha256(
        hashing.text("choice/1"), hashing.text(str(election.public_id)), _definition(election),
        hashing.integer(place), chosen,
    )  # fmt: skip


def _closing(election: Election) -> bytes:
    moment = hashing.microseconds(election.closed_at) if election.closed_at else None
    return CLOSING_DOMAIN + hashing.sha256(
        hashing.text("closing/1"), hashing.text(str(election.public_id)), _definition(election),
        hashing.integer(moment),
    )  # fmt: skip


def _definition(election: Election) -> bytes:
    return hashing.field("h", election.definition_hash or b"")
