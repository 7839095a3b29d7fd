"""The examples of docs/api.md, run in the order of the document: each call, its status, and the fields it shows."""

from __future__ import annotations

import io
import json
import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models import IdentityCheck, Registration, RollImport, StaffRole, Voter, db
from services import attendance, elections
from services.actor import SYSTEM
from services.ballots import Choice
from tests import factories
from tests.blueprints.test_api import bearer
from tests.blueprints.test_api_motions import of_officer, voter_header
from tests.factories import PASSWORD
from tests.services.identification import acting
from tests.support import meetings, pictures, voter_accounts, voter_files
from tests.support.links import link_election, send_links
from tests.support.meetings import Phone
from tests.support.motions import gathering
from tests.support.voter_accounts import last_code
from tests.support.voting import cast_by, new_key, seal_all, voters_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
WITH_THE_WORKER = "Voters from a file"
MEMBERS = "".join(
    ["first_name,last_name,email\r\n", *(f"Rosa,Demir {n},rosa{n}@example.org\r\n" for n in range(40)),
     "Ben,Osei,no address\r\n", "Cara,Diaz,nowhere\r\n"]
)  # fmt: skip


def token(header):
    return header["Authorization"].removeprefix("Bearer ")


def admin():
    return token(bearer("admin"))


def sign_in():
    factories.StaffUserFactory(role=StaffRole.ADMIN, username="admin")
    db.session.commit()
    return {'"password": "…"': f'"password": "{PASSWORD}"'}


def register():
    return {
        "$TOKEN": admin(),
        "password='…'": f"password='{PASSWORD}'",
        "123456": lambda: last_code("rosa@example.org"),
        "/registrations/4/": lambda: f"/registrations/{db.session.scalars(select(Registration.id)).one()}/",
    }


def approval():
    election = factories.make_open_election()
    second = token(bearer("officer", username="officer"))
    return {"$TOKEN": admin(), "$SECOND": second, "/elections/3/": f"/elections/{election.id}/"}


def roll():
    election, voter = factories.ElectionFactory(), factories.VoterFactory()
    return {"$TOKEN": admin(), "/elections/3/": f"/elections/{election.id}/", "[7]": f"[{voter.id}]"}


def imported():
    election = factories.ElectionFactory()
    last = select(RollImport.id).order_by(RollImport.created_at.desc()).limit(1)
    return {
        "$TOKEN": admin(), "election_id=3": f"election_id={election.id}",
        "$IMPORT": lambda: str(db.session.scalars(last).one()),
    }  # fmt: skip


def face():
    return {"$TOKEN": admin(), "/voters/7/": f"/voters/{factories.VoterFactory().id}/"}


def own_face():
    election = factories.make_open_election(channels=["account", "booth"], identity_check=True)
    voter = voter_accounts.with_account()
    factories.RollEntryFactory(election=election, voter=voter)
    acting.enrol(voter, person=7)
    return {
        "$TOKEN": token(voter_header(voter)), "$ELECTION": str(election.public_id),
        '["left", "blink", "right"]': lambda: json.dumps(db.session.scalars(select(IdentityCheck.steps)).one()),
    }  # fmt: skip


def links():
    election = link_election(voters=2)
    return {"$TOKEN": admin(), "/elections/3/": f"/elections/{election.id}/", '"total": 40': '"total": 2'}


def by_link():
    election = link_election(voters=1)
    (sent,) = send_links(election).values()
    return {'"token": "…"': f'"token": "{sent}"', '"choice": 7': f'"choice": {election.candidates[0].id}'}


def meeting():
    return {"$TOKEN": admin(), '"group_id": 3': f'"group_id": {factories.GroupFactory().id}'}


def motion():
    session, _people, actor = gathering(members=1, present=1)
    return {"$TOKEN": token(of_officer(actor)), "/meetings/2/": f"/meetings/{session.id}/"}


def check_in():
    group = factories.GroupFactory()
    voter = meetings.member(group)
    session, done = (meetings.meeting(layers, group_id=group.id) for layers in (("device", "location"), ()))
    meetings.check_in(done, voter)
    return {
        "$TOKEN": token(voter_header(voter)), "$ID": str(session.id), "ACD-EFG": meetings.code(session),
        "$DONE": str(done.id), "HJK-MNP": meetings.code(done),
    }  # fmt: skip


def review():
    group = factories.GroupFactory()
    voter, session = meetings.member(group), meetings.meeting(("location",), group_id=group.id)
    record = meetings.stand(session, voter, north_m=400)
    return {
        "$TOKEN": admin(), "$MEMBER": token(voter_header(voter)), "$ID": str(session.id),
        '"id": 12': f'"id": {record.id}', "/check-ins/12": f"/check-ins/{record.id}",
    }  # fmt: skip


def device():
    group = factories.GroupFactory()
    voter = meetings.member(group)
    Phone().prove(meetings.meeting(("device",), group_id=group.id), voter)
    return {
        "$TOKEN": admin(), "$MEMBER": token(voter_header(voter)),
        "/device-requests/5/": lambda: f"/device-requests/{attendance.devices.open_request(voter.id).id}/",
    }  # fmt: skip


