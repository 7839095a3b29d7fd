"""Parties, candidates and their pictures."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from sqlalchemy import func, select

from models import AuditLog, Candidate, ElectionStatus, Party, db, transaction
from services import candidates as ballot
from services import pictures
from services.actor import Actor
from services.candidates import INDEPENDENT, CandidateEntries, PartyEntries
from services.context import platform
from services.errors import Conflict, NotFound, ValidationFailed
from services.pictures import PictureTooLarge
from services.voters import FieldConflict
from tests import factories
from tests.support.pictures import bomb
from tests.support.pictures import plain_picture as picture

ADMIN = Actor("operator", name="admin")
"""Sees every election; who sees which: tests/blueprints/test_membership.py."""


def stored(path: str) -> Image.Image:
    return Image.open(io.BytesIO(platform().storage.read(path)))


# Pictures


def test_picture_is_made_small_and_loses_its_metadata(app) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    path = pictures.store_public(picture((2000, 1000), kind="JPEG", exif=exif), "portrait", "image")
    assert path.startswith("public/")
    assert path.endswith(".jpg")
    assert stored(path).size == (512, 512)
    assert b"secret place" not in platform().storage.read(path)


def test_transparent_ground_of_a_symbol_becomes_white(app) -> None:
    path = pictures.store_public(picture(mode="RGBA", colour=(200, 0, 0, 0)), "symbol", "symbol")
    assert path.endswith(".png")
    assert stored(path).convert("RGB").getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_three_formats_are_taken(app, kind: str) -> None:
    assert pictures.store_public(picture(kind=kind), "portrait", "image")


@pytest.mark.parametrize(
    "content",
    [
        b"just words",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        picture(kind="GIF"),
        picture(kind="JPEG")[:200],
        picture((20, 20)),
        pytest.param(None, id="bomb"),
    ],
)
def test_content_that_is_no_usable_picture_is_refused(app, content: bytes | None) -> None:
    with pytest.raises(ValidationFailed) as refused:
        pictures.store_public(content if content is not None else bomb(), "symbol", "symbol")
    assert refused.value.status == 422
    assert set(refused.value.fields) == {"symbol"}


def test_picture_above_the_limit_is_too_large_before_it_is_opened(app) -> None:
    with pytest.raises(PictureTooLarge) as refused:
        pictures.store_public(bytes(20 * 1024 * 1024), "portrait", "image")
    assert refused.value.status == 413
    assert "20.0 MB" in refused.value.fields["image"]


# Parties


def test_party_is_added_with_a_symbol_and_an_audit_row(app) -> None:
    with transaction():
        party = ballot.create_party(PartyEntries("  The   Kites ", picture()), ADMIN)
    assert party.name == "The Kites"
    assert stored(party.symbol_path).format == "PNG"
    assert db.session.scalars(select(AuditLog.event_type)).all() == ["staff:party:created"]


@pytest.mark.parametrize("name", [None, "", "  ", "x" * 101, "a\x07b"])
def test_party_needs_a_name(app, name: str | None) -> None:
    with pytest.raises(ValidationFailed) as refused, transaction():
        ballot.create_party(PartyEntries(name), ADMIN)
    assert set(refused.value.fields) == {"name"}


def test_two_parties_cannot_have_one_name(app) -> None:
    factories.PartyFactory(name="Kites")
    other = factories.PartyFactory(name="Trees")
    with pytest.raises(FieldConflict), transaction():
        ballot.create_party(PartyEntries("Kites"), ADMIN)
    with pytest.raises(FieldConflict), transaction():
        ballot.update_party(other.id, PartyEntries("Kites"), ADMIN)
    assert other.name == "Trees"


def test_new_symbol_replaces_the_old_file_unless_another_row_shows_it(app) -> None:
    with transaction():
        first = ballot.create_party(PartyEntries("One", picture(colour="red")), ADMIN)
        second = ballot.create_party(PartyEntries("Two", picture(colour="red")), ADMIN)
    shared = first.symbol_path
    assert second.symbol_path == shared
    with transaction():
        ballot.update_party(first.id, PartyEntries(symbol=picture(colour="blue")), ADMIN)
    assert stored(shared)
    with transaction():
        ballot.update_party(second.id, PartyEntries(symbol=picture(colour="blue")), ADMIN)
    with pytest.raises(NotFound):
        platform().storage.read(shared)


def test_party_with_candidates_is_not_deleted_and_one_without_is(app) -> None:
    candidate = factories.CandidateFactory()
    with pytest.raises(Conflict) as refused, transaction():
        ballot.delete_party(candidate.party_id, ADMIN)
    assert "1 candidate stands" in refused.value.message
    lonely = factories.PartyFactory()
    with transaction():
        ballot.delete_party(lonely.id, ADMIN)
    assert db.session.scalars(select(Party.id)).all() == [candidate.party_id]


def test_candidate_that_joins_in_between_still_holds_the_party(app, monkeypatch) -> None:
    candidate = factories.CandidateFactory()
    monkeypatch.setattr("services.candidates.parties.count_candidates", lambda party: 0)
    with pytest.raises(Conflict), transaction():
        ballot.delete_party(candidate.party_id, ADMIN)


def test_party_on_an_open_ballot_is_fixed(app, open_election) -> None:
    party = db.session.scalars(select(Party)).first()
    with pytest.raises(Conflict), transaction():
        ballot.update_party(party.id, PartyEntries("Renamed"), ADMIN)
    with transaction():
        assert ballot.update_party(party.id, PartyEntries(party.name), ADMIN) is party


def test_trigger_alone_also_fixes_the_party(app, open_election, monkeypatch) -> None:
    party = db.session.scalars(select(Party)).first()
    monkeypatch.setattr("services.candidates.parties._fixing_elections", lambda party: [])
    with pytest.raises(Conflict), transaction():
        ballot.update_party(party.id, PartyEntries("Renamed"), ADMIN)


def test_parties_are_listed_with_their_candidates(app) -> None:
    candidate = factories.CandidateFactory(party__name="Zebra")
    factories.PartyFactory(name="ant")
    rows = [(row.party.name, row.candidates) for row in ballot.list_parties()]
    assert rows == [("ant", 0), (candidate.party.name, 1)]


# Candidates


def test_candidate_is_added_last_on_the_ballot(app) -> None:
    election = factories.ElectionFactory()
    first = factories.CandidateFactory(election=election, display_order=4)
    with transaction():
        last = ballot.create_candidate(CandidateEntries(election.id, name="Iris Hale", image=picture()), ADMIN)
    assert (last.display_order, last.party_id) == (5, None)
    assert stored(last.image_path).format == "JPEG"
    assert ballot.list_candidates(election.id) == [first, last]


def test_candidate_without_election_and_name_is_told_both(app) -> None:
    with pytest.raises(ValidationFailed) as refused, transaction():
        ballot.create_candidate(CandidateEntries(), ADMIN)
    assert set(refused.value.fields) == {"election_id", "name"}


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ({"party_id": 999_999}, "party_id"),
        ({"election_id": 999_999}, "election_id"),
        ({"description": "x" * 501}, "description"),
        ({"display_order": 10_000}, "display_order"),
        ({"name": " "}, "name"),
    ],
)
def test_wrong_entry_of_a_candidate_is_named(app, entries: dict, field: str) -> None:
    candidate = factories.CandidateFactory()
    with pytest.raises(ValidationFailed) as refused, transaction():
        ballot.update_candidate(candidate.id, CandidateEntries(**entries), ADMIN)
    assert set(refused.value.fields) == {field}


def test_candidate_changes_party_name_and_place(app) -> None:
    candidate = factories.CandidateFactory()
    with transaction():
        entries = CandidateEntries(party_id=INDEPENDENT, name="New", display_order=0)
        ballot.update_candidate(candidate.id, entries, ADMIN)
    assert (candidate.party_id, candidate.name, candidate.display_order) == (None, "New", 0)
    after = db.session.scalars(select(AuditLog)).one().details["after"]
    assert after == {"display_order": 0, "name": "New", "party_id": None}


def test_two_candidates_of_one_election_cannot_have_one_name(app) -> None:
    first = factories.CandidateFactory(name="Iris Hale")
    with pytest.raises(FieldConflict), transaction():
        ballot.create_candidate(CandidateEntries(first.election_id, name="Iris Hale"), ADMIN)
    with transaction():
        ballot.create_candidate(CandidateEntries(factories.ElectionFactory().id, name="Iris Hale"), ADMIN)


def test_candidates_of_an_open_election_are_fixed(app, open_election) -> None:
    candidate = ballot.list_candidates(open_election.id)[0]
    draft = factories.ElectionFactory()
    acts = [
        lambda: ballot.create_candidate(CandidateEntries(open_election.id, name="Late"), ADMIN),
        lambda: ballot.update_candidate(candidate.id, CandidateEntries(name="Renamed"), ADMIN),
        lambda: ballot.update_candidate(candidate.id, CandidateEntries(election_id=draft.id), ADMIN),
        lambda: ballot.delete_candidate(candidate.id, ADMIN),
    ]
    for act in acts:
        with pytest.raises(Conflict) as refused, transaction():
            act()
        assert refused.value.status == 409
    assert ballot.is_fixed(candidate)
    assert db.session.scalar(select(func.count()).where(Candidate.election_id == open_election.id)) == 2


def test_trigger_alone_also_fixes_the_candidates(app, open_election, monkeypatch) -> None:
    candidate = ballot.list_candidates(open_election.id)[0]
    monkeypatch.setattr("services.candidates.candidates._draft_election", lambda election_id, actor: open_election)
    for act in (
        lambda: ballot.create_candidate(CandidateEntries(open_election.id, name="Late"), ADMIN),
        lambda: ballot.update_candidate(candidate.id, CandidateEntries(name="Renamed"), ADMIN),
        lambda: ballot.delete_candidate(candidate.id, ADMIN),
    ):
        with pytest.raises(Conflict), transaction():
            act()


def test_deleted_candidate_takes_the_portrait_along(app) -> None:
    election = factories.ElectionFactory()
    with transaction():
        entries = CandidateEntries(election.id, name="Iris Hale", image=picture(colour="pink"))
        candidate = ballot.create_candidate(entries, ADMIN)
    path = candidate.image_path
    with transaction():
        ballot.delete_candidate(candidate.id, ADMIN)
    with pytest.raises(NotFound):
        platform().storage.read(path)
    with pytest.raises(NotFound):
        ballot.get_candidate(candidate.id, ADMIN)


def test_draft_elections_come_first_in_the_choice(app, open_election) -> None:
    draft = factories.ElectionFactory()
    assert [election.status for election in ballot.elections_with_ballot(ADMIN)] == [
        draft.status,
        ElectionStatus.ACTIVE,
    ]
