"""Every kind of leak has a planted twin, and the attack finds it; the clean twin gives nothing."""

from __future__ import annotations

import pytest

from models import db, use_role
from services import elections, secrecy_audit
from services.actor import SYSTEM
from services.ballots import sealing
from services.secrecy_audit import (
    Sources,
    batches,
    columns,
    contents,
    lengths,
    logs,
    order,
    server,
    transactions,
    words,
)
from services.secrecy_audit.running import ATTACKS
from services.secrecy_audit.target import look_at
from tests.services.secrecy_audit.conftest import MINORITY, VOTERS, vote
from tests.support.voting import seal_all

pytestmark = pytest.mark.commits

ONE_VOTE = "(SELECT v.id FROM votes v WHERE v.election_id = :id ORDER BY v.id LIMIT 1)"
NAME = "(SELECT name FROM candidates WHERE election_id = :id ORDER BY id LIMIT 1)"


def test_an_honest_election_gives_nothing_away(voted, planted):
    for number in (voted.running, voted.counted):
        with planted():
            report = secrecy_audit.attack(elections.get_election(number), Sources(), SYSTEM)
            assert [(one.attack, one.said) for one in report.findings if one.linked or one.exposed] == []
            assert (report.linked, report.blind, report.unanimous) == (0, False, False)
            assert [one.attack for one in report.findings] == list(secrecy_audit.ATTACKS)
            assert len(ATTACKS) == len(secrecy_audit.ATTACKS)


def test_a_ballot_written_with_its_vote_is_found(attacked):
    assert attacked(
        transactions.shared_transactions,
        f"UPDATE votes SET channel = channel WHERE id = {ONE_VOTE}",
        "UPDATE ballots SET payload = payload WHERE election_id = :id AND seq = 7",
    ).linked == 1  # fmt: skip


def test_a_ballot_written_with_the_token_of_a_link_is_found(attacked):
    assert attacked(
        transactions.shared_transactions,
        "UPDATE voting_tokens SET made_at = made_at WHERE id ="
        " (SELECT id FROM voting_tokens WHERE election_id = :id AND used_at IS NOT NULL LIMIT 1)",
        "UPDATE ballots SET payload = payload WHERE election_id = :id AND seq = 7",
    ).linked == 1  # fmt: skip


def test_a_receipt_written_with_the_audit_row_of_its_vote_is_found(attacked):
    assert attacked(
        transactions.shared_transactions,
        "UPDATE audit_logs SET actor = actor"
        f" WHERE details ->> 'audit_ref' = (SELECT audit_ref FROM votes WHERE id = {ONE_VOTE})",
        "UPDATE ballot_receipts SET code = code WHERE election_id = :id",
    ).linked == 1  # fmt: skip


def test_a_plaintext_box_is_found(attacked):
    plain = '{"ballot":"6f1e","candidates":[1],"format":"ballot/1","nota":false}'
    finding = attacked(
        contents.readable_box,
        "UPDATE ballot_box SET sealed_payload = rpad(:plain, ballot_length::int, ' ')::bytea WHERE election_id = :id",
        running=True, plain=plain,
    )  # fmt: skip
    assert finding.linked == VOTERS // 2


def test_ciphertexts_that_are_alike_are_found(attacked):
    same = "(SELECT sealed_payload FROM ballot_box WHERE election_id = :id LIMIT 1)"
    assert attacked(
        contents.readable_box, f"UPDATE ballot_box SET sealed_payload = {same} WHERE election_id = :id", running=True
    ).exposed


def test_ballots_in_the_order_of_arrival_are_found(attacked):
    in_order = (
        "UPDATE ballots b SET payload = o.payload FROM (SELECT row_number() OVER (ORDER BY payload) AS place, payload"
        " FROM ballots WHERE election_id = :id) o WHERE b.election_id = :id AND b.seq = o.place"
    )
    assert attacked(order.ballot_order, in_order).linked == VOTERS


@pytest.fixture
def unshuffled(voted, monkeypatch):
    """Give a function that votes and seals with a worker that leaves out the shuffle: the election, and all votes."""

    def seal(second_at):
        monkeypatch.setattr(sealing, "_shuffle", lambda payloads: None)
        with voted.app.app_context():
            number = vote(VOTERS, second_at)
            elections.close_election(elections.get_election(number), SYSTEM)
            db.session.commit()
            seal_all()
            target = look_at(elections.get_election(number), Sources())
            first, second = sorted(target.choices)
            lines = [f"{one.number},{second if second_at(at) else first}" for at, one in enumerate(target.votes)]
        return number, "\n".join(lines)

    return seal