def counted():
    election = factories.make_open_election(voters=1)
    address = str(election.public_id)
    cast_by(voters_of(election)[0], election, Choice(nota=True))
    elections.close_election(election, SYSTEM)
    db.session.commit()
    seal_all()
    return {"$ELECTION": address}


def audit():
    return {"$TOKEN": admin(), "election=3": "election=" + str(factories.make_open_election().id)}


PREPARED = {
    "Signing in": sign_in,
    "Registering as a voter": register,
    "Elections and candidates": lambda: {"$TOKEN": admin()},
    "What takes two people": approval,
    "Voters and electoral rolls": roll,
    "Faces": face,
    "Voting in the account": own_face,
    "Voting links": links,
    "Voting by link": by_link,
    "Meetings and attendance": meeting,
    "Votes of a meeting": motion,
    "Reviews of check-ins": review,
    "Checking in": check_in,
    "Devices": device,
    "Evidence": counted,
    "Audit log and analytics": audit,
}
"""What each group needs, as the document's words and what stands for them here."""


def blocks():
    """Return the calls of all blocks by heading, each as [command] or [command, answer]."""
    found = {}
    for section in re.split(r"^## ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]:
        text = "".join(re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL))
        starts = [hit.start() for hit in re.finditer(r"^curl ", text, re.MULTILINE)] + [len(text)]
        calls = [text[begin:end] for begin, end in pairwise(starts)]
        if calls:
            found[section.splitlines()[0]] = [re.split(r"^(?={)", one, maxsplit=1, flags=re.MULTILINE) for one in calls]
    return found


def replaced(text, words):
    for shown, real in words.items():
        if shown in text:
            text = text.replace(shown, real() if callable(real) else real)
    return text


def file(name):
    """Return a file that an example sends: members, or another picture of one person for each digit."""
    digit = re.search(r"\d", name)
    content = MEMBERS.encode() if name.endswith(".csv") else pictures.face(7, int(digit[0]) if digit else 9)
    return io.BytesIO(content), name


def send(client, command):
    """Send what a curl command would: its method, headers, and JSON or form."""
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    sent = {"method": None, "headers": {}, "data": None}
    for word in words:
        if word == "-X":
            sent["method"] = next(words)
        elif word == "-H":
            name, value = next(words).split(": ", 1)
            sent["headers"][name] = value
        elif word == "-d":
            sent["data"] = next(words).encode()
        elif word == "-F":
            name, value = next(words).split("=", 1)
            sent["data"] = sent["data"] or {}
            sent["data"].setdefault(name, []).append(file(value[1:]) if value.startswith("@") else value)
        elif word != "-s":
            path = word
    sent["method"] = sent["method"] or ("POST" if sent["data"] else "GET")
    return client.open(path, **sent)


def agree(shown, real, where=""):
    """Check what an answer shows against the real one: "…" stands for any text that ends as shown, a
    fraction for any other."""
    if isinstance(shown, dict):
        assert shown.keys() <= real.keys(), where
        for name in shown:
            agree(shown[name], real[name], f"{where}.{name}")
    elif isinstance(shown, list):
        assert len(shown) <= len(real), where
        for one, other in zip(shown, real, strict=False):
            agree(one, other, where)
    elif isinstance(shown, str) and shown.startswith("…"):
        assert isinstance(real, str), where
        assert real.endswith(shown[1:]), (where, real)
    elif isinstance(shown, float):
        assert isinstance(real, float), (where, real)
    elif not where.endswith(".id"):
        assert shown == real, where


def learned(shown, real):
    """Return the words that later calls of a block repeat out of this answer."""
    words = {f'"{name}": "…"': f'"{name}": "{real[name]}"' for name in shown if shown[name] == "…"}
    return words | ({f"/{shown['id']}/": f"/{real['id']}/"} if "id" in shown else {})


def run(client, calls, words, between=lambda: None):
    """Make the calls of a heading one after the other, and compare what they answer."""
    words = {"$HOST": "", "$(openssl rand -hex 16)": new_key(), **words}
    for command, *answer in calls:
        got = send(client, replaced(command, words))
        assert got.status_code in (200, 201, 202), (command, got.text)
        if answer:
            closed = json.loads(re.sub(r", …|(?<={)…", "", replaced(answer[0], words)))
            agree(closed, got.json)
            assert answer[0].rstrip().endswith(", …}") or closed.keys() == got.json.keys(), command
            words |= learned(closed, got.json)
        between()


def test_every_group_of_examples_is_run():
    assert set(blocks()) == PREPARED.keys() | {WITH_THE_WORKER}


@pytest.mark.parametrize("heading", PREPARED)
def test_an_example_of_the_document_answers_what_the_document_shows(client, heading):
    run(client, blocks()[heading], PREPARED[heading]())


def test_the_example_of_a_file_answers_so_while_a_worker_works_between_the_calls(committing_app):
    def work():
        db.session.rollback()
        voter_files.worked()

    run(committing_app.test_client(), blocks()[WITH_THE_WORKER], imported(), work)
    assert db.session.scalar(select(func.count()).select_from(Voter)) == 40
