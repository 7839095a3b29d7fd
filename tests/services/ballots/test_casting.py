import pytest
from sqlalchemy import event, func, select, text

from models import AuditLog, BallotPass, EmailMessage, RollEntry, Vote, db
from services import ballots, elections
from services.actor import SYSTEM
from services.ballots import Choice
from services.clock import utc_now
from services.errors import ValidationFailed
from tests.factories import make_open_election, make_recorded_election
from tests.support.voting import KIOSK, as_attacker, cast_by, make_pass, new_key, voters_of


@pytest.fixture
def election(app):
    return make_open_election(candidates=3, voters=2)


@pytest.fixture
def voter(election):
    return voters_of(election)[0]


def first_choice(election):
    return Choice(candidates=(election.candidates[0].id,))


def box_count(election):
    return db.session.scalar(text("SELECT box FROM ballot_counts(:id)"), {"id": election.id})


def test_a_secret_vote_says_who_took_part_and_not_what_was_chosen(election, voter):
    outcome = cast_by(voter, election, first_choice(election))

    vote = db.session.scalar(select(Vote).where(Vote.voter_id == voter.id))
    entry = db.session.scalar(select(RollEntry).where(RollEntry.voter_id == voter.id))
    assert outcome.kind == "cast"
    assert vote.audit_ref == outcome.audit_ref
    assert vote.candidate_id is None
    assert vote.nota is False
    assert entry.has_voted is True
    assert box_count(election) == 1


def test_the_confirmation_is_queued_with_the_vote(election, voter):
    cast_by(voter, election, first_choice(election))

    mail = db.session.scalar(select(EmailMessage))
    assert (mail.recipient, mail.subject) == (voter.email, "Your vote has been recorded")


def test_a_recorded_vote_holds_the_choice_and_no_box(app):
    election = make_recorded_election()
    (voter,) = voters_of(election)

    cast_by(voter, election, first_choice(election))

    vote = db.session.scalar(select(Vote))
    assert vote.candidate_id == election.candidates[0].id
    assert box_count(election) == 0
    assert ballots.counts(election).per_candidate == {election.candidates[0].id: 1}


def test_a_retry_gets_the_first_answer_even_with_another_choice(election, voter):
    key, ballot_pass = new_key(), make_pass(election, voter)
    first = ballots.cast_with_pass(ballot_pass, first_choice(election), key, KIOSK)

    again = ballots.cast_with_pass(ballot_pass, Choice(nota=True), key, KIOSK)

    assert again.kind == "repeated"
    assert (again.audit_ref, again.receipt) == (first.audit_ref, first.receipt)
    assert box_count(election) == 1


def test_a_second_vote_with_another_key_is_refused(election, voter):
    cast_by(voter, election, first_choice(election))

    outcome = cast_by(voter, election, Choice(nota=True))

    assert outcome.kind == "already_voted"
    assert outcome.receipt is None
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 1


@pytest.mark.parametrize("spent", [{"used_at": utc_now()}, {"ended_at": utc_now()}, {"expires_at": utc_now()}])
def test_a_pass_that_is_over_casts_nothing(election, voter, spent):
    outcome = ballots.cast_with_pass(make_pass(election, voter, **spent), first_choice(election), new_key(), KIOSK)

    assert outcome.kind == "pass_over"
    assert box_count(election) == 0


def test_a_closed_election_takes_no_vote_and_keeps_the_pass(election, voter):
    ballot_pass = make_pass(election, voter)
    elections.close_election(election, SYSTEM)

    outcome = ballots.cast_with_pass(ballot_pass, first_choice(election), new_key(), KIOSK)

    db.session.refresh(ballot_pass)
    assert outcome.kind == "closed"
    assert ballot_pass.used_at is None


@pytest.mark.parametrize("bad", ["", "short", "a" * 40, None, 12, "x y" * 20, "k" * 300])
def test_a_key_that_is_not_random_enough_is_refused(election, voter, bad):
    with pytest.raises(ValidationFailed):
        ballots.cast_with_pass(make_pass(election, voter), first_choice(election), bad, KIOSK)


def test_a_key_of_another_voter_is_refused(election, voter):
    key = new_key()
    cast_by(voter, election, first_choice(election), key)

    with pytest.raises(ValidationFailed):
        cast_by(voters_of(election)[1], election, first_choice(election), key)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE elections SET box_public_key = sha256('mine') WHERE id = :id",
        "UPDATE candidates SET name = 'Somebody' WHERE election_id = :id AND id = (SELECT min(id) FROM candidates)",
        "UPDATE elections SET results_policy = 'live' WHERE id = :id",
        "UPDATE elections SET live_batch = 50 WHERE id = :id",
        "UPDATE candidates SET display_order = -display_order WHERE election_id = :id",
        "UPDATE parties SET name = name || '!'",
        "UPDATE elections SET definition = replace(definition, 'Council', 'Board') WHERE id = :id",
    ],
)
def test_a_changed_definition_stops_casting_and_alerts(election, voter, change):
    pass_id, choice = make_pass(election, voter).id, first_choice(election)
    as_attacker(change, id=election.id)
    ballot_pass = db.session.get_one(BallotPass, pass_id)

    outcome = ballots.cast_with_pass(ballot_pass, choice, new_key(), KIOSK)

    assert outcome.kind == "stopped"
    assert db.session.scalar(select(func.count()).select_from(Vote)) == 0
    assert db.session.scalar(select(AuditLog).where(AuditLog.event_type == "system:election:stopped"))
    assert db.session.scalar(select(EmailMessage).where(EmailMessage.subject.contains("was stopped")))


def test_nothing_the_database_sees_depends_on_a_secret_choice(election):
    """Two casts with different choices send the same statements; only random and personal values differ."""
    seen: list[list[tuple[str, tuple[str, ...]]]] = []

    def listen(connection, cursor, statement, parameters, context, executemany):
        values = parameters if isinstance(parameters, dict) else {}
        shape = tuple(f"{k}:{type(v).__name__}:{len(v) if isinstance(v, bytes) else ''}" for k, v in values.items())
        seen[-1].append((statement, shape))

    one, two = voters_of(election)
    passes = [make_pass(election, one), make_pass(election, two)]
    choices = [first_choice(election), Choice(nota=True)]
    engine = db.engines["owner"]
    event.listen(engine, "before_cursor_execute", listen)
    try:
        for ballot_pass, choice in zip(passes, choices, strict=True):
            db.session.expire_all()
            seen.append([])
            ballots.cast_with_pass(ballot_pass, choice, new_key(), KIOSK)
            db.session.commit()
    finally:
        event.remove(engine, "before_cursor_execute", listen)

    plain = [
        [row for row in rows if not row[0].startswith(("SAVEPOINT", "RELEASE", "SET LOCAL ROLE"))] for rows in seen
    ]
    assert len(plain[0]) > 5
    assert plain[0] == plain[1]
