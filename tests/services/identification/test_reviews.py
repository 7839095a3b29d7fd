"""Reviews: judged with a note, by one at a time, changed with a history, and told in the result, never a vote lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import (
    AuditLog,
    AuthEvent,
    AuthMethod,
    AuthResult,
    BallotPass,
    DocumentKind,
    Review,
    StaffRole,
    db,
    transaction,
)
from services import ballots, identification
from services.actor import Actor
from services.ballots import Choice
from services.clock import utc_now
from services.errors import NotFound, ValidationFailed
from services.face_service.liveness_reasons import REASONS, WEIGHTS
from services.face_service.quality import ADVICE
from services.identification import ABANDONED, LookupReason, UnderReview, attempt_words, review_list, reviews
from services.identification.failures import FREE_BREAKS
from services.identification.review_list import AttemptQuery
from services.identification.reviews import ReviewedMeanwhile
from services.identification.submission import SLOW_LINE
from services.result_words import under_review_sentence
from tests import factories
from tests.support import voting


@pytest.fixture
def reviewer(app: Any) -> Actor:
    user = factories.StaffUserFactory(role=StaffRole.ADMIN)
    return Actor("admin", user.id, user.username)


def attempt(election: Any, **values: Any) -> AuthEvent:
    event = AuthEvent(
        **{
            "election_id": election.id,
            "voter_id_input": "20481735",
            "result": AuthResult.MISMATCH,
            "reason": "different_person",
            "review": Review.PENDING,
            **values,
        }
    )
    db.session.add(event)
    db.session.commit()
    return event


def judge(event: AuthEvent, decision: str, note: str, actor: Actor, seen: str | None = None) -> AuthEvent:
    with transaction():
        return reviews.judge(event.id, decision, note, event.review_mark if seen is None else seen, actor)


def voted(election: Any, review: Review | None) -> AuthEvent:
    """Let a new voter vote, and set how the identification before it was judged."""
    voter = factories.RollEntryFactory(election=election).voter
    made: BallotPass = voting.make_pass(election, voter)
    ballots.cast_with_pass(made, Choice(nota=True), voting.new_key(), voting.KIOSK)
    event = db.session.get(AuthEvent, made.auth_event_id)
    event.review = review
    db.session.commit()
    return event


def test_a_judgement_is_kept_with_who_when_and_why(open_election, reviewer):
    event = attempt(open_election)
    judge(event, "rejected", "It is the twin sister", reviewer)

    assert (event.review, event.review_note, event.reviewed_by) == (
        Review.REJECTED, "It is the twin sister", reviewer.id,
    )  # fmt: skip
    assert utc_now() - event.reviewed_at < timedelta(minutes=1)
    row = db.session.scalars(select(AuditLog).where(AuditLog.event_type == "staff:attempt:rejected")).one()
    assert row.details == {
        "subject_id": event.id, "voter_number": "20481735", "before": "pending", "after": "rejected",
        "reason": "It is the twin sister",
    }  # fmt: skip


def test_a_change_of_mind_needs_a_reason_and_leaves_both_judgements_in_the_audit_log(open_election, reviewer):
    event = attempt(open_election)
    judge(event, "confirmed", "", reviewer)
    with pytest.raises(ValidationFailed) as refused:
        judge(event, "rejected", "", reviewer)
    assert "note" in refused.value.fields
    judge(event, "rejected", "A second look at the picture", reviewer)

    kinds = db.session.scalars(select(AuditLog.event_type).where(AuditLog.event_type.like("staff:attempt:%")))
    assert kinds.all() == ["staff:attempt:confirmed", "staff:attempt:rejected"]


def test_the_second_of_two_reviewers_is_told_who_was_first_and_changes_nothing(open_election, reviewer):
    event = attempt(open_election)
    seen = event.review_mark
    judge(event, "confirmed", "", reviewer)
    second = factories.StaffUserFactory()

    with pytest.raises(ReviewedMeanwhile) as told:
        judge(event, "rejected", "Not the voter", Actor("admin", second.id, second.username), seen)
    assert reviewer.name in told.value.message
    db.session.refresh(event)
    assert (event.review, event.reviewed_by) == (Review.CONFIRMED, reviewer.id)


@pytest.mark.parametrize(("decision", "note", "field"), [("rejected", "", "note"), ("pending", "x", "decision")])
def test_a_rejection_needs_a_note_and_a_judgement_is_one_of_two(decision, note, field, open_election, reviewer):
    with pytest.raises(ValidationFailed) as refused:
        judge(attempt(open_election), decision, note, reviewer)
    assert field in refused.value.fields


def test_an_unknown_attempt_is_not_found(reviewer):
    with pytest.raises(NotFound):
        reviews.judge(999_999, "confirmed", "", "", reviewer)


def test_votes_after_a_rejected_identification_are_under_review_and_stay_in_the_count(open_election):
    for review in (Review.REJECTED, Review.PENDING, Review.PENDING, Review.CONFIRMED, None):
        voted(open_election, review)
    attempt(open_election, review=Review.REJECTED)  # no vote came of it

    counts = identification.under_review(open_election)
    assert counts == UnderReview(rejected=1, waiting=2)
    assert ballots.counts(open_election).votes == 5
    said = under_review_sentence(counts)
    assert said.startswith("1 vote is under review: the identification of its voter was rejected afterwards.")
    assert "2 voters who voted still wait" in said


def test_a_failed_try_that_was_rejected_does_not_touch_the_later_vote_of_the_same_voter(open_election):
    event = voted(open_election, Review.CONFIRMED)
    attempt(open_election, voter_id=event.voter_id, review=Review.REJECTED)
    assert identification.under_review(open_election) == UnderReview()
    assert under_review_sentence(UnderReview()) == ""


def test_filters_find_attempts_by_each_of_their_facts(open_election, reviewer):
    kiosk = voting.make_kiosk(open_election)
    other = factories.make_open_election()
    hour = timedelta(hours=1)
    mismatch = attempt(open_election, kiosk_id=kiosk.id, created_at=utc_now() - 3 * hour)
    by_document = attempt(
        open_election, result=AuthResult.SUCCESS, method=AuthMethod.DOCUMENT, document=DocumentKind.PASSPORT,
        officer_id=reviewer.id, note="Broken camera", reason="document_alone", voter_id_input="20481749",
    )  # fmt: skip
    plain = attempt(open_election, result=AuthResult.UNKNOWN, reason="no_face", review=None)
    attempt(other)

    def found(**asked: Any) -> list[int]:
        return [row.id for row in review_list.search(open_election, AttemptQuery(**asked)).rows]

    assert found() == [plain.id, by_document.id, mismatch.id]
    assert found(result=AuthResult.MISMATCH) == [mismatch.id]
    assert found(method=AuthMethod.DOCUMENT) == [by_document.id]
    assert found(review="pending") == [by_document.id, mismatch.id]
    assert found(review="none") == [plain.id]
    assert found(kiosk_id=kiosk.id) == [mismatch.id]
    assert found(until=utc_now() - hour) == [mismatch.id]
    assert found(since=utc_now() - hour) == [plain.id, by_document.id]
    assert found(voter_number="2048 1749") == [by_document.id]
    assert review_list.waiting_count(open_election) == 2


def test_neighbours_follow_the_filtered_list_and_the_next_to_judge_goes_round(open_election):
    first, second, third = (attempt(open_election) for _number in range(3))
    attempt(open_election, review=None)
    waiting = AttemptQuery(review="pending")

    assert review_list.neighbours(second, waiting) == review_list.Neighbours(third.id, first.id)
    assert review_list.neighbours(third, waiting).newer is None
    assert review_list.next_waiting(second) == first.id
    assert review_list.next_waiting(first) == third.id


def test_a_page_beyond_the_end_is_the_last(open_election):
    attempt(open_election)
    page = review_list.search(open_election, AttemptQuery(page=99))
    assert (page.page, page.pages, page.total) == (1, 1, 1)


def test_reasons_are_said_in_words_and_an_unknown_one_is_named(open_election):
    event = attempt(
        open_election,
        liveness={"reasons": ["jump", "different_person"], "steps": ["left", "nod"], "position": 2, "status": "failed"},
    )
    assert attempt_words.reason(event.reason) == "The face is not the enrolled one."
    assert attempt_words.oddities(event) == ["The head jumped between two pictures."]
    assert attempt_words.steps(event) == [("Turn left", True), ("Nod", False)]
    assert attempt_words.reason("new_code") == "Other reason: new_code."


@pytest.mark.usefixtures("app")
def test_every_reason_that_an_attempt_can_have_has_its_words():
    codes = [*ADVICE, *REASONS, *WEIGHTS, *LookupReason, "identified", "document", "document_alone"]
    codes += [ABANDONED, SLOW_LINE, *FREE_BREAKS, "damaged"]
    codes = [code for code in codes if code != LookupReason.ELIGIBLE]
    assert [code for code in codes if attempt_words.reason(code).startswith("Other reason")] == []
