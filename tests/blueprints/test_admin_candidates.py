"""The desk's candidates: pages and JSON."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select

from models import Candidate, db
from tests import factories
from tests.support.pictures import TEXT_AS_IMAGE, TWENTY_MB, bomb, data_url, plain_picture

JSON = {"Accept": "application/json"}


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Candidate))


def test_candidate_is_made_read_changed_and_deleted_as_json(admin_client) -> None:
    election, party = factories.ElectionFactory(), factories.PartyFactory()
    body = {
        "election_id": election.id, "party_id": party.id, "name": "Iris Hale", "description": "A baker.",
        "image": data_url(plain_picture(kind="JPEG")),
    }  # fmt: skip
    made = admin_client.post("/admin/candidates", json=body)
    assert made.status_code == 201
    address, candidate = made.headers["Location"], made.json["candidate"]
    assert candidate["party"] == {"id": party.id, "name": party.name}
    assert candidate["display_order"] == 1
    assert admin_client.get(candidate["image_url"]).content_type == "image/jpeg"
    changed = admin_client.put(address, json={"party_id": None, "display_order": 9}).json["candidate"]
    assert (changed["party"], changed["display_order"], changed["name"]) == (None, 9, "Iris Hale")
    listed = admin_client.get(f"/admin/candidates?election={election.id}", headers=JSON).json
    assert [row["name"] for row in listed["candidates"]] == ["Iris Hale"]
    assert admin_client.delete(address, headers=JSON).json == {"deleted": "Iris Hale"}
    assert count() == 0


def test_form_adds_changes_and_deletes_a_candidate(admin_client) -> None:
    election = factories.ElectionFactory()
    form = {
        "name": "Iris Hale", "election_id": election.id, "party_id": "", "display_order": "",
        "description": "", "image": (io.BytesIO(plain_picture()), "me.png"),
    }  # fmt: skip
    answer = admin_client.post("/admin/candidates", data=form, follow_redirects=True)
    assert "Iris Hale was added" in answer.text
    candidate = db.session.scalars(select(Candidate)).one()
    assert 'value="Iris Hale"' in admin_client.get(f"/admin/candidates/{candidate.id}").text
    form = {"_method": "PUT", "name": "Iris Hale-Storm", "election_id": election.id, "party_id": ""}
    assert admin_client.post(f"/admin/candidates/{candidate.id}", data=form).status_code == 303
    assert candidate.name == "Iris Hale-Storm"
    admin_client.post(f"/admin/candidates/{candidate.id}", data={"_method": "DELETE"})
    assert count() == 0


def test_form_with_an_error_keeps_what_was_typed(admin_client) -> None:
    election, party = factories.ElectionFactory(), factories.PartyFactory()
    form = {"name": "", "election_id": election.id, "party_id": party.id, "description": "A baker."}
    answer = admin_client.post("/admin/candidates", data=form)
    assert answer.status_code == 422
    assert "A baker." in answer.text
    assert f'<option value="{party.id}" selected>' in answer.text
    assert 'href="#f-name"' in answer.text


@pytest.mark.parametrize(
    ("content", "status"),
    [(TEXT_AS_IMAGE, 422), pytest.param("bomb", 422, id="bomb"), pytest.param("huge", 413, id="20 MB")],
)
def test_file_that_is_no_good_picture_is_refused_and_nothing_is_stored(admin_client, content, status) -> None:
    content = {"bomb": bomb, "huge": lambda: bytes(TWENTY_MB)}[content]() if isinstance(content, str) else content
    form = {"name": "A", "election_id": factories.ElectionFactory().id, "image": (io.BytesIO(content), "me.jpg")}
    answer = admin_client.post("/admin/candidates", data=form, headers=JSON)
    assert (answer.status_code, set(answer.json["error"]["fields"])) == (status, {"image"})
    assert count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "A"}, "election_id"),
        ({"name": "A", "election_id": "one"}, "election_id"),
        ({"name": "A", "election_id": True}, "election_id"),
        ({"name": "A", "election_id": 10**40}, "election_id"),
        ({"name": "A", "election_id": 999999}, "election_id"),
        ({"name": ["A"], "election_id": 1}, "name"),
        ({"name": "A", "election_id": 1, "display_order": 1.5}, "display_order"),
        ({"name": "A", "election_id": 1, "description": "x" * 5000}, "description"),
    ],
)
def test_wrong_json_names_the_field(admin_client, body: dict, field: str) -> None:
    answer = admin_client.post("/admin/candidates", json=body)
    assert answer.status_code == 422
    assert field in answer.json["error"]["fields"]
    assert count() == 0


def test_candidates_of_an_open_election_answer_409(admin_client, open_election) -> None:
    candidate = db.session.scalars(select(Candidate)).first()
    address = f"/admin/candidates/{candidate.id}"
    late = admin_client.post("/admin/candidates", json={"name": "Late", "election_id": open_election.id})
    assert (late.status_code, late.json["error"]["message"]) == (
        409,
        "The election was opened. Its candidates are fixed from then on.",
    )
    assert admin_client.put(address, json={"name": "Other"}).status_code == 409
    assert admin_client.delete(address, headers=JSON).status_code == 409
    assert "The candidates are fixed" in admin_client.get(address).text
    page = admin_client.get(f"/admin/candidates?election={open_election.id}").text
    assert "The candidates are fixed" in page
    assert "Add a candidate" not in page


def test_list_without_election_and_new_form_without_draft_say_so(admin_client) -> None:
    assert "There is no election yet" in admin_client.get("/admin/candidates").text
    assert "There is no draft election" in admin_client.get("/admin/candidates/new").text
    assert admin_client.get("/admin/candidates", headers=JSON).json == {"election_id": None, "candidates": []}


def test_draft_without_candidates_offers_to_add_one(admin_client) -> None:
    factories.ElectionFactory()
    assert "Nobody stands in this election yet" in admin_client.get("/admin/candidates?election=x").text


@pytest.mark.parametrize("path", ["/admin/candidates", "/admin/candidates/new", "/admin/candidates/1"])
def test_officer_observer_kiosk_and_strangers_are_kept_out(
    client, officer_client, observer_client, kiosk_client, path: str
) -> None:
    for other in (officer_client, observer_client, kiosk_client):
        assert other.get(path, headers=JSON).status_code == 403
    assert client.get(path, headers=JSON).status_code == 401


def test_without_csrf_token_nothing_is_changed(admin_client, csrf_enforced) -> None:
    candidate = factories.CandidateFactory()
    assert admin_client.post("/admin/candidates", data={"name": "A"}).status_code == 400
    assert admin_client.delete(f"/admin/candidates/{candidate.id}").status_code == 400
    assert count() == 1


def test_unknown_candidate_is_404(admin_client) -> None:
    assert admin_client.get("/admin/candidates/999999", headers=JSON).status_code == 404


def test_buttons_move_a_candidate_up_and_down_and_stop_at_the_ends(admin_client) -> None:
    draft = factories.ElectionFactory()
    for name in ("Amina", "Rosa", "Viktor"):
        factories.CandidateFactory(election=draft, name=name, display_order=5)
    ids = {candidate.name: candidate.id for candidate in draft.candidates}

    def order() -> list[str]:
        answer = admin_client.get(f"/admin/candidates?election={draft.id}", headers={"Accept": "application/json"})
        return [found["name"] for found in answer.json["candidates"]]

    answer = admin_client.post(f"/admin/candidates/{ids['Viktor']}/move", data={"direction": "up"})
    assert (answer.status_code, answer.location) == (
        303, f"/admin/candidates?election={draft.id}#c-{ids['Viktor']}",
    )  # fmt: skip
    assert order() == ["Amina", "Viktor", "Rosa"]
    admin_client.post(f"/admin/candidates/{ids['Amina']}/move", json={"direction": "up"})
    assert order() == ["Amina", "Viktor", "Rosa"]
    admin_client.post(f"/admin/candidates/{ids['Amina']}/move", json={"direction": "down"})
    assert order() == ["Viktor", "Amina", "Rosa"]
    assert admin_client.post(f"/admin/candidates/{ids['Amina']}/move", json={"direction": "x"}).status_code == 422


def test_nobody_moves_on_a_ballot_that_is_open(admin_client) -> None:
    candidate = factories.make_open_election().candidates[0]
    answer = admin_client.post(f"/admin/candidates/{candidate.id}/move", json={"direction": "down"})
    assert answer.status_code == 409
