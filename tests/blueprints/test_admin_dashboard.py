from datetime import timedelta

from sqlalchemy import event
from sqlalchemy.engine import Engine

from models import AuthEvent, AuthMethod, AuthResult, DocumentKind, Kiosk, Review, db
from services import desk, desk_figures, elections
from services.actor import SYSTEM
from services.ballots import Choice
from services.clock import utc_now
from tests import factories
from tests.factories import ElectionFactory, make_open_election, make_recorded_election
from tests.support import approvals
from tests.support.voting import as_attacker, cast_by, make_kiosk, make_pass, voters_of


def test_the_desk_without_elections_says_what_to_do_first(admin_client, officer_client):
    page = admin_client.get("/admin/").text
    assert "There is no election yet" in page
    assert "/admin/elections/new" in page
    assert "/admin/elections/new" not in officer_client.get("/admin/").text


def test_the_desk_shows_turnout_state_and_why_there_is_no_count(admin_client):
    election = make_open_election(voters=4)
    cast_by(voters_of(election)[0], election, Choice(nota=True))
    page = admin_client.get("/admin/").text
    assert election.title in page
    assert 'data-live="percent">25.0<' in page
    assert "1 vote = 0 ballots sealed and counted + 1 in the ballot box. It balances." in page
    assert "The ballots stay in the ballot box." in page
    assert "data-row" not in page


def test_the_desk_shows_the_live_count_of_a_recorded_election(admin_client):
    election = make_recorded_election(voters=2)
    cast_by(voters_of(election)[0], election, Choice(candidates=(election.candidates[0].id,)))
    page = admin_client.get("/admin/").text
    assert f'data-row="{election.candidates[0].id}"' in page
    assert "1 vote = 1 recorded choice. It balances." in page


def test_a_changed_definition_raises_the_alarm(admin_client):
    election = make_open_election()
    as_attacker("UPDATE elections SET title = 'Another' WHERE id = :id", id=election.id)
    assert "differs from its signed definition" in admin_client.get("/admin/").text


def test_a_mismatch_appears_among_the_alerts_and_a_success_does_not(admin_client):
    election = make_open_election()
    kiosk = make_kiosk(election)
    for result, number in ((AuthResult.MISMATCH, "20481735"), (AuthResult.SUCCESS, "20481111")):
        db.session.add(AuthEvent(election_id=election.id, kiosk_id=kiosk.id, voter_id_input=number, result=result))
    db.session.commit()
    page = admin_client.get("/admin/").text
    assert "Face does not match" in page
    assert "Booth 1, voter ID 2048 1735." in page
    assert "20481111" not in page


def test_an_alert_of_another_election_stays_there(app):
    election, other = make_open_election(), make_open_election()
    db.session.add(AuthEvent(election_id=other.id, voter_id_input="1", result=AuthResult.UNKNOWN))
    db.session.commit()
    assert desk.recent_alerts(election) == []
    assert desk.recent_alerts(other)[0].title == "Voter not recognised"


def test_the_last_alerts_are_found_by_their_index_without_reading_all_attempts(app):
    election, sent = make_open_election(), []
    engine = db.session.get_bind().engine

    def note(_connection, _cursor, statement, values, *_more):
        sent.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    desk.recent_alerts(election)
    event.remove(engine, "before_cursor_execute", note)
    statement, values = next(one for one in sent if "FROM auth_events" in one[0])
    for other_way in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):  # An empty table is read whole else.
        db.session.execute(db.text(f"SET LOCAL {other_way} = off"))
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN {statement}", values).scalars().all()
    assert any("ix_auth_events_alerts" in line for line in plan), plan
    assert not any("Sort" in line for line in plan), plan


def test_an_identification_by_document_is_an_alert(app):
    election = make_open_election()
    db.session.add(
        AuthEvent(
            election_id=election.id,
            voter_id_input="1",
            result=AuthResult.SUCCESS,
            method=AuthMethod.DOCUMENT,
            document=DocumentKind.PASSPORT,
            officer_id=factories.StaffUserFactory().id,
            note="The camera is broken.",
            review=Review.PENDING,
        )
    )
    db.session.commit()
    assert [alert.title for alert in desk.recent_alerts(election)] == ["Identified by document"]


def test_what_a_voter_typed_cannot_become_markup(admin_client):
    election = make_open_election()
    db.session.add(AuthEvent(election_id=election.id, voter_id_input="<script>x", result=AuthResult.MISMATCH))
    db.session.commit()
    assert "<script>x" not in admin_client.get("/admin/").text


