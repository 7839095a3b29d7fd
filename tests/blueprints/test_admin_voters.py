"""The desk's voters: pages and JSON."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from models import RollEntry, Voter, VoterFace, db
from services.voters import check_digit_added, format_voter_number
from tests import factories
from tests.support.votes import recorded_vote

JSON = {"Accept": "application/json"}


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Voter))


# JSON


def test_voter_is_made_read_changed_and_deleted_as_json(admin_client) -> None:
    body = {"name": "Leila Bashir", "dob": "1990-02-03", "email": "l@mail.example"}
    made = admin_client.post("/admin/voters", json=body)
    assert made.status_code == 201
    address = made.headers["Location"]
    voter = made.json["voter"]
    assert (voter["name"], voter["dob"], voter["pictures"], voter["elections"]) == ("Leila Bashir", "1990-02-03", 0, [])
    assert voter["age"] >= 36
    assert admin_client.get(address, headers=JSON).json["voter"]["id"] == voter["id"]
    changed = admin_client.put(address, json={"phone": "+44 20 7946 0018"})
    assert (changed.status_code, changed.json["voter"]["phone"]) == (200, "+44 20 7946 0018")
    assert changed.json["voter"]["email"] == "l@mail.example"
    assert admin_client.delete(address, headers=JSON).json == {"deleted": voter["voter_id"]}
    assert admin_client.get(address, headers=JSON).status_code == 404
    assert count() == 0


def test_list_is_paged_and_searched_as_json(admin_client) -> None:
    for _ in range(51):
        db.session.add(factories.VoterFactory.build())
    db.session.commit()
    wanted = factories.VoterFactory(name="Otto Brandt")
    first = admin_client.get("/admin/voters", headers=JSON).json
    assert (len(first["voters"]), first["pages"], first["total"], first["per_page"]) == (50, 2, 52, 50)
    found = admin_client.get(f"/admin/voters?q={format_voter_number(wanted.voter_id)}", headers=JSON).json
    assert [voter["name"] for voter in found["voters"]] == ["Otto Brandt"]


def test_rolls_are_set_as_json(admin_client) -> None:
    election = factories.ElectionFactory()
    made = admin_client.post("/admin/voters", json={"name": "Leila", "elections": [election.id]})
    expected = [{"id": election.id, "title": election.title, "has_voted": False}]
    assert made.json["voter"]["elections"] == expected
    address = made.headers["Location"]
    assert admin_client.put(address, json={"name": "Leila B"}).json["voter"]["elections"] == expected
    assert admin_client.put(address, json={"elections": []}).json["voter"]["elections"] == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"name"}),
        ({"name": ""}, {"name"}),
        ({"name": None}, {"name"}),
        ({"name": 5, "dob": [], "email": {}}, {"name", "dob", "email"}),
        ({"name": "A", "elections": "1"}, {"elections"}),
        ({"name": "A", "elections": [True]}, {"elections"}),
        ({"name": "A", "elections": [10**30]}, {"elections"}),
        ({"name": "A", "elections": [999999]}, {"elections"}),
        ({"name": "A", "voter_id": "20481735"}, {"voter_id"}),
        ({"name": "A", "email": "a@"}, {"email"}),
        ({"name": "x" * 100_000}, {"name"}),
        ({"name": "A\u0000B"}, {"name"}),
    ],
)
def test_wrong_json_is_answered_with_the_fields_and_stores_nothing(admin_client, body: dict, fields: set) -> None:
    answer = admin_client.post("/admin/voters", json=body)
    assert answer.status_code == 422
    assert set(answer.json["error"]["fields"]) == fields
    assert answer.json["error"]["message"]
    assert count() == 0


@pytest.mark.parametrize("body", [b"[]", b"3", b"{", b"null", b""])
def test_body_that_is_no_json_object_is_refused(admin_client, body: bytes) -> None:
    answer = admin_client.post("/admin/voters", data=body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json["error"]["code"] == "validation_failed"


def test_unknown_fields_and_protected_columns_are_ignored(admin_client) -> None:
    made = admin_client.post("/admin/voters", json={"name": "A B", "id": 77, "password_hash": "x", "has_voted": True})
    assert made.status_code == 201
    voter = db.session.scalars(select(Voter)).one()
    assert (voter.id == 77, voter.password_hash) == (False, None)


def test_taken_address_is_409_with_the_field(admin_client) -> None:
    factories.VoterFactory(email="one@mail.example")
    answer = admin_client.post("/admin/voters", json={"name": "B", "email": "ONE@mail.example"})
    assert (answer.status_code, set(answer.json["error"]["fields"])) == (409, {"email"})


def test_voter_with_a_vote_is_kept_with_409(admin_client) -> None:
    entry = recorded_vote()
    address = f"/admin/voters/{entry.voter_id}"
    assert admin_client.delete(address, headers=JSON).status_code == 409
    left = admin_client.put(address, json={"elections": []})
    assert (left.status_code, set(left.json["error"]["fields"])) == (409, {"elections"})
    assert "stay" in admin_client.get(address).text


# Pages


def test_form_adds_a_voter_and_shows_it(admin_client) -> None:
    election = factories.ElectionFactory()
    form = {"name": "Solveig Eriksen", "dob": "2 9 1984", "rolls_shown": "1", "elections": str(election.id)}
    answer = admin_client.post("/admin/voters", data=form, follow_redirects=True)
    assert answer.status_code == 200
    assert "Solveig Eriksen was added" in answer.text
    assert "42 years old" in answer.text or "41 years old" in answer.text
    assert db.session.scalars(select(RollEntry.election_id)).one() == election.id


def test_form_with_an_error_comes_back_with_everything_typed(admin_client) -> None:
    election = factories.ElectionFactory()
    form = {
        "name": "Solveig", "email": "s.eriksen@", "phone": "12345 678", "dob": "2 9 1984", "gender": "female",
        "rolls_shown": "1", "elections": str(election.id),
    }  # fmt: skip
    answer = admin_client.post("/admin/voters", data=form)
    assert answer.status_code == 422
    for typed in ('value="Solveig"', 'value="s.eriksen@"', 'value="12345 678"', 'value="2 9 1984"'):
        assert typed in answer.text
    assert f'value="{election.id}" checked' in answer.text
    assert '<option value="female" selected>' in answer.text
    assert answer.text.count("Add the part after the @") == 2
    assert 'href="#f-email"' in answer.text
    assert count() == 0


def test_form_saves_changes_and_unticked_rolls(admin_client) -> None:
    entry = factories.RollEntryFactory()
    form = {"_method": "PUT", "name": "New Name", "rolls_shown": "1"}
    answer = admin_client.post(f"/admin/voters/{entry.voter_id}", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/admin/voters/{entry.voter_id}")
    assert db.session.get(Voter, entry.voter_id).name == "New Name"
    assert db.session.scalar(select(func.count()).select_from(RollEntry)) == 0


def test_form_deletes_after_saying_what_goes(admin_client) -> None:
    voter = factories.RollEntryFactory().voter
    db.session.add(VoterFace(voter_id=voter.id, slot=1, encoding=b"x"))
    db.session.commit()
    page = admin_client.get(f"/admin/voters/{voter.id}").text
    assert "1 picture of the face is deleted. The voter leaves 1 electoral roll. This cannot be undone." in page
    answer = admin_client.post(f"/admin/voters/{voter.id}", data={"_method": "DELETE"}, follow_redirects=True)
    assert "was deleted" in answer.text
    assert count() == 0


def test_post_without_a_known_method_is_405(admin_client) -> None:
    voter = factories.VoterFactory()
    for form in ({}, {"_method": "PATCH"}, {"_method": "GET"}):
        assert admin_client.post(f"/admin/voters/{voter.id}", data=form).status_code == 405


def test_list_page_says_what_was_searched_and_offers_the_nearest(admin_client) -> None:
    factories.VoterFactory(name="Marguerite Fontaine")
    page = admin_client.get("/admin/voters?q=Fontane").text
    assert "No voter matches “Fontane”" in page
    assert "Marguerite Fontaine" in page
    assert "<script>" not in admin_client.get("/admin/voters?q=<script>").text.replace('<script type="module"', "")


def test_list_page_without_voters_offers_to_add_one(admin_client) -> None:
    assert "Nobody is registered yet" in admin_client.get("/admin/voters").text


@pytest.mark.parametrize(
    "query", ["page=-3", "page=x", "page=99999999999", "sort=evil", "status=?", "q=%00", "q=" + "x" * 5000]
)
def test_senseless_list_addresses_give_the_plain_list(admin_client, query: str) -> None:
    factories.VoterFactory()
    assert admin_client.get(f"/admin/voters?{query}").status_code == 200


def test_hostile_name_is_shown_as_text(admin_client) -> None:
    factories.VoterFactory(name="<img src=x onerror=alert(1)>")
    assert "<img src=x" not in admin_client.get("/admin/voters").text


def test_typed_number_with_spaces_is_kept(admin_client) -> None:
    number = check_digit_added("2048173")
    made = admin_client.post("/admin/voters", json={"name": "A B", "voter_id": format_voter_number(number)})
    assert made.json["voter"]["voter_id"] == number


# Who may


@pytest.mark.parametrize("path", ["/admin/voters", "/admin/voters/new", "/admin/voters/1"])
def test_officer_observer_kiosk_and_strangers_are_kept_out(
    client, officer_client, observer_client, kiosk_client, path: str
) -> None:
    for other in (officer_client, observer_client, kiosk_client):
        assert other.get(path, headers=JSON).status_code == 403
    assert client.get(path, headers=JSON).status_code == 401
    assert client.get(path).status_code == 302


def test_without_csrf_token_nothing_is_changed(admin_client, csrf_enforced) -> None:
    voter = factories.VoterFactory()
    assert admin_client.post("/admin/voters", json={"name": "A"}).status_code == 400
    assert admin_client.post("/admin/voters", data={"name": "A"}).status_code == 400
    assert admin_client.put(f"/admin/voters/{voter.id}", json={"name": "A"}).status_code == 400
    assert admin_client.delete(f"/admin/voters/{voter.id}").status_code == 400
    assert (count(), db.session.get(Voter, voter.id).name == "A") == (1, False)


@pytest.mark.parametrize("verb", ["get", "put", "delete"])
def test_unknown_voter_is_404(admin_client, verb: str) -> None:
    arguments = {"json": {"name": "A"}} if verb == "put" else {"headers": JSON}
    answer = getattr(admin_client, verb)("/admin/voters/999999", **arguments)
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")


def test_hostile_question_of_the_list_address_does_not_break_its_links(admin_client) -> None:
    factories.VoterFactory()
    page = admin_client.get("/admin/voters?_external=1&_scheme=javascript&_anchor=x&endpoint=y&q=voter")
    assert page.status_code == 200
    assert "javascript:" not in page.text
    assert "sort=name" in page.text
