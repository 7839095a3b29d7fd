"""The column chart of turnout on nights when the clocks change and votes are cast across midnight."""

from __future__ import annotations

from datetime import UTC, datetime

from models import Election, db
from services import desk_figures
from services.ballots import Choice
from tests import factories
from tests.support import voting

ZONE = "Europe/Copenhagen"


def test_the_hour_that_comes_twice_has_two_columns_and_each_vote_stands_in_its_own(app):
    election = factories.make_open_election(voters=3)
    number = election.id
    moments = ["2026-10-24 21:59:59+00", "2026-10-25 00:30+00", "2026-10-25 01:30+00"]  # 23:59 CEST, 02:30 twice
    for place, moment in enumerate(moments):
        election = db.session.get(Election, number)
        voter = voting.voters_of(election)[place]
        voter_id = voter.id
        voting.cast_by(voter, election, Choice(nota=True))
        voting.as_attacker("UPDATE votes SET cast_at = :moment WHERE voter_id = :voter", moment=moment, voter=voter_id)
    voting.as_attacker(
        "UPDATE elections SET opens_at = '2026-10-24 20:00+00', closes_at = '2026-10-25 05:00+00' WHERE id = :id",
        id=number,
    )
    found = desk_figures.turnout(db.session.get(Election, number), datetime(2026, 10, 26, tzinfo=UTC), ZONE)
    assert [(column.label, column.value) for column in found.columns] == [
        ("22", 0), ("23", 1), ("0", 0), ("1", 0), ("2", 1), ("2", 1), ("3", 0), ("4", 0), ("5", 0),
    ]  # fmt: skip


def test_the_hour_that_the_clocks_jump_over_has_no_column(app):
    election = factories.ElectionFactory(
        opens_at=datetime(2026, 3, 28, 22, 0, tzinfo=UTC), closes_at=datetime(2026, 3, 29, 3, 0, tzinfo=UTC)
    )
    found = desk_figures.turnout(election, datetime(2026, 3, 30, tzinfo=UTC), ZONE)
    assert [column.label for column in found.columns] == ["23", "0", "1", "3", "4"]


def test_a_longer_election_has_one_column_a_local_day_also_across_a_change_of_the_clocks(app):
    election = factories.ElectionFactory(
        opens_at=datetime(2026, 10, 23, 6, 0, tzinfo=UTC), closes_at=datetime(2026, 10, 26, 22, 30, tzinfo=UTC)
    )
    found = desk_figures.turnout(election, datetime(2026, 10, 25, 22, 30, tzinfo=UTC), ZONE)
    assert [(c.label, c.value) for c in found.columns] == [
        ("23.10.", 0),
        ("24.10.", 0),
        ("25.10.", 0),
        ("26.10.", None),
    ]
