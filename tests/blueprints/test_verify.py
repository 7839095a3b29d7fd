"""What anybody may take away to check an election."""

from __future__ import annotations

import io
import uuid
import zipfile
from dataclasses import replace

import pytest

from models import db
from services import ballots, elections
from services.actor import SYSTEM
from services.ballots import Choice
from tests.factories import ElectionFactory, make_open_election
from tests.support.voting import cast_by, seal_all, voters_of


@pytest.fixture
def counted(app):
    """A counted election: its public id, and the receipt and the signed receipt of its one vote."""
    election = make_open_election(voters=1, title="Choir: conductor")
    public_id = election.public_id
    cast = cast_by(voters_of(election)[0], election, Choice(nota=True))
    elections.close_election(election, SYSTEM)
    db.session.commit()
    seal_all()
    return public_id, cast.receipt, cast.signed_receipt


def check_receipt(client, public_id, typed):
    return client.post(f"/verify/{public_id}/receipt", json={"receipt": typed})


def test_anybody_downloads_the_pack_of_a_counted_election(client, counted):
    answer = client.get(f"/verify/{counted[0]}/evidence.zip")
    assert answer.status_code == 200
    assert "evidence-choir-conductor.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as pack:
        assert pack.read("receipts.txt").decode() == counted[1].replace(" ", "") + "\n"
        assert client.get("/verify/verify.py").data == pack.read("verify.py")


def test_a_pack_is_refused_in_words_before_the_count(client, open_election):
    answer = client.get(f"/verify/{open_election.public_id}/evidence.zip", headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert "closed and counted" in answer.json["error"]["message"]


def test_before_closing_the_page_shows_what_was_decided_and_no_receipts(client, open_election):
    answer = client.get(f"/verify/{open_election.public_id}")
    assert answer.status_code == 200
    for said in (open_election.title, "Candidate", open_election.definition_hash.hex(), "Is your receipt genuine?"):
        assert said in answer.text
    assert "All receipts" not in answer.text
    plain = client.get(f"/verify/{open_election.public_id}", headers={"Accept": "application/json"}).json
    assert plain["definition"]["text"] == open_election.definition
    assert (plain["evidence"], plain["receipts"]["total"]) == (None, 0)


def test_after_the_count_the_page_lists_receipts_and_our_own_check(client, counted):
    answer = client.get(f"/verify/{counted[0]}")
    assert counted[1] in answer.text
    assert "Nothing was changed." in answer.text
    plain = client.get(f"/verify/{counted[0]}", headers={"Accept": "application/json"}).json
    assert plain["check"]["code"] == 0
    assert plain["receipts"]["codes"] == [counted[1]]
    assert client.get(f"/verify/{counted[0]}?page=2").status_code == 404


def test_a_draft_and_an_unknown_election_are_not_found(client, app):
    for public_id in (ElectionFactory().public_id, uuid.uuid4()):
        assert client.get(f"/verify/{public_id}").status_code == 404


def test_a_receipt_is_found_by_a_form_without_a_script(client, counted):
    typed = counted[1].lower().replace(" ", "-")
    answer = client.post(f"/verify/{counted[0]}/receipt", data={"receipt": typed})
    assert answer.status_code == 200
    assert "Yes, this ballot was counted." in answer.text
    wrong = client.post(f"/verify/{counted[0]}/receipt", data={"receipt": "ABC"})
    assert wrong.status_code == 422
    assert "A receipt has 26 letters and digits." in wrong.text


def test_a_signed_receipt_is_genuine_at_once_and_counted_after_closing(client, counted, open_election):
    voter = voters_of(open_election)[0]
    signed = cast_by(voter, open_election, Choice(nota=True)).signed_receipt
    fresh = check_receipt(client, open_election.public_id, signed)
    assert fresh.json == {"ours": True, "genuine": True, "counted": None}
    assert check_receipt(client, counted[0], counted[2].lower()).json == {
        "ours": True, "genuine": True, "counted": True
    }  # fmt: skip
    assert check_receipt(client, counted[0], signed).json["ours"] is False


def test_a_signed_receipt_that_is_listed_nowhere_proves_a_missing_ballot(client, counted):
    missing = ballots.signed_receipt(counted[0], "A" * 26)
    assert check_receipt(client, counted[0], missing).json == {"ours": True, "genuine": True, "counted": False}
    page = client.post(f"/verify/{counted[0]}/receipt", data={"receipt": missing})
    assert "This ballot is missing from the count." in page.text


def test_a_receipt_that_was_made_up_proves_nothing(client, counted):
    code = counted[1].replace(" ", "")
    forged = counted[2].replace(code, "B" + code[1:] if code[0] != "B" else "C" + code[1:])
    assert check_receipt(client, counted[0], forged).json["genuine"] is False
    page = client.post(f"/verify/{counted[0]}/receipt", data={"receipt": forged})
    assert "The signature does not fit this receipt." in page.text
    assert "missing" not in page.text


@pytest.mark.parametrize("typed", ["", "SVR1:", "SVR1:" + "Ü" * 167, "X" * 401])
def test_what_cannot_be_a_signed_receipt_gets_words(client, counted, typed):
    answer = check_receipt(client, counted[0], typed)
    assert answer.status_code == 422
    assert answer.json["error"]["message"]


def test_the_result_page_leads_to_the_check(client, counted):
    assert f"/verify/{counted[0]}" in client.get("/results/").text


@pytest.mark.parametrize("address", ["/verify/{}", "/api/v1/results/{}/documents"])
def test_a_host_that_is_claimed_leads_nobody_to_another_verifier(address, client, counted, app, monkeypatch):
    ours = app.extensions["platform"]
    known = replace(ours, settings=replace(ours.settings, public_url="https://vote.example.org"))
    monkeypatch.setitem(app.extensions, "platform", known)
    answer = client.get(address.format(counted[0]), headers={"Host": "evil.example", "Accept": "application/json"})
    assert answer.status_code == 200
    assert "evil.example" not in answer.text
    assert "https://vote.example.org/verify/verify.py" in answer.text
    assert f"https://vote.example.org/verify/{counted[0]}/evidence.zip" in answer.text
