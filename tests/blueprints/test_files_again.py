"""A form that is refused for another reason says that its file is gone, and keeps what was typed."""

from __future__ import annotations

import io

import pytest

from tests import factories
from tests.support import pictures
from tests.support.voter_accounts import typed

AGAIN = "Choose this file once more: the browser does not keep it."


def file(content):
    return (io.BytesIO(content), "picture.jpg")


@pytest.mark.parametrize(
    ("address", "values", "field"),
    [
        ("/admin/parties", {"name": ""}, "symbol"),
        ("/admin/candidates", {"name": "", "description": "Has kept the books for nine years"}, "image"),
        ("/admin/imports", {"target": "elsewhere"}, "file"),
        ("/voter/register", typed(password="rosademir1984", password_again="rosademir1984"), "photo"),
    ],
)
def test_a_good_file_beside_a_wrong_entry_has_to_be_chosen_once_more(address, values, field, admin_client, client):
    caller = client if address.startswith("/voter") else admin_client
    election = {"election_id": str(factories.ElectionFactory().id)}
    answer = caller.post(address, data={**election, **values, field: file(pictures.face())})
    assert answer.status_code == 422
    assert f'href="#f-{field}">{AGAIN}' in answer.text
    lost = ("password", "password_again", "consent", "target")
    kept = [word for name, word in values.items() if word and name not in lost]
    assert [word for word in kept if word not in answer.text] == []


def test_a_file_that_is_wrong_itself_is_not_asked_for_twice(admin_client):
    answer = admin_client.post("/admin/parties", data={"name": "Oak", "symbol": file(pictures.TEXT_AS_IMAGE)})
    assert answer.status_code == 422
    assert AGAIN not in answer.text
    assert 'href="#f-symbol"' in answer.text


def test_a_form_without_a_file_says_nothing_of_one(admin_client):
    assert AGAIN not in admin_client.post("/admin/parties", data={"name": ""}).text
