"""Making one link and queueing its mail, in the caller's transaction. The token itself is in the mail only."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select

from models import Channel, Election, ElectionStatus, ReplacedToken, RollEntry, Voter, VoterStatus, VotingToken, db
from services import audit_logger, email_service, voter_links
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.errors import Conflict, NotFound
from services.security import hash_token, new_token
from services.voter_links import Purpose
from services.voting_links.tokens import ends_at

ASK_AGAIN_AFTER = timedelta(minutes=15)
"""A voter whose link is over gets a new one by a press, but nobody's mailbox is filled that way."""


LINKS_LOCK = 0x4C494E4B
"""Class of the advisory locks under which links of an election are made; roll entries are nobody's to lock."""


def hold_links(election_id: int) -> None:
    """Let nobody else make links of this election until the caller's transaction ends: a voter gets one, not two."""
    db.session.execute(select(func.pg_advisory_xact_lock(LINKS_LOCK, election_id % 2**31)))


def make_link(
    election: Election, voter: Voter, known: VotingToken | None, address: str, *, bulk: bool = False
) -> VotingToken:
    """Make the voter's link, or a new one in the place of `known`, and queue its mail to the address on the register.

    `address` is the page that takes the token as `?token=`. Mails of a whole roll (`bulk`) go after all others; one
    with the old link that still waits is withdrawn.
    """
    value, now = new_token(), utc_now()
    lasts = timedelta(days=platform().settings.voting_link_days)
    if known is None:
        token = VotingToken(election=election, voter=voter, token_hash=hash_token(value), generation=1)
        db.session.add(token)
    else:
        token = known
        db.session.add(ReplacedToken(token_hash=token.token_hash, voting_token_id=token.id))
        token.token_hash, token.generation, token.opened_at = hash_token(value), token.generation + 1, None
        if token.mail_id is not None:
            email_service.withdraw(token.mail_id)
    token.made_at, token.expires_at = now, now + lasts
    db.session.flush()
    token.mail_id = email_service.queue_voting_link(
        voter, election, f"{address}?token={value}", ends_at(token), f"{token.id}:{token.generation}",
        not_me=voter_links.link(Purpose.NOT_ME, voter_links.site_of(address), election, voter), bulk=bulk,
    )  # fmt: skip
    return token


def renew_link(election: Election, voter_id: int, address: str, actor: Actor) -> VotingToken:
    """Send a voter of the roll a new link at the commission's wish; the one before is worth nothing from now on.

    Raises NotFound for somebody who is not on the roll, and Conflict where a link would lead nowhere.
    """
    hold_links(election.id)
    on_roll = RollEntry.election_id == election.id, RollEntry.voter_id == voter_id
    entry = db.session.scalar(select(RollEntry).where(*on_roll))
    if entry is None:
        raise NotFound(_("This voter is not on the electoral roll of this election."))
    check_sendable(election)
    voter = entry.voter
    if entry.has_voted:
        raise Conflict(_("%(name)s has voted already.", name=voter.name))
    if not voter.email:
        raise Conflict(_("%(name)s has no e-mail address. Enter one first.", name=voter.name))
    if voter.status is not VoterStatus.VERIFIED:
        raise Conflict(_("%(name)s is not verified and cannot vote.", name=voter.name))
    known = _known(election.id, voter_id)
    token = make_link(election, voter, known, address)
    event = "staff:voting_link:sent" if known is None else "staff:voting_link:replaced"
    audit_logger.record(event, actor, election_id=election.id, voter_number=voter.voter_id)
    return token


def ask_again(token: VotingToken, address: str, actor: Actor) -> bool:
    """Send the voter of an expired link a new one; False when one was made in the last quarter of an hour.

    It goes to the address on the register: who found an old mail learns nothing by it.
    """
    hold_links(token.election_id)
    known = _known(token.election_id, token.voter_id)
    if known is None or known.made_at > utc_now() - ASK_AGAIN_AFTER or not token.voter.email:
        return False
    make_link(token.election, token.voter, known, address)
    audit_logger.record(
        "voter:voting_link:asked_again", actor, election_id=token.election_id, voter_number=token.voter.voter_id
    )
    return True


def check_sendable(election: Election) -> None:
    """Raise Conflict when the election is not voted in by links, is not open for them yet, or is over."""
    if Channel.LINK not in election.channels:
        raise Conflict(_("This election is not voted in by links. Add the channel in its settings before it opens."))
    if election.status is ElectionStatus.DRAFT:
        raise Conflict(
            _("Open the election first: until then its ballot may change. Links go out before voting begins.")
        )
    if election.status is not ElectionStatus.ACTIVE or election.closes_at <= utc_now():
        raise Conflict(_("This election is over. Nobody can vote by a link any more."))


def _known(election_id: int, voter_id: int) -> VotingToken | None:
    mine = VotingToken.election_id == election_id, VotingToken.voter_id == voter_id
    return db.session.scalar(select(VotingToken).where(*mine).execution_options(populate_existing=True))
