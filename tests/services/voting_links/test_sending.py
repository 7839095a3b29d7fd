"""Sending links to a whole roll: who gets one, once, and what a killed worker leaves."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import (
    Channel,
    EmailMessage,
    LinkSending,
    MailStatus,
    ReplacedToken,
    VoterStatus,
    VotingToken,
    db,
    transaction,
    use_role,
)
from services import elections, voting_links
from services.ballots import Choice, cast_with_pass
from services.clock import utc_now
from services.email_service.content import open_body
from services.errors import Conflict, NotFound
from services.security import hash_token
from services.voting_links import Standing, making, sending
from tests.factories import ElectionFactory, VoterFactory, make_open_election
from tests.support.links import ADDRESS, ADMIN, link_election, make_links, send_links, token_of, tokens_of
from tests.support.voting import KIOSK, make_pass, new_key, voters_of


def start(election, **values):
    with transaction():
        return voting_links.start_sending(election, ADDRESS, ADMIN, **values)


def test_every_reachable_voter_gets_one_link_and_one_mail_and_only_the_hash_is_stored(app):
    election = link_election(voters=3)
    tokens = send_links(election)
    assert len(set(tokens.values())) == 3
    for voter in voters_of(election):
        row, mail = token_of(voter, election), db.session.get(EmailMessage, token_of(voter, election).mail_id)
        assert row.token_hash == hash_token(tokens[voter.id])
        assert mail.recipient == voter.email
        assert tokens[voter.id] not in (mail.subject + mail.dedupe_key)
        body = open_body(mail.body)
        for part in (body.text, body.html):
            assert voter.name in part
            assert f"{ADDRESS}?token={tokens[voter.id]}" in part
    done = db.session.scalars(select(LinkSending)).one()
    assert (done.total, done.done, done.finished_at is not None) == (3, 3, True)
    with pytest.raises(Conflict, match="Nobody is left"):
        start(election)


def test_the_worker_has_the_rights_to_make_links(app):
    election = link_election()
    start(election)
    with use_role("sealer"):
        make_links()
    assert db.session.scalars(select(LinkSending.done)).one() == 1


def test_who_has_voted_has_no_mail_or_is_not_verified_gets_no_link(app):
    election = link_election(voters=4)
    voted, without, suspended, reachable = voters_of(election)
    cast_with_pass(make_pass(election, voted), Choice(nota=True), new_key(), KIOSK)
    without.email, suspended.status = None, VoterStatus.SUSPENDED
    db.session.commit()
    assert set(send_links(election)) == {reachable.id}
    counts = voting_links.link_figures(election).by_standing
    wanted = {Standing.VOTED: 1, Standing.NO_EMAIL: 1, Standing.NOT_VERIFIED: 1, Standing.UNDER_WAY: 1}
    assert {one: count for one, count in counts.items() if count} == wanted


def test_the_banner_counts_what_the_figures_count(app):
    election = link_election(voters=8)
    voted, without, suspended, sent, failed, bounced, under_way, late = voters_of(election)
    without.email, suspended.status, late.email = None, VoterStatus.SUSPENDED, None
    db.session.commit()
    tokens = send_links(election)
    late.email = "late@example.org"
    for voter, status in ((sent, "sent"), (failed, "failed"), (bounced, "bounced"), (voted, "failed")):
        db.session.get(EmailMessage, token_of(voter, election).mail_id).status = MailStatus(status)
    db.session.commit()
    cast_with_pass(make_pass(election, voted), Choice(nota=True), new_key(), KIOSK)
    counts = voting_links.link_figures(election)
    assert under_way.id in tokens
    assert voting_links.uninvited(election) == (3, 1)
    assert (counts.without_invitation, counts.by_standing[Standing.UNDER_WAY]) == (3, 1)


def test_a_link_lasts_seven_days_and_never_longer_than_the_election(app):
    long, short = link_election(closes_at=later(days=30)), link_election(closes_at=later(hours=5))
    for election, lasts in ((long, timedelta(days=7)), (short, timedelta(hours=5))):
        send_links(election)
        token = token_of(voters_of(election)[0], election)
        assert abs(voting_links.ends_at(token) - token.made_at - lasts) < timedelta(minutes=1)


def test_a_new_link_takes_the_place_of_the_old_one(app):
    election = link_election()
    (voter,) = voters_of(election)
    old = send_links(election)[voter.id]
    with transaction():
        voting_links.renew_link(election, voter.id, ADDRESS, ADMIN)
    new = tokens_of(election)[voter.id]
    assert voting_links.look_up(hash_token(old)).state == "replaced"
    assert voting_links.look_up(hash_token(new)).state == "good"
    assert db.session.scalar(select(func.count()).select_from(EmailMessage)) == 2


def test_new_links_for_all_who_have_not_voted_leave_those_who_have(app, time_machine):
    election = link_election(voters=2)
    first = send_links(election)
    time_machine.move_to(utc_now() + timedelta(minutes=5))
    voted, waiting = voters_of(election)
    cast_with_pass(make_pass(election, voted), Choice(nota=True), new_key(), KIOSK)
    db.session.commit()
    second = send_links(election, renew=True)
    assert second[voted.id] == first[voted.id]
    assert second[waiting.id] != first[waiting.id]
    assert db.session.scalar(select(func.count()).select_from(ReplacedToken)) == 1


def test_a_worker_that_dies_between_steps_leaves_whole_links_and_the_next_one_goes_on(app, monkeypatch):
    monkeypatch.setattr(sending, "STEP", 2)
    election = link_election(voters=5)
    start(election)
    real, calls = making.make_link, []

    def dies(*arguments, **named):
        calls.append(1)
        if len(calls) == 4:  # in the middle of the second step
            raise KeyboardInterrupt
        return real(*arguments, **named)

    monkeypatch.setattr(sending, "make_link", dies)
    with pytest.raises(KeyboardInterrupt):
        make_links()
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(VotingToken)) == 2
    assert db.session.scalar(select(func.count()).select_from(EmailMessage)) == 2
    monkeypatch.setattr(sending, "make_link", real)
    make_links()
    assert len(set(tokens_of(election).values())) == 5
    assert db.session.scalar(select(func.count()).select_from(EmailMessage)) == 5
    assert db.session.scalars(select(LinkSending.done)).one() == 5


def test_links_are_not_sent_where_they_would_lead_nowhere(app):
    draft = ElectionFactory(channels=[Channel.LINK])
    with pytest.raises(Conflict, match="Open the election first"):
        start(draft)
    with pytest.raises(Conflict, match="not voted in by links"):
        start(make_open_election())
    closed = link_election()
    elections.close_election(closed, ADMIN)
    db.session.commit()
    with pytest.raises(Conflict, match="over"):
        start(closed)
    running = link_election()
    start(running)
    with pytest.raises(Conflict, match="being sent already"):
        start(running)
    with pytest.raises(NotFound):
        voting_links.renew_link(running, VoterFactory().id, ADDRESS, ADMIN)


def test_the_list_shows_each_voter_once_with_the_reason_why_a_mail_did_not_arrive(app):
    election = link_election(voters=2)
    send_links(election)
    bounced, sent = voters_of(election)
    mail = db.session.get(EmailMessage, token_of(bounced, election).mail_id)
    mail.status, mail.problem = "bounced", "no_such_recipient"
    db.session.get(EmailMessage, token_of(sent, election).mail_id).status = "sent"
    db.session.commit()
    rows, total = voting_links.link_rows(election, None, "", 1, 50)
    assert total == 2
    assert {row.voter_id: (row.standing, row.mail_error) for row in rows} == {
        bounced.id: (Standing.NOT_DELIVERED, "There is no mailbox with this address."),
        sent.id: (Standing.SENT, None),
    }
    found, _total = voting_links.link_rows(election, Standing.SENT, sent.voter_id, 1, 50)
    assert [row.voter_id for row in found] == [sent.id]


def later(**values):
    return utc_now() + timedelta(**values)
