"""The pages behind a voting link and the ordered calls: nothing is spent by looking, and one link gives one vote."""

import logging
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, select

from models import AuditLog, Channel, Election, EmailMessage, RollEntry, Vote, VoterStatus, VotingToken, db
from services import ballots, elections, voting_links
from services.clock import utc_now
from services.security import hash_token, verify_password
from tests.factories import PASSWORD
from tests.support.links import ADDRESS, ADMIN, link_election, make_links, send_links, tokens_of
from tests.support.voting import KIOSK, make_pass, new_key, seal_all, voters_of

JSON = {"Accept": "application/json"}


@pytest.fixture
def election(app):
    return link_election(voters=2, title="Choir: conductor")


@pytest.fixture
def token(election):
    return send_links(election)[voters_of(election)[0].id]


@pytest.fixture
def opened(client, token):
    """A browser that has opened the link."""
    answer = client.get(f"/vote?token={token}")
    assert (answer.status_code, answer.location) == (303, "/vote")
    return client


def choose(election, step="cast", **values):
    number = f"{election.candidates[0].id:012d}"
    return {"choice": number, "step": step, "idempotency_key": new_key(), **values}


def statements(act):
    """Return the questions that an act puts to the database."""
    found = []

    def note(_connection, _cursor, statement, *_more):
        if statement.startswith(("SELECT", "UPDATE", "INSERT", "DELETE", "WITH")):
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    act()
    event.remove(Engine, "before_cursor_execute", note)
    return found


def votes(election):
    return db.session.scalars(select(Vote).where(Vote.election_id == election.id)).all()


def test_opening_a_link_moves_the_token_out_of_the_address_and_spends_nothing(election, token, client, caplog):
    with caplog.at_level(logging.DEBUG):
        answer = client.get(f"/vote?token={token}")
        cookie = answer.headers["Set-Cookie"]
        page = client.get("/vote")
    assert all(part in cookie for part in ("HttpOnly", "Path=/vote", "SameSite=Lax"))
    assert page.status_code == 200
    assert voters_of(election)[0].name in page.text
    for text in (answer.text, cookie, page.text, caplog.text, str(page.headers)):
        assert token not in text
    assert page.headers["Referrer-Policy"] == "same-origin"
    for _ in range(3):
        client.get(f"/vote?token={token}")
    assert db.session.scalars(select(VotingToken.used_at).where(VotingToken.opened_at.is_not(None))).one() is None
    assert not votes(election)


def test_a_voter_chooses_checks_and_casts_without_javascript(election, opened):
    page = opened.get("/vote")
    key = re.search(r'name="idempotency_key" value="([^"]+)"', page.text)[1]
    review = opened.post("/vote", data=choose(election, "review", idempotency_key=key))
    assert (review.status_code, "Is this your choice?" in review.text) == (200, True)
    assert election.candidates[0].name in review.text
    assert not votes(election)
    changed = opened.post("/vote", data=choose(election, "change", idempotency_key=key))
    assert f'value="{key}"' in changed.text
    assert re.search(rf'value="{election.candidates[0].id:012d}" checked', changed.text)
    done = opened.post("/vote", data=choose(election, idempotency_key=key))
    assert (done.status_code, "Your vote is cast" in done.text) == (200, True)
    (vote,) = votes(election)
    assert (vote.channel, vote.voter_id) == (Channel.LINK, voters_of(election)[0].id)
    again = opened.post("/vote", data=choose(election, idempotency_key=key))
    receipt = re.compile(r'class="receipt code">(.*?)</p>', re.S)
    assert receipt.search(again.text)[1] == receipt.search(done.text)[1]
    used = opened.get("/vote")
    assert (used.status_code, "You already voted" in used.text) == (409, True)
    assert opened.post("/vote", data=choose(election)).status_code == 409
    assert len(votes(election)) == 1
    entry = db.session.scalars(select(RollEntry).where(RollEntry.has_voted)).one()
    assert entry.channel is Channel.LINK
    confirmation = db.session.scalars(select(EmailMessage).where(EmailMessage.kind == "vote_confirmation")).one()
    assert confirmation.recipient == voters_of(election)[0].email
    row = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "voter:vote:cast")).one()
    assert row.details == {"audit_ref": vote.audit_ref, "channel": "link"}


def test_the_receipt_of_a_link_is_on_the_list_of_counted_ballots(election, opened):
    done = opened.post("/vote", json={"choice": election.candidates[0].id, "idempotency_key": new_key()})
    elections.close_election(election, ADMIN)
    db.session.commit()
    number = election.id
    seal_all()
    assert ballots.is_counted(db.session.get(Election, number), done.json["receipt"])