def test_a_sealing_without_shuffle_is_found_where_equal_choices_came_together(voted, unshuffled):
    number, _known = unshuffled(lambda place: place >= VOTERS - MINORITY)
    with voted.app.app_context(), use_role("owner"):
        finding = order.ballot_order(look_at(elections.get_election(number), Sources()))
    assert finding.linked == VOTERS
    assert "clusters" in dict(finding.said)


def test_a_sealing_without_shuffle_of_alternating_votes_needs_known_votes_and_the_report_says_so(
    voted, unshuffled, tmp_path
):
    number, lines = unshuffled(lambda place: place % 4 == 1)
    known = tmp_path / "known.csv"
    known.write_text(lines)
    with voted.app.app_context(), use_role("owner"):
        found = elections.get_election(number)
        alone = order.ballot_order(look_at(found, Sources()))
        informed = order.ballot_order(look_at(found, Sources(known=known)))
    assert (alone.linked, "no_known" in dict(alone.said)) == (0, True)
    assert (informed.linked, "no_known" in dict(informed.said)) == (VOTERS, False)


def test_an_order_that_fits_the_votes_somebody_knows_is_found(attacked, planted, voted, tmp_path):
    known = tmp_path / "known.csv"
    with planted():
        target = look_at(elections.get_election(voted.counted), Sources())
        payloads = transactions.rows(
            "SELECT payload ->> 'candidates' FROM ballots WHERE election_id = :id ORDER BY seq", id=voted.counted
        )
    known.write_text("".join(
        f"{vote.number},{payload.strip('[]')}\n" for vote, (payload,) in zip(target.votes, payloads, strict=True)
    ))  # fmt: skip

    finding = attacked(order.ballot_order, sources=Sources(known=known))

    assert finding.linked == VOTERS
    assert ("order_known", "cast") in [(code, values.get("order")) for code, values in finding.said]


def test_receipts_in_the_order_of_the_ballots_are_found(attacked):
    finding = attacked(
        order.receipt_order,
        "CREATE TEMPORARY TABLE mixed ON COMMIT DROP AS SELECT code FROM ballot_receipts WHERE election_id = :id",
        "DELETE FROM ballot_receipts WHERE election_id = :id",
        "INSERT INTO ballot_receipts SELECT :id, code FROM mixed ORDER BY md5(code)",
    )
    assert finding.linked == VOTERS


def test_payloads_of_different_length_are_found(attacked):
    finding = attacked(
        lengths.lengths,
        "ALTER TABLE ballot_box DROP CONSTRAINT ck_ballot_box_one_length",
        "UPDATE ballot_box SET sealed_payload = substring(sealed_payload FOR 400) WHERE id IN"
        " (SELECT id FROM ballot_box WHERE election_id = :id LIMIT 3)",
        running=True,
    )
    assert finding.linked == VOTERS // 2


