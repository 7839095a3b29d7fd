import re

import pytest

from models import StaffRole, StaffUser, TieResolution, db
from services.clock import utc_now
from tests.factories import make_open_election
from tests.support import approvals
from tests.support.ties import tied_election

SAID = {"drawn_by": "Ada Lund, chair", "how": "Two paper slips out of a box", "witnesses": "Bo and Cleo"}


@pytest.fixture
def tie(app):
    return tied_election()


def body(election, *lots, **more):
    places = {f"lot_{place}": str(lot) for place, lot in enumerate(lots, start=1)}
    now = utc_now().isoformat()
    return approvals.alone(election, **{"drawn_at": now, **SAID, **places, **more})


def address(election):
    return f"/admin/elections/{election.id}/tie"


def test_the_only_admin_resolves_a_tie_with_password_and_title(sign_in, tie):
    election, ids = tie
    client = sign_in(StaffRole.ADMIN)
    db.session.query(StaffUser).filter(StaffUser.id != client.user.id).update({"is_active": False})
    db.session.commit()
    assert "How did the lots fall?" in client.get(address(election)).text
    answer = client.post(address(election), data=body(election, ids[1]))
    assert answer.status_code == 303
    made = db.session.get_one(TieResolution, election.id)
    assert (made.elected, made.recorded_by) == ([ids[1]], client.user.username)
    page = client.get("/admin/results").text
    assert "Rosa Demir is elected by lot" in page
    assert "Two paper slips out of a box" in page
    assert "Resolve the tie…" not in page
    public = client.get(f"/results/?election={election.id}").text
    assert "Rosa Demir is elected by lot" in public
    assert "Bo and Cleo" in public


def test_a_second_person_confirms_a_resolution(sign_in, tie):
    election, ids = tie
    asking, other = sign_in(StaffRole.ADMIN), sign_in(StaffRole.ADMIN)
    answer = asking.post(address(election), json=body(election, lots=ids[:1]))
    assert answer.status_code == 202
    assert "Elected by the count and the lots: Amina Solberg." in answer.json["approval"]["words"]
    assert db.session.get(TieResolution, election.id) is None
    number = answer.json["approval"]["id"]
    assert other.post(f"/admin/approvals/{number}/confirm").status_code in (200, 303)
    db.session.expire_all()
    made = db.session.get_one(TieResolution, election.id)
    assert (made.recorded_by, made.staff_user.username) == (asking.user.username, other.user.username)


@pytest.mark.parametrize("lost", [*SAID, "drawn_at", "lots", "reason"])
def test_what_is_missing_comes_back_with_the_form(sign_in, tie, lost):
    election, ids = tie
    client = sign_in(StaffRole.ADMIN)
    lots = () if lost == "lots" else ids[:1]
    answer = client.post(address(election), data=body(election, *lots, **({lost: ""} if lost != "lots" else {})))
    assert answer.status_code == 422
    assert f'href="#f-{lost}"' in answer.text
    assert db.session.get(TieResolution, election.id) is None


def test_all_that_is_missing_is_named_at_once_in_the_order_of_the_form(sign_in, tie):
    election, _ids = tie
    nothing = dict.fromkeys([*SAID, "drawn_at", "reason", "title", "password"], "")
    answer = sign_in(StaffRole.ADMIN).post(address(election), data=body(election, **nothing))
    order = ["lots", "drawn_by", "drawn_at", "how", "witnesses", "reason"]
    assert (answer.status_code, re.findall(r'href="#f-([a-z_]+)"', answer.text)) == (422, order)


@pytest.mark.parametrize("lots", [["x"], [-1], [None], [1.5], [[1]], ["9" * 30]])
def test_lots_that_make_no_sense_are_refused(sign_in, tie, lots):
    election, _ids = tie
    answer = sign_in(StaffRole.ADMIN).post(address(election), json=body(election, lots=lots))
    assert (answer.status_code, "lots" in answer.json["error"]["fields"]) == (422, True)


def test_without_a_tie_there_is_nothing_to_resolve(sign_in):
    election = make_open_election()
    client = sign_in(StaffRole.ADMIN)
    assert client.get(address(election)).status_code == 409
    assert client.post(address(election), json=body(election, 1)).status_code == 409
