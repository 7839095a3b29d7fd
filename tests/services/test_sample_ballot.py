import subprocess
from shutil import which

import pytest

from models import CandidateOrder, db
from services import elections, ties
from services.actor import SYSTEM
from services.clock import utc_now
from services.context import platform
from services.exports import sample_ballot_pdf
from services.pictures import store_public
from tests.factories import CandidateFactory, ElectionFactory, RollEntryFactory
from tests.support.pictures import face, plain_picture

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def draft():
    election = ElectionFactory(title="Ward 4", max_choices=2)
    first = CandidateFactory(
        election=election, name="Amina Solberg", image_path=store_public(face(), "portrait", "image")
    )
    first.party.symbol_path = store_public(plain_picture(), "symbol", "symbol")
    CandidateFactory(election=election, name="Rosa Demir", party=None)
    RollEntryFactory(election=election)
    db.session.commit()
    db.session.refresh(election)
    return election


def text_of(election, folder):
    content = sample_ballot_pdf(election, utc_now(), "Europe/Berlin")
    if which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not on this machine")
    (folder / "ballot.pdf").write_bytes(content)
    answer = subprocess.run(["pdftotext", "-layout", folder / "ballot.pdf", "-"], capture_output=True, check=True)
    return " ".join(answer.stdout.decode().split())


def test_the_sample_of_a_draft_has_the_names_in_order_and_says_that_it_can_change(draft, tmp_path):
    text = text_of(draft, tmp_path)
    for words in (
        "Sample ballot", "SA", "Mark up to 2 names, or none of the above.", "Independent", "It cannot be cast.", "UTC",
        "no one is elected", "This is a draft and can still change.",
    ):  # fmt: skip
        assert words in text, words
    assert text.index("Amina Solberg") < text.index("Rosa Demir") < text.rindex("None of the above")


def test_the_sample_of_an_open_election_carries_the_fingerprints_and_the_lot_order(draft, tmp_path):
    ties.draw_lot_order(draft, SYSTEM)
    elections.open_election(draft, SYSTEM)
    db.session.commit()
    text = text_of(draft, tmp_path)
    assert draft.definition_hash.hex()[:4] + " " + draft.definition_hash.hex()[4:8] in text
    assert platform().keyring.fingerprints()["signing"][:4] in text
    assert "Lot order: 1. " in text
    assert "draft" not in text


def test_a_lost_picture_leaves_its_place_empty(draft, tmp_path):
    draft.candidates[0].image_path = "public/ab/" + 64 * "0" + ".jpg"
    db.session.commit()
    assert "Amina Solberg" in text_of(draft, tmp_path)


def test_a_shuffled_order_is_said_in_words(draft, tmp_path):
    draft.candidate_order = CandidateOrder.SHUFFLED
    db.session.commit()
    assert "The order of the names is drawn anew for every voter" in text_of(draft, tmp_path)