def test_an_invited_voter_sets_a_first_password_from_the_link_and_votes_all_the_same(election, opened):
    assert "Make an account with a password" in opened.get("/vote").text
    wrong = opened.post("/vote/password", data={"password": PASSWORD, "password_again": "another one"})
    assert (wrong.status_code, "This is not the same password" in wrong.text) == (422, True)
    done = opened.post("/vote/password", data={"password": PASSWORD, "password_again": PASSWORD})
    assert (done.status_code, done.location) == (303, "/voter/login")
    voter = voters_of(election)[0]
    assert verify_password(PASSWORD, voter.password_hash)[0]
    before = voter.password_hash
    again = opened.post("/vote/password", json={"password": "yet another one", "password_again": "yet another one"})
    assert again.status_code == 409
    assert opened.get("/vote/password").location == "/voter/login"
    db.session.refresh(voter)
    assert voter.password_hash == before
    assert "Make an account" not in opened.get("/vote").text
    assert "Your vote is cast" in opened.post("/vote", data=choose(election)).text


def test_a_link_that_is_over_or_unknown_sets_no_password(election, opened, client):
    voting_links.renew_link(election, voters_of(election)[0].id, ADDRESS, ADMIN)
    db.session.commit()
    assert opened.get("/vote/password").status_code == 410
    assert opened.post("/vote/password", data={"password": PASSWORD, "password_again": PASSWORD}).status_code == 410
    client.delete_cookie("voting_link", path="/vote")
    assert client.get("/vote/password").status_code == 403
    assert voters_of(election)[0].password_hash is None


def test_no_choice_gives_a_page_of_another_length_without_javascript(election, opened):
    election_names = [f"{one.id:012d}" for one in election.candidates] + ["nota........"]
    lengths = set()
    for value in election_names:
        answer = opened.post("/vote", data={"choice": value, "step": "review", "idempotency_key": new_key()})
        assert answer.status_code == 200
        lengths.add(len(re.sub(rb'csrf[^>]+content="[^"]*"|name="csrf_token" value="[^"]*"', b"", answer.data)))
    assert len(lengths) == 1
    assert len({len(value) for value in election_names}) == 1


def test_nothing_chosen_is_said_and_no_vote_is_lost(election, opened):
    answer = opened.post("/vote", data={"step": "review", "idempotency_key": "K" + new_key()})
    assert (answer.status_code, "Choose one of the names" in answer.text) == (422, True)
    assert opened.get("/vote").status_code == 200


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        ("expired", 410, "The time of this link is over"),
        ("replaced", 410, "There is a newer link"),
        ("closed", 410, "The election is closed"),
        ("not_open", 409, "The election is not open yet"),
        ("suspended", 403, "Your entry on the electoral roll needs a look"),
        ("voted_elsewhere", 409, "You already voted"),
        ("removed", 404, "This link does not work"),
    ],
)
def test_every_link_that_opens_no_ballot_has_a_page_of_its_own(
    election, token, opened, state, status, words, time_machine
):
    voter = voters_of(election)[0]
    if state == "expired":
        row = db.session.scalars(select(VotingToken).filter_by(voter_id=voter.id)).one()
        row.made_at, row.expires_at = utc_now() - timedelta(days=8), utc_now() - timedelta(days=1)
    elif state == "replaced":
        voting_links.renew_link(election, voter.id, ADDRESS, ADMIN)
    elif state == "closed":
        elections.close_election(election, ADMIN)
    elif state == "not_open":
        time_machine.move_to(election.opens_at - timedelta(hours=1))
        opened.get(f"/vote?token={token}")
    elif state == "suspended":
        voter.status = VoterStatus.SUSPENDED
    elif state == "voted_elsewhere":
        ballots.cast_with_pass(make_pass(election, voter), ballots.Choice(nota=True), new_key(), KIOSK)
    elif state == "removed":
        db.session.delete(db.session.scalars(select(VotingToken).filter_by(voter_id=voter.id)).one())
    db.session.commit()
    page = opened.get("/vote")
    assert (page.status_code, words in page.text) == (status, True)
    answer = opened.post("/vote", data=choose(election))
    assert answer.status_code == status
    assert opened.post("/vote", json={"choice": "nota", "idempotency_key": new_key()}).json["error"]["code"]
    assert len(votes(election)) == (state == "voted_elsewhere")


def test_a_voter_whose_link_is_over_gets_a_new_one_at_the_registered_address(election, opened):
    voter = voters_of(election)[0]
    row = db.session.scalars(select(VotingToken).filter_by(voter_id=voter.id)).one()
    row.made_at, row.expires_at = utc_now() - timedelta(days=8), utc_now() - timedelta(days=1)
    db.session.commit()
    assert "Send me a new link" in opened.get("/vote").text
    answer = opened.post("/vote/new-link")
    assert (answer.status_code, "A new link is on its way" in answer.text) == (200, True)
    assert voter.email not in answer.text
    token = tokens_of(election)[voter.id]
    assert opened.get("/vote").status_code == 410
    opened.get(f"/vote?token={token}")
    assert opened.get("/vote").status_code == 200
    assert opened.post("/vote/new-link").location == "/vote"


