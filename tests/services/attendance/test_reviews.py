"""A doubted check-in is confirmed or rejected; the member objects once, and what is decided then stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from models import AuditLog, EmailMessage, RecordStatus, StaffRole, db
from services import attendance
from services.actor import Actor
from services.attendance import review_list, reviews
from services.clock import utc_now
from services.email_service.content import open_body
from services.errors import Conflict, NotFound, ValidationFailed
from services.geo import Place, Position
from tests import factories
from tests.support import meetings
from tests.support.meetings import HALL, PHONE


@pytest.fixture
def clock(app):
    with time_machine.travel(utc_now(), tick=False) as moving:
        yield moving


@pytest.fixture
def group(clock):
    return factories.GroupFactory()


@pytest.fixture
def officer(group):
    return meetings.officer()


@pytest.fixture
def doubted(group, officer):
    """A check-in from outside of the fence."""
    return outside(group, officer)


def outside(group, officer, **values):
    session = meetings.meeting(("location",), group_id=group.id, actor=officer)
    return meetings.stand(session, meetings.member(group, **values), north_m=400)


def admin():
    user = factories.StaffUserFactory(role=StaffRole.ADMIN)
    return Actor("admin", user.id, user.username)


def object_to(record, words="I stood in the yard."):
    return reviews.object_to(record.session_id, record.voter_id, words, PHONE)


def mails():
    return list(db.session.scalars(db.select(EmailMessage).order_by(EmailMessage.created_at, EmailMessage.subject)))


def events():
    return list(db.session.scalars(db.select(AuditLog.event_type).order_by(AuditLog.id)))


def test_a_rejection_needs_a_note_and_a_decision_may_change_with_one(doubted, officer):
    for decision, note, field in (
        ("rejected", " ", "note"),
        ("perhaps", "x", "decision"),
        ("flagged", "x", "decision"),
    ):
        with pytest.raises(ValidationFailed) as refused:
            reviews.decide(doubted.id, decision, note, officer)
        assert field in refused.value.fields
    assert reviews.decide(doubted.id, "confirmed", "", officer).status is RecordStatus.CONFIRMED
    with pytest.raises(ValidationFailed):
        reviews.decide(doubted.id, "rejected", "", officer)
    with pytest.raises(ValidationFailed):
        reviews.decide(doubted.id, "confirmed", "", officer)
    found = reviews.decide(doubted.id, "rejected", "Nobody saw this member.", officer)
    assert (found.status, found.reviewed_by, found.review_note) == (
        RecordStatus.REJECTED, officer.id, "Nobody saw this member.",
    )  # fmt: skip
    assert events()[-2:] == ["staff:attendance:confirmed", "staff:attendance:rejected"]


def test_who_looked_at_an_older_state_is_told_so(doubted, officer):
    seen = doubted.review_mark
    reviews.decide(doubted.id, "confirmed", "", officer, seen)
    with pytest.raises(reviews.DecidedMeanwhile):
        reviews.decide(doubted.id, "rejected", "Too late.", admin(), seen)


def test_a_member_objects_once_to_a_rejection_and_somebody_else_decides_for_good(doubted, officer, clock):
    with pytest.raises(Conflict):
        object_to(doubted)
    reviews.decide(doubted.id, "rejected", "Outside.", officer)
    with pytest.raises(ValidationFailed):
        object_to(doubted, "  ")
    assert object_to(doubted).status is RecordStatus.FLAGGED
    with pytest.raises(Conflict):
        object_to(doubted)
    other = admin()
    with pytest.raises(Conflict, match="Somebody else"):
        reviews.decide(doubted.id, "confirmed", "Agreed.", officer)
    with pytest.raises(ValidationFailed, match="Answer the objection"):
        reviews.decide(doubted.id, "confirmed", "", other)
    clock.shift(timedelta(minutes=1))
    assert reviews.decide(doubted.id, "rejected", "The yard is outside.", other).is_final
    for decision in ("confirmed", "rejected"):
        with pytest.raises(Conflict, match="final"):
            reviews.decide(doubted.id, decision, "Again.", other)
    with pytest.raises(Conflict):
        object_to(doubted)
    assert events()[-2:] == ["voter:attendance:objected", "staff:attendance:objection_refused"]


def test_an_objection_of_the_same_moment_as_its_answer_is_answered(doubted, officer):
    reviews.decide(doubted.id, "rejected", "Outside.", officer)
    object_to(doubted)
    assert doubted.objection_waits
    assert reviews.decide(doubted.id, "confirmed", "Agreed.", admin()).is_final


def test_a_rejection_and_the_answer_to_an_objection_are_mailed_with_their_reason_and_a_confirmation_is_not(
    doubted, officer
):
    reviews.decide(doubted.id, "confirmed", "", officer)
    assert mails() == []
    reviews.decide(doubted.id, "rejected", "Nobody saw you.", officer)
    first = mails()[-1]
    assert first.subject == "You do not count as present"
    text = open_body(first.body).text
    assert ("Nobody saw you." in text, "Branch meeting" in text, "You can object once" in text) == (True, True, True)
    object_to(doubted)
    reviews.decide(doubted.id, "rejected", "The yard is outside.", admin())
    last = mails()[-1]
    assert (last.subject, last.recipient) == ("Your objection was not accepted", doubted.voter.email)
    assert "You can object once" not in open_body(last.body).text


def test_where_nobody_else_could_the_officer_answers_the_objection(doubted, officer):
    reviews.decide(doubted.id, "rejected", "Outside.", officer)
    object_to(doubted)
    assert reviews.decide(doubted.id, "confirmed", "Agreed.", officer).status is RecordStatus.CONFIRMED


def test_who_checked_a_member_in_by_hand_does_not_decide_about_it_while_somebody_else_can(group, officer):
    session, voter = meetings.meeting(group_id=group.id, actor=officer), meetings.member(group)
    record = attendance.records.enter_by_hand(session.id, voter.voter_id, "No battery.", officer)
    other = admin()
    with pytest.raises(Conflict, match="by hand"):
        reviews.decide(record.id, "confirmed", "Mine.", officer)
    assert reviews.decide(record.id, "rejected", "Nobody saw this member.", other).status is RecordStatus.REJECTED


def test_an_objection_comes_as_long_as_the_evidence_is_kept(app, doubted, officer, clock):
    clock.shift(timedelta(days=20))
    reviews.decide(doubted.id, "rejected", "Outside.", officer)
    clock.shift(timedelta(days=29))
    assert attendance.forget_old() == 0
    assert (doubted.latitude is not None, reviews.may_object(doubted)) == (True, True)
    clock.shift(timedelta(days=2))
    assert attendance.forget_old() == 1
    with pytest.raises(Conflict, match="time to object is over"):
        object_to(doubted)


def test_many_are_decided_with_one_note_and_those_decided_before_are_skipped(group, officer):
    records = [outside(group, officer) for _ in range(3)]
    reviews.decide(records[0].id, "rejected", "First.", officer)
    with pytest.raises(ValidationFailed):
        reviews.decide_many([record.id for record in records], "rejected", "", officer)
    done = reviews.decide_many([record.id for record in records], "confirmed", "All were seen.", officer)
    assert done == reviews.Bulk(done=2, skipped=1, own=0)
    assert [record.status.value for record in records] == ["rejected", "confirmed", "confirmed"]
    for ids in ([], range(1, 202)):
        with pytest.raises(ValidationFailed):
            reviews.decide_many(list(ids), "confirmed", "", officer)
    with pytest.raises(NotFound):
        reviews.decide_many([records[1].id], "confirmed", "", meetings.officer())


def test_the_list_finds_by_state_kind_group_and_words_and_shows_objections_first(group, officer):
    first, second = outside(group, officer, name="Amal Haddad"), outside(group, officer, name="Rosa Demir")
    confirmed = outside(group, officer)
    reviews.decide(confirmed.id, "confirmed", "", officer)
    reviews.decide(first.id, "rejected", "Outside.", officer)
    object_to(first)

    def ids(who=officer, **asked):
        return [record.id for record in review_list.search(review_list.Query(**asked), who).rows]

    assert ids() == [first.id, second.id]
    assert ids(state="objected") == [first.id]
    assert ids(state="confirmed") == [confirmed.id]
    assert ids(state="all", who=admin()) == [first.id, confirmed.id, second.id]
    assert (ids(text="rosa"), ids(text=first.voter.voter_id)) == ([second.id], [first.id])
    assert (ids(kind="same_photo"), ids(kind="outside_fence")) == ([], [first.id, second.id])
    assert (ids(group_id=group.id), ids(group_id=0), ids(session_id=second.session_id)) == (
        [first.id, second.id], [], [second.id],
    )  # fmt: skip
    assert (ids(meetings.officer()), review_list.count_waiting(meetings.officer())) == ([], 0)
    assert (review_list.count_waiting(officer), review_list.next_waiting(first, officer)) == (2, second.id)


def test_the_way_from_the_check_in_before_is_told_with_its_speed(group, officer, clock):
    voter, session = meetings.member(group), meetings.meeting(("location",), group_id=group.id, actor=officer)
    meetings.stand(session, voter, accuracy=0.5)
    clock.shift(timedelta(minutes=30))
    far = Place(HALL.latitude + 1, HALL.longitude, 100)
    later = meetings.meeting(("location",), group_id=group.id, actor=officer, place=far, title="Far away")
    record = meetings.stand(later, voter, place=far, accuracy=0.5)
    earlier = attendance.evidence.of(record).earlier
    assert earlier is not None
    assert (earlier.title, earlier.seconds, round(earlier.metres, -3), earlier.km_per_hour) == (
        "Branch meeting", 1800, 111_000, 222,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("north_m", "east_m", "accuracy"), [(20, 0, 15), (400, 0, 15), (-90, 40, 5000), (0, 0, 0), (900_000, 500_000, 30)]
)
def test_the_drawing_holds_place_and_phone_and_has_north_at_the_top(north_m, east_m, accuracy):
    here = Position(HALL.latitude + north_m / 111_195, HALL.longitude + east_m / 67_700, accuracy)
    drawn = attendance.fence.draw(HALL, here)
    x, y, radius = drawn.place
    for across, down in (drawn.phone, (x, y)):
        assert 0 <= across <= drawn.width
        assert 0 <= down <= drawn.height
    assert (radius >= 5, drawn.accuracy >= 5, 0 < drawn.bar <= drawn.width) == (True, True, True)
    assert (drawn.phone[1] - y) * north_m <= 0
    assert (drawn.phone[0] - x) * east_m >= 0
