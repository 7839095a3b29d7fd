"""What the drills of `deploy.cluster` count, without a cluster."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from benchmarks.day.booth import Answer, LineLost
from deploy.cluster import clients, drill
from deploy.cluster.clients import Watch, as_choice, bare, persist
from deploy.cluster.layout import Layout


def test_silence_is_the_longest_time_without_a_good_answer_that_touches_the_trouble():
    watch = Watch(good=[0.0, 1.0, 2.0, 6.0, 6.5, 30.0])
    assert watch.longest_silence(2.5, 8.0) == 23.5
    assert watch.longest_silence(1.5, 6.2) == 4.0
    assert Watch().longest_silence(3.0, 5.0) == 2.0


def test_a_client_asks_again_until_the_answer_is_no_servers_trouble(monkeypatch):
    monkeypatch.setattr(clients.time, "sleep", lambda _seconds: None)
    answers = iter([LineLost(), Answer(503, "", ""), Answer(502, "", ""), Answer(200, "receipt", "")])

    def ask():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    watch = Watch()
    assert persist(ask, watch).text == "receipt"
    assert (watch.bad["no answer"], sum(watch.bad.values()), len(watch.good)) == (1, 3, 1)


def test_a_client_gives_up_when_its_patience_is_over(monkeypatch):
    monkeypatch.setattr(clients, "PATIENCE_SECONDS", -1.0)
    with pytest.raises(LineLost):
        persist(lambda: Answer(503, "", ""), Watch())


def test_a_long_drill_kills_each_kind_of_part_equally_often():
    counted = Counter(drill.plan(100, random.Random(1)))
    assert set(counted) == set(drill.KINDS)
    assert max(counted.values()) - min(counted.values()) <= 1


def test_a_loss_is_counted_at_the_kill_next_to_it_and_a_silence_ends_where_the_next_kill_begins():
    events = [drill.Event("nginx", 10.0, 12.0), drill.Event("redis", 18.0, 19.0), drill.Event("nginx", 40.0, 43.0)]
    drill.blame(events, "lost", [17.0, 41.0, 500.0])
    windows = []
    told = drill.table(events, lambda since, until: windows.append((since, until)) or until - since)
    assert windows == [(10.0, 18.0), (18.0, 29.0), (40.0, 53.0)]
    assert [line.split() for line in told[1:]] == [
        ["nginx", "2", "2.5", "3.0", "10.5", "13.0", "2", "0", "0"],
        ["redis", "1", "1.0", "1.0", "11.0", "11.0", "1", "0", "0"],
        ["all", "3", "2.0", "3.0", "11.0", "13.0", "3", "0", "0"],
    ]


def test_choices_and_receipts_are_compared_without_their_dress():
    assert (as_choice("000000000042"), as_choice("nota........")) == ("42", "NOTA")
    assert bare('<span class="a">AB12</span> <span>CD34</span>') == "AB12CD34"


def test_ports_secrets_and_primary_of_a_cluster_stay_once_drawn(tmp_path):
    layout = Layout(tmp_path)
    drawn = (layout.port("nginx"), layout.secret("session"))
    assert (layout.primary, layout.replica) == ("a", "b")
    layout.set_primary("b")
    again = Layout(tmp_path)
    assert (again.port("nginx"), again.secret("session")) == drawn
    assert (again.primary, again.replica) == ("b", "a")
