"""The demo: the ordered fixture inside two elections, a secret one and a recorded roll-call. Idempotent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from models import (
    Candidate,
    Channel,
    Election,
    Gender,
    Party,
    ResultsPolicy,
    RollEntry,
    Secrecy,
    StaffRole,
    StaffUser,
    Voter,
    db,
)
from services import accounts, elections, membership
from services.actor import SYSTEM
from services.clock import utc_now
from services.context import platform
from services.first_run import generate_password
from services.security import hash_password
from services.voters import format_voter_number

ART = Path(__file__).parent.parent / "static" / "img"
OPEN_FOR = timedelta(days=30)
OFFICER = "officer"
COUNCIL = "Larkmoor Town Council, Ward 4, Riverside"
ROLL_CALL = "Larkmoor Sports Club: chair of the board"
VOTERS = (
    ("20481730", "Amal Haddad", date(1958, 3, 2), Gender.FEMALE, "amal.haddad@example.org"),
    ("20481749", "Jonas Lindqvist", date(1991, 11, 23), Gender.MALE, "jonas.lindqvist@example.org"),
)
CANDIDATES = (
    (
        "Amina Solberg",
        "Lighthouse Party",
        "solberg",
        "lighthouse",
        "Teacher, 44. Safe ways to school, longer library hours.",
    ),
    ("Rosa Demir", "Orchard Alliance", "demir", "tree", "Nurse, 51. A health centre in the old post office."),
    ("Viktor Hale", "Orchard Alliance", "hale", "tree", "Retired engineer, 67. Mend the river wall first."),
    ("Kwame Ellery", "Open Bridge", "ellery", "bridge", "Shopkeeper, 38. A market every Saturday."),
    ("Ingrid Tanaka", "Kite Movement", "tanaka", "kite", "Student, 24. Night buses, and a skate park."),
)


@dataclass
class SeedReport:
    """What was made, and the passwords that are shown once."""

    officer_password: str | None = None
    voters: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the sentences for the terminal."""
        lines = []
        if self.officer_password:
            lines.append(f"Polling System:      {OFFICER}  {self.officer_password}   (shown once)")
        return [*lines, *(f"Voter ID: {voter}" for voter in self.voters)]


def seed() -> SeedReport:
    """Add whatever of the demo is missing; production, or whoever has elections already, gets the staff only."""
    report = SeedReport()
    _seed_staff(report)
    if not platform().settings.is_production and db.session.scalar(select(Election.id).limit(1)) is None:
        voters = [_voter(*row) for row in VOTERS]
        _seed_elections(voters)
    for number, name, *_rest in VOTERS:
        if db.session.scalar(select(Voter.id).where(Voter.voter_id == number)):
            report.voters.append(f"{format_voter_number(number)}  {name}")
    return report


def _seed_staff(report: SeedReport) -> None:
    settings = platform().settings
    known = set(db.session.scalars(select(StaffUser.username)))
    if settings.admin_default_user not in known and settings.admin_default_pass_hash:
        accounts.add_staff(settings.admin_default_user, settings.admin_default_pass_hash, StaffRole.ADMIN, SYSTEM)
    if OFFICER not in known and not settings.is_production:
        report.officer_password = generate_password()
        accounts.add_staff(OFFICER, hash_password(report.officer_password), StaffRole.OFFICER, SYSTEM)


def _voter(number: str, name: str, dob: date, gender: Gender, email: str) -> Voter:
    voter = db.session.scalar(select(Voter).where(Voter.voter_id == number))
    if voter is None:
        voter = Voter(voter_id=number, name=name, dob=dob, gender=gender, email=email)
        db.session.add(voter)
        db.session.flush()
    return voter


def _seed_elections(voters: list[Voter]) -> None:
    now = utc_now()
    secret = elections.create_election(
        title=COUNCIL,
        description="One seat. Choose one name, or none of the above.",
        opens_at=now,
        closes_at=now + OPEN_FOR,
        actor=SYSTEM,
        channels=(Channel.BOOTH, Channel.LINK),
        opens_without_faces=True,
    )
    recorded = elections.create_election(
        title=ROLL_CALL,
        description="A roll-call vote: your choice is recorded with your name, and counted live.",
        opens_at=now,
        closes_at=now + OPEN_FOR,
        actor=SYSTEM,
        secrecy=Secrecy.RECORDED,
        results_policy=ResultsPolicy.LIVE,
        opens_without_faces=True,
    )
    for election in (secret, recorded):
        membership.join(election.id, *db.session.scalars(select(StaffUser.id)))
        for order, (name, party, portrait, symbol, words) in enumerate(CANDIDATES, start=1):
            db.session.add(
                Candidate(
                    election_id=election.id,
                    party_id=_party(party, symbol).id,
                    name=name,
                    description=words,
                    image_path=_picture(f"portraits/portrait-{portrait}.png"),
                    display_order=order,
                )
            )
        db.session.add_all(RollEntry(election_id=election.id, voter_id=voter.id) for voter in voters)
        db.session.flush()
        elections.open_election(election, SYSTEM)


def _party(name: str, symbol: str) -> Party:
    party = db.session.scalar(select(Party).where(Party.name == name))
    if party is None:
        party = Party(name=name, symbol_path=_picture(f"symbols/symbol-{symbol}.png"))
        db.session.add(party)
        db.session.flush()
    return party


def _picture(name: str) -> str:
    return platform().storage.save_public((ART / name).read_bytes(), "png")