def test_kiosks_are_ready_voting_silent_or_gone(app):
    election = make_open_election(voters=1)
    ready, voting, silent, gone = (make_kiosk(election) for _ in range(4))
    make_pass(election, voters_of(election)[0], voting)
    db.session.get_one(Kiosk, silent.id).last_seen_at = utc_now() - timedelta(minutes=6)
    db.session.get_one(Kiosk, gone.id).ended_at = utc_now()
    db.session.commit()
    states = {kiosk.name: (kiosk.state, kiosk.seen) for kiosk in desk.kiosks_of(election, utc_now())}
    assert {name: state for name, (state, _) in states.items()} == {
        ready.name: "ready", voting.name: "voting", silent.name: "silent",
    }  # fmt: skip
    assert states[silent.name][1] == "Seen 6 min ago"


def test_after_closing_no_kiosk_is_silent(admin_client):
    election = make_open_election()
    make_kiosk(election).last_seen_at = utc_now() - timedelta(minutes=6)
    elections.close_election(election, SYSTEM)
    db.session.commit()
    for address in ("/admin/", "/admin/booths"):
        page = admin_client.get(address).text
        assert ("Silent" in page, "Voting is over" in page) == (False, True), address


def test_turnout_is_counted_by_local_hour_and_the_rest_of_the_day_is_to_come(app):
    now = utc_now().replace(minute=30, second=0, microsecond=0)
    election = make_open_election(opens_at=now - timedelta(hours=1), closes_at=now + timedelta(hours=8), voters=2)
    cast_by(voters_of(election)[0], election, Choice(nota=True))
    columns = desk_figures.turnout(election, utc_now(), "UTC").columns
    assert sum(column.value or 0 for column in columns) == 1
    assert columns[-1].value is None
    assert columns[0].label == str((now - timedelta(hours=1)).hour)


def test_an_election_that_was_closed_early_has_no_hours_to_come(app):
    election = make_open_election()
    elections.close_election(election, SYSTEM)
    columns = desk_figures.turnout(election, utc_now(), "UTC").columns
    assert None not in [column.value for column in columns]


def test_turnout_of_a_long_election_is_counted_by_day(app):
    now = utc_now()
    election = ElectionFactory(opens_at=now - timedelta(days=40), closes_at=now + timedelta(days=3))
    columns = desk_figures.turnout(election, now, "Asia/Tokyo").columns
    assert len(columns) == desk_figures.MOST_DAYS
    assert not desk_figures.by_hour(election)


def test_the_time_left_is_said_in_hours_then_days(app):
    now = utc_now()
    election = make_open_election(closes_at=now + timedelta(hours=3, minutes=18, seconds=5))
    assert desk.time_left(election, now) == "3 h 18 min"
    assert desk.time_left(election, now + timedelta(hours=4)) is None
    assert desk.time_left(make_open_election(closes_at=now + timedelta(days=3, minutes=1)), now) == "3 days"
    assert desk.time_left(ElectionFactory(), now) is None


def test_the_desk_shows_the_chosen_election(admin_client):
    first, second = make_open_election(), make_open_election()
    admin_client.post(f"/admin/elections/{second.id}/select")
    assert f"<h1>{second.title}" in admin_client.get("/admin/").text
    admin_client.post(f"/admin/elections/{first.id}/select")
    assert f"<h1>{first.title}" in admin_client.get("/admin/").text


def test_officers_and_observers_see_the_desk_and_cannot_close(client, officer_client, observer_client):
    make_open_election()
    assert client.get("/admin/").status_code == 302
    for staff in (officer_client, observer_client):
        page = staff.get("/admin/")
        assert page.status_code == 200
        assert "/close" not in page.text


def test_a_kiosk_has_no_desk(kiosk_client):
    assert kiosk_client.get("/admin/", headers={"Accept": "application/json"}).status_code == 403


def test_view_and_frame_of_a_desk_page_ask_once_for_the_election_that_is_shown(officer_client):
    make_open_election()
    approvals.waiting_approval()
    said = statements_of(officer_client, "/admin/")
    of_elections = [words for words in said if words.startswith("SELECT elections.id")]
    assert len([words for words in of_elections if "approvals" not in words]) == 1, of_elections
    assert len([words for words in said if "approvals" in words]) == 1, said


def statements_of(client, path):
    said = []

    def listen(connection, cursor, statement, *more):
        if statement.startswith("SELECT"):
            said.append(" ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
    return said