@pytest.mark.parametrize(("table", "running"), [("ballots", False), ("ballot_receipts", False), ("ballot_box", True)])
def test_a_time_beside_a_choice_is_found(attacked, table, running):
    finding = attacked(
        columns.unplanned_columns,
        f"ALTER TABLE {table} ADD COLUMN at timestamptz DEFAULT clock_timestamp()",
        running=running,
    )
    assert finding.linked == (VOTERS // 2 if running else VOTERS)
    assert finding.said[0][0] == "time_column"


def test_a_counter_and_a_key_beside_a_choice_are_found(attacked):
    assert attacked(columns.unplanned_columns, "ALTER TABLE ballot_receipts ADD COLUMN n bigserial").linked == VOTERS
    with_time = """UPDATE ballots SET payload = payload || '{"at": 1}' WHERE election_id = :id"""
    assert attacked(columns.unplanned_columns, with_time).linked == VOTERS


def test_ids_made_of_the_time_are_found(attacked):
    made_of_time = "UPDATE ballot_box SET id = CAST(overlay(id::text PLACING '7' FROM 15 FOR 1) AS uuid)"
    assert attacked(columns.unplanned_columns, made_of_time, running=True).exposed


def test_a_batch_of_one_is_found(attacked):
    one = "UPDATE ballots SET payload = payload WHERE election_id = :id AND seq = 1"
    finding = attacked(batches.small_and_unanimous_batches, one)
    assert "small_batch" in dict(finding.said)
    assert finding.exposed
    assert finding.linked >= 1


def test_a_unanimous_batch_is_found(attacked, monkeypatch):
    monkeypatch.setattr("services.secrecy_audit.target.SMALLEST_BATCH", 5)
    agree = (
        "UPDATE ballots SET payload = payload WHERE (election_id, seq) IN (SELECT election_id, seq FROM ballots"
        " WHERE election_id = :id AND payload = (SELECT min(payload::text)::jsonb FROM ballots WHERE election_id = :id)"
        " LIMIT 8)"
    )
    finding = attacked(batches.small_and_unanimous_batches, agree)
    assert ("unanimous_batch", {"count": 8}) in finding.said


def test_a_unanimous_election_is_said_to_give_itself_away(voted, planted):
    one = "(SELECT payload FROM ballots WHERE election_id = :id LIMIT 1)"
    agree = f"UPDATE ballots SET payload = {one} WHERE election_id = :id"
    with planted(agree, id=voted.counted):
        assert batches.is_unanimous(look_at(elections.get_election(voted.counted), Sources()))


def test_a_mail_with_the_choice_is_found(attacked):
    finding = attacked(
        contents.rows_with_choices,
        f"UPDATE email_messages SET body = convert_to('You chose ' || {NAME}, 'UTF8') WHERE dedupe_key"
        f" = (SELECT 'vote_confirmation:' || audit_ref FROM votes WHERE id = {ONE_VOTE})",
    )
    assert finding.linked == 1
    assert finding.said[0][1]["table"] == "email_messages"


def test_an_audit_row_with_a_receipt_is_found(attacked):
    finding = attacked(
        contents.rows_with_choices,
        "UPDATE audit_logs SET details = details || jsonb_build_object('note', (SELECT code FROM ballot_receipts"
        " WHERE election_id = :id LIMIT 1))"
        f" WHERE details ->> 'audit_ref' = (SELECT audit_ref FROM votes WHERE id = {ONE_VOTE})",
    )
    assert finding.linked == 1


def test_a_store_that_keeps_the_request_is_found(attacked):
    finding = attacked(
        contents.rows_with_choices,
        "CREATE TABLE idempotency (key text, request text)",
        """INSERT INTO idempotency SELECT md5(v.audit_ref), '{"voter_id": "' || p.voter_id || '", "choice": 3}'
           FROM votes v JOIN voters p ON p.id = v.voter_id WHERE v.election_id = :id""",
    )
    assert finding.linked == VOTERS
    assert finding.said[0][1]["table"] == "idempotency"


def test_a_voter_who_is_a_candidate_is_no_leak(attacked):
    stands = f"UPDATE voters SET name = {NAME} WHERE id = (SELECT voter_id FROM votes WHERE id = {ONE_VOTE})"
    assert attacked(contents.rows_with_choices, stands).linked == 0


@pytest.mark.parametrize(
    "setting", ["log_statement = 'all'", "log_min_duration_statement = 0", "log_parameter_max_length_on_error = -1"]
)
def test_a_server_that_logs_statements_is_found(attacked, setting):
    assert attacked(server.server_settings, f"SET LOCAL {setting}").exposed


def test_failed_statements_in_the_log_are_said_and_open_no_door(attacked):
    finding = attacked(server.server_settings, "SET LOCAL log_min_error_statement = 'error'")
    assert not finding.exposed
    assert dict(finding.said)["logs_failed"] == {"value": "error"}


def test_statements_logged_for_one_role_only_are_found(attacked):
    assert attacked(server.server_settings, "ALTER ROLE CURRENT_USER SET log_statement = 'all'").exposed


@pytest.mark.parametrize("line", [
    "cast voter={number} choice={name}",
    'POST /poll/vote {{"voter_id": "{number}", "choice": 4}}',
    "{number} idempotency_key=Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5",
    "kiosk 1 {number} receipt {receipt}",
])  # fmt: skip
def test_a_log_line_with_voter_and_choice_is_found(attacked, planted, voted, tmp_path, line):
    with planted():
        target = look_at(elections.get_election(voted.counted), Sources())
    path, words = tmp_path / "web.log", {
        "number": target.votes[3].number, "name": target.choices[min(target.choices)], "receipt": min(target.receipts),
    }  # fmt: skip
    path.write_text(f"GET / 200\n{line.format(**words)}\nPOST /poll/vote 200 {words['number']}\n")

    finding = attacked(logs.log_lines, sources=Sources(logs=(path,)))

    assert finding.linked == 1


def test_every_order_that_is_named_has_words():
    said = [words.say("order_known", {"order": order, "count": 40, "deviation": 6.2}) for order in words.ORDERS]
    assert said[0] == "The ballots stand in an order that tells votes (by place in the chain), 6.2 standard deviations."
    assert len(set(said)) == len(words.ORDERS)
