"""Factories for rows, and for elections that are ready to vote in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import factory
from factory.alchemy import SQLAlchemyModelFactory
from sqlalchemy import select
from stdnum import damm

from models import (
    Candidate,
    Election,
    ElectionStatus,
    EmailMessage,
    Group,
    Method,
    Party,
    ResultsPolicy,
    RollEntry,
    RollImport,
    Secrecy,
    StaffLink,
    StaffLinkKind,
    StaffRole,
    StaffUser,
    Voter,
    db,
)
from services import membership
from services.actor import SYSTEM
from services.clock import utc_now
from services.security import hash_password, hash_token

PASSWORD = "correct horse battery staple"
_PASSWORD_HASH = hash_password(PASSWORD, cost=4)


class BaseFactory(SQLAlchemyModelFactory):
    class Meta:
        abstract = True
        sqlalchemy_session_factory = lambda: db.session  # noqa: E731
        sqlalchemy_session_persistence = "commit"


class StaffUserFactory(BaseFactory):
    class Meta:
        model = StaffUser

    username = factory.Sequence(lambda n: f"staff{n}")
    password_hash = _PASSWORD_HASH
    role = StaffRole.ADMIN

    @factory.post_generation
    def on_lists(self, _create, wanted, **_more):
        """Join every present election, unless `on_lists=False` asks for somebody of no election."""
        if wanted is not False:
            membership.join_all_elections(self.id)
            db.session.commit()


class StaffLinkFactory(BaseFactory):
    """An invitation that waits; its token is the word `token` with a number."""

    class Meta:
        model = StaffLink

    kind = StaffLinkKind.INVITATION
    name = factory.Sequence(lambda n: f"Invited Person {n}")
    email = factory.Sequence(lambda n: f"invited{n}@example.org")
    role = StaffRole.OBSERVER
    token_hash = factory.Sequence(lambda n: hash_token(f"token{n}"))
    expires_at = factory.LazyFunction(lambda: utc_now() + timedelta(days=7))


class VoterFactory(BaseFactory):
    class Meta:
        model = Voter

    voter_id = factory.Sequence(lambda n: with_check_digit(3048000 + n))
    name = factory.Sequence(lambda n: f"Voter Number {n}")
    dob = date(1980, 5, 17)
    email = factory.Sequence(lambda n: f"voter{n}@example.org")


class GroupFactory(BaseFactory):
    class Meta:
        model = Group

    name = factory.Sequence(lambda n: f"Branch {n}")


class RollImportFactory(BaseFactory):
    class Meta:
        model = RollImport

    actor = "admin"
    file_name = "members.csv"
    file_sha256 = "0" * 64
    file_bytes = 12
    status = "checked"
    counts = factory.LazyFunction(
        lambda: {"rows": 1, "new": 1, "same": 0, "changed": 0, "bad": 0, "on_roll": 0, "new_groups": []}
    )


class ElectionFactory(BaseFactory):
    class Meta:
        model = Election

    title = factory.Sequence(lambda n: f"Town Council {n}")
    opens_at = factory.LazyFunction(lambda: utc_now() - timedelta(hours=1))
    closes_at = factory.LazyFunction(lambda: utc_now() + timedelta(hours=8))
    opens_without_faces = True  # most tests vote without a camera

    @factory.post_generation
    def staff(self, create, wanted, **_more):
        """Get all present staff, or the given list of users; one that is built only has no list."""
        if not create:
            return
        chosen = db.session.scalars(select(StaffUser.id)) if wanted is None else [user.id for user in wanted]
        membership.join(self.id, *chosen)
        db.session.commit()


class PartyFactory(BaseFactory):
    class Meta:
        model = Party

    name = factory.Sequence(lambda n: f"Party {n}")


class CandidateFactory(BaseFactory):
    class Meta:
        model = Candidate

    election = factory.SubFactory(ElectionFactory)
    party = factory.SubFactory(PartyFactory)
    name = factory.Sequence(lambda n: f"Candidate {n}")
    display_order = factory.Sequence(lambda n: n)


class EmailMessageFactory(BaseFactory):
    """A mail that waits, with a body, to a voter of an election."""

    class Meta:
        model = EmailMessage

    kind = "voting_link"
    recipient = factory.SelfAttribute("voter.email")
    subject = "Your voting link"
    body = b"sealed"
    voter = factory.SubFactory(VoterFactory)
    election = factory.SubFactory(ElectionFactory)
    voter_id = factory.SelfAttribute("voter.id")
    election_id = factory.SelfAttribute("election.id")
    bulk = True

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        del kwargs["voter"], kwargs["election"]
        return super()._create(model_class, *args, **kwargs)


class RollEntryFactory(BaseFactory):
    class Meta:
        model = RollEntry

    election = factory.SubFactory(ElectionFactory)
    voter = factory.SubFactory(VoterFactory)


def with_check_digit(number: int) -> str:
    """Return the eight digits of a voter ID for a number of seven."""
    stem = f"{number:07d}"
    return stem + damm.calc_check_digit(stem)


def make_open_election(candidates: int = 2, voters: int = 1, **values: Any) -> Election:
    """Make, fill and open an election through the services, as an admin would."""
    from services import elections, ties

    election = ElectionFactory(**values)
    for _ in range(candidates):
        CandidateFactory(election=election)
    for _ in range(voters):
        RollEntryFactory(election=election)
    db.session.refresh(election)
    if election.method is Method.RANKED:
        ties.draw_lot_order(election, SYSTEM)
    elections.open_election(election, SYSTEM)
    db.session.commit()
    return election


def make_recorded_election(**values: Any) -> Election:
    """Make an open roll-call election with live counts."""
    return make_open_election(secrecy=Secrecy.RECORDED, results_policy=ResultsPolicy.LIVE, **values)


__all__ = [
    "PASSWORD",
    "CandidateFactory",
    "ElectionFactory",
    "ElectionStatus",
    "EmailMessageFactory",
    "GroupFactory",
    "PartyFactory",
    "RollEntryFactory",
    "RollImportFactory",
    "StaffLinkFactory",
    "StaffUserFactory",
    "VoterFactory",
    "make_open_election",
    "make_recorded_election",
]
