"""Personal voting links, and the sending of them to a whole roll."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Model, TimestampMixin
from models.elections import Election
from models.voters import Voter


class VotingToken(TimestampMixin, Model):
    """The right of one voter to cast one ballot by a mailed link; the mail holds the token, the table its SHA-256.

    A new link takes the place of the old one: `generation` counts them, `made_at` is when the present one was made.
    """

    __tablename__ = "voting_tokens"

    id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()")
    )
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    generation: Mapped[int] = mapped_column(server_default="1")
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    mail_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("email_messages.id", ondelete="SET NULL"), index=True)

    election: Mapped[Election] = relationship()
    voter: Mapped[Voter] = relationship()

    __table_args__ = (
        UniqueConstraint("election_id", "voter_id"),
        ForeignKeyConstraint(
            ["election_id", "voter_id"], ["roll_entries.election_id", "roll_entries.voter_id"], ondelete="CASCADE"
        ),
        CheckConstraint("octet_length(token_hash) = 32", name="is_sha256"),
        CheckConstraint("expires_at > made_at", name="lasts"),
    )


class ReplacedToken(Model):
    """The hash of a link that a newer one took the place of, so that its page can say so."""

    __tablename__ = "replaced_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    voting_token_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("voting_tokens.id", ondelete="CASCADE"), index=True)


class LinkSending(TimestampMixin, Model):
    """One press of *Send voting links*; the worker makes tokens and mails in small steps and counts them in `done`.

    `renew` makes new links for everybody who has not voted, not only for those who have none. `address` is the page
    that takes the token.
    """

    __tablename__ = "link_sendings"

    id: Mapped[int] = mapped_column(primary_key=True)
    election_id: Mapped[int] = mapped_column(ForeignKey("elections.id"))
    staff_user_id: Mapped[int | None] = mapped_column(ForeignKey("staff_users.id", ondelete="SET NULL"))
    actor: Mapped[str]
    renew: Mapped[bool] = mapped_column(server_default="false")
    address: Mapped[str]
    total: Mapped[int]
    done: Mapped[int] = mapped_column(server_default="0")
    finished_at: Mapped[datetime | None]

    election: Mapped[Election] = relationship()

    __table_args__ = (
        CheckConstraint("done >= 0 AND total >= 0", name="counts"),
        Index("uq_link_sendings_at_work", "election_id", unique=True, postgresql_where=text("finished_at IS NULL")),
        Index("ix_link_sendings_election_id", "election_id"),
    )
