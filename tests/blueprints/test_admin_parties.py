"""The desk's parties: pages and JSON."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select

from models import Party, db
from tests import factories
from tests.support.pictures import TEXT_AS_IMAGE, TWENTY_MB, bomb, data_url, plain_picture

JSON = {"Accept": "application/json"}


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Party))


def upload(content: bytes, name: str = "symbol.png") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def test_party_is_made_read_changed_and_deleted_as_json(admin_client) -> None:
    made = admin_client.post("/admin/parties", json={"name": "Kites", "symbol": data_url(plain_picture(), "png")})
    assert made.status_code == 201
    address, party = made.headers["Location"], made.json["party"]
    assert admin_client.get(party["symbol_url"]).content_type == "image/png"
    assert admin_client.get(address, headers=JSON).json["party"]["candidates"] == 0
    assert admin_client.put(address, json={"name": "Red Kites"}).json["party"]["symbol_url"] == party["symbol_url"]
    assert admin_client.get("/admin/parties", headers=JSON).json["parties"][0]["name"] == "Red Kites"
    assert admin_client.delete(address, headers=JSON).json == {"deleted": "Red Kites"}
    assert admin_client.get(address, headers=JSON).status_code == 404


def test_form_adds_changes_and_deletes_a_party(admin_client) -> None:
    answer = admin_client.post(
        "/admin/parties", data={"name": "Kites", "symbol": upload(plain_picture())}, follow_redirects=True
    )
    assert "Kites was added" in answer.text
    party = db.session.scalars(select(Party)).one()
    assert f"/media/{party.symbol_path.removeprefix('public/')}" in answer.text
    page = admin_client.get(f"/admin/parties/{party.id}")
    assert 'value="Kites"' in page.text
    admin_client.post(f"/admin/parties/{party.id}", data={"_method": "PUT", "name": "Red Kites"})
    assert party.name == "Red Kites"
    admin_client.post(f"/admin/parties/{party.id}", data={"_method": "DELETE"})
    assert count() == 0


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (TEXT_AS_IMAGE, 422),
        (plain_picture(kind="GIF"), 422),
        (plain_picture()[:60], 422),
        (b"", 422),
        pytest.param("bomb", 422, id="bomb"),
        pytest.param("huge", 413, id="20 MB"),
    ],
)
def test_file_that_is_no_good_picture_is_refused_in_words_and_the_name_is_kept(admin_client, content, status) -> None:
    content = {"bomb": bomb, "huge": lambda: bytes(TWENTY_MB)}[content]() if isinstance(content, str) else content
    answer = admin_client.post("/admin/parties", data={"name": "Kites", "symbol": upload(content)})
    assert answer.status_code == status
    assert 'value="Kites"' in answer.text
    assert 'href="#f-symbol"' in answer.text
    again = admin_client.post("/admin/parties", data={"name": "Kites", "symbol": upload(content)}, headers=JSON)
    assert (again.status_code, set(again.json["error"]["fields"])) == (status, {"symbol"})
    assert count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "A", "symbol": 5}, "symbol"),
        ({"name": "A", "symbol": "data:text/html;base64,AAAA"}, "symbol"),
        ({"name": "A", "symbol": data_url(TEXT_AS_IMAGE, "png")}, "symbol"),
    ],
)
def test_wrong_json_names_the_field(admin_client, body: dict, field: str) -> None:
    answer = admin_client.post("/admin/parties", json=body)
    assert (answer.status_code, set(answer.json["error"]["fields"])) == (422, {field})
    assert count() == 0


def test_taken_name_is_409(admin_client) -> None:
    factories.PartyFactory(name="Kites")
    assert admin_client.post("/admin/parties", json={"name": "Kites"}).status_code == 409
    page = admin_client.post("/admin/parties", data={"name": "Kites"})
    assert (page.status_code, "already a party of this name" in page.text) == (409, True)


def test_party_with_candidates_is_kept_with_409(admin_client) -> None:
    candidate = factories.CandidateFactory()
    assert admin_client.delete(f"/admin/parties/{candidate.party_id}", headers=JSON).status_code == 409
    assert "1 candidate stands for this party" in admin_client.get(f"/admin/parties/{candidate.party_id}").text


def test_party_on_an_open_ballot_is_shown_fixed(admin_client, open_election) -> None:
    party = db.session.scalars(select(Party)).first()
    assert "Name and symbol are fixed" in admin_client.get(f"/admin/parties/{party.id}").text
    assert admin_client.put(f"/admin/parties/{party.id}", json={"name": "Other"}).status_code == 409


@pytest.mark.parametrize("path", ["/admin/parties", "/admin/parties/new", "/admin/parties/1"])
def test_officer_observer_kiosk_and_strangers_are_kept_out(
    client, officer_client, observer_client, kiosk_client, path: str
) -> None:
    for other in (officer_client, observer_client, kiosk_client):
        assert other.get(path, headers=JSON).status_code == 403
    assert client.get(path, headers=JSON).status_code == 401


def test_without_csrf_token_nothing_is_changed(admin_client, csrf_enforced) -> None:
    party = factories.PartyFactory()
    assert admin_client.post("/admin/parties", data={"name": "A"}).status_code == 400
    assert admin_client.delete(f"/admin/parties/{party.id}").status_code == 400
    assert count() == 1


def test_empty_list_and_new_form_are_shown(admin_client) -> None:
    assert "There is no party yet" in admin_client.get("/admin/parties").text
    assert "Add the party" in admin_client.get("/admin/parties/new").text