@pytest.mark.parametrize("value", ["", "x", "a" * 42, "a" * 44, "é" * 43, "a" * 5000])
def test_what_is_no_token_never_reaches_the_database(app, client, value):
    asked = statements(lambda: client.get("/vote", query_string={"token": value}))
    assert asked == []
    answer = client.get("/vote", query_string={"token": value})
    assert (answer.status_code, "This link does not work" in answer.text) == (404, True)


def test_every_unknown_link_costs_the_same_two_questions(election, token, client):
    stored = hash_token(token)
    near = "A" * 43
    row = db.session.scalars(select(VotingToken).where(VotingToken.token_hash == stored)).one()
    counts = set()
    for shared in (0, 1, 31):  # how many bytes of the stored hash an unknown token's hash has
        row.token_hash = hash_token(near)[:shared] + bytes(byte ^ 0xFF for byte in hash_token(near)[shared:])
        db.session.commit()
        found = statements(lambda: client.get(f"/api/voting/validate-token?token={near}"))
        counts.add(tuple(found))
    assert len(counts) == 1
    assert len(counts.pop()) == 2


def test_under_tls_the_ticket_has_a_name_that_no_plain_page_can_set(election, token, client, app, monkeypatch):
    platform = app.extensions["platform"]
    monkeypatch.setattr(platform, "settings", replace(platform.settings, https=True))
    flags = client.get(f"/vote?token={token}", base_url="https://localhost").headers.getlist("Set-Cookie")
    (ticket,) = [one for one in flags if "voting_link" in one]
    assert ticket.startswith("__Secure-voting_link=")
    assert "; Secure" in ticket
    assert client.get("/vote", base_url="https://localhost").status_code == 200


def test_a_ticket_that_we_did_not_sign_or_of_nobody_opens_nothing(election, token, client):
    client.set_cookie("voting_link", "abc.def.ghi", path="/vote")
    assert client.get("/vote").status_code == 403
    client.get("/vote?token=" + "A" * 43)
    assert client.get("/vote").status_code == 404


def test_a_booth_opens_no_link(election, token, make_kiosk_client):
    booth = make_kiosk_client(election)
    assert booth.get(f"/vote?token={token}").status_code == 409


def test_the_ordered_calls_validate_show_and_cast(election, token, client):
    valid = client.get(f"/api/voting/validate-token?token={token}")
    assert valid.json.keys() == {
        "valid", "election_id", "election_title", "voter_email", "expires_at", "has_voted"
    }  # fmt: skip
    assert (valid.json["valid"], valid.json["election_title"]) == (True, "Choir: conductor")
    assert voters_of(election)[0].email not in valid.text
    ballot = client.get(f"/api/voting/ballot?token={token}").json
    assert {one["candidate_id"] for one in ballot["candidates"]} == {one.id for one in election.candidates}
    body = {"token": token, "candidate_id": election.candidates[0].id}
    assert client.post("/api/voting/cast-vote", json=body | {"candidate_id": 0}).status_code == 422
    cast = client.post("/api/voting/cast-vote", json=body)
    assert (cast.status_code, cast.json["success"], cast.json["message"]) == (200, True, "Your vote has been recorded")
    assert cast.json["vote_hash"] == cast.json["receipt"]
    again = client.post("/api/voting/cast-vote", json=body)
    assert (again.status_code, again.json["error"]["code"]) == (409, "already_voted")
    used = client.get(f"/api/voting/validate-token?token={token}").json
    assert used == {"valid": False, "error": "This voting link has already been used", "has_voted": True}
    unknown = client.get("/api/voting/validate-token?token=" + "A" * 43)
    assert (unknown.status_code, unknown.json["valid"]) == (200, False)
    assert client.get("/api/voting/ballot?token=x").status_code == 404


def test_the_database_refuses_a_channel_that_the_election_does_not_have(app):
    election = link_election(channels=[Channel.LINK])
    (voter,) = voters_of(election)
    outcome = ballots.cast_with_pass(make_pass(election, voter), ballots.Choice(nota=True), new_key(), KIOSK)
    assert outcome.kind == "other_channel"


def test_the_desk_sends_links_shows_progress_and_sends_one_voter_another(election, admin_client):
    page = f"/admin/elections/{election.id}/links"
    assert "Send 2 voting links" in admin_client.get(page).text
    assert admin_client.post(page).status_code == 303
    assert "Making the links" in admin_client.get(page).text
    state = admin_client.get(page, headers=JSON).json
    assert state["sending"] == {"status": "sending", "progress": 0, "total": 2, "renew": False}
    make_links()
    state = admin_client.get(page, headers=JSON).json
    assert (state["sending"]["status"], state["counts"]["under_way"]) == ("done", 2)
    assert admin_client.post(page).status_code == 409
    voter = voters_of(election)[0]
    first = tokens_of(election)[voter.id]
    assert admin_client.post(f"{page}/{voter.id}").status_code == 303
    second = tokens_of(election)[voter.id]
    assert second != first
    shown = admin_client.get(page).text
    assert first not in shown
    assert second not in shown
