"""Votes through the cluster while its parts are killed with -9; everything that must hold is checked afterwards.

    python -m deploy.cluster.drill --casts 5000     one node, one worker, then the primary, whose replica is promoted
    python -m deploy.cluster.drill --kills 100      random kill cycles of single parts under light load

Voters come to two booths (a painted face, judged by the development engine), by link and through the API, over HTTPS;
where no answer comes they ask again with the same key. Prints what voters saw, the outages and the checks; exits 1
when one fails. The cluster is started when it is not up, and stopped afterwards unless --keep is given.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.day.checks import Checks
from deploy.cluster import checks
from deploy.cluster.clients import Crowd
from deploy.cluster.roll import open_election
from deploy.cluster.whole import PRIMARY, REPLICA, Cluster

CLIENTS, BOOTHS = 12, 2
DOWN_SECONDS = 1.0
"""How long a killed part stays away: what a service manager takes to start it again."""
TICKET_STEPS = ("link", "link ballot", "link vote", "API ballot", "API vote")
"""What the voters by link and API note themselves."""
AFTERMATH_SECONDS = 10.0
SAY_EVERY_SECONDS = 5.0
NODE, WORKER, PROMOTE = "node1", "worker1", "primary, replica promoted"
KINDS = ("node1", "node2", "worker1", "worker2", "pgbouncer", "nginx", "redis", REPLICA, PRIMARY, PROMOTE)
CASTS_A_KILL = 60
"""Voters on the roll for each kill cycle, more than come: the kills end the run, not the voters."""
LIGHT_CLIENTS, LIGHT_PAUSE = 4, 0.5
"""The light load of a long run of kills: so many clients, with so many seconds after each voter."""


@dataclass
class Event:
    """One kill: what, when (monotonic seconds), when it worked again."""

    part: str
    began: float
    ended: float = 0.0
    silence: float = 0.0


def play(cluster: Cluster, part: str) -> Event:
    """Kill a part and bring it back, as its service manager or the operator would."""
    event = Event(part, time.monotonic())
    if part == PROMOTE:
        cluster.kill(PRIMARY)
        cluster.promote()
        event.ended = time.monotonic()
        cluster.pair.join()
        return event
    cluster.kill(part)
    time.sleep(DOWN_SECONDS)
    cluster.start(part)
    event.ended = time.monotonic()
    return event


def drill(cluster: Cluster, casts: int, parts: list[str], clients: int, pause: float = 0.0) -> int:
    """Let `casts` voters vote while `parts` are killed one after the other; return the exit status.

    The kills are spread evenly over the voters; with a `pause` after each voter they follow each other, and the voting
    ends with them.
    """
    begun = time.monotonic()
    cluster.up()
    roll = open_election(cluster.application(), casts)
    print(f"cluster up and {casts} voters on the roll after {time.monotonic() - begun:.0f} s", flush=True)
    crowd, voting = Crowd(cluster.layout, roll, clients, BOOTHS, pause), time.monotonic()
    events: list[Event] = []
    trouble = threading.Thread(target=_trouble, args=(cluster, crowd, parts, events), daemon=True)
    crowd.start()
    trouble.start()
    _watch(crowd, roll.total, events)
    trouble.join()
    crowd.stop()
    took = time.monotonic() - voting
    for event in events:
        event.silence = crowd.watch.longest_silence(event.began, event.ended + AFTERMATH_SECONDS)
    print("\n".join(_told(crowd, roll.total, took, events, len(parts))))
    done = _check(cluster, crowd, roll, len(parts))
    print("\nChecks", *done.lines, f"{time.monotonic() - begun:.0f} s in all", sep="\n")
    print("the drill holds" if not done.failed else f"THE DRILL DOES NOT HOLD: {len(done.failed)} checks failed")
    return 1 if done.failed or len(events) < len(parts) else 0


def _trouble(cluster: Cluster, crowd: Crowd, parts: list[str], events: list[Event]) -> None:
    total = crowd.roll.total
    for place, part in enumerate(parts, start=1):
        while not crowd.pause and crowd.cast < total * place / (len(parts) + 1) and crowd.busy:
            time.sleep(0.02)
        time.sleep(crowd.pause)
        try:
            events.append(play(cluster, part))
        except Exception as error:
            print(f"  {part} could not be brought back: {type(error).__name__}: {error}", flush=True)
            return
        if crowd.pause and place == len(parts):
            crowd.close_door()


def _watch(crowd: Crowd, total: int, events: list[Event]) -> None:
    said = 0.0
    while crowd.busy:
        time.sleep(0.2)
        if time.monotonic() - said > SAY_EVERY_SECONDS:
            said = time.monotonic()
            print(f"  {crowd.cast} of {total} voters, {len(events)} kills, load {os.getloadavg()[0]:.1f}", flush=True)


def _told(crowd: Crowd, total: int, took: float, events: list[Event], wanted: int) -> list[str]:
    lines = [f"\n{crowd.cast} of {total} voters in {took:.0f} s, {crowd.cast / took:.1f} a second"]
    outcomes = Counter((cast.channel, cast.outcome) for cast in crowd.watch.casts)
    lines += [f"  {count:6} {channel}: {outcome}" for (channel, outcome), count in sorted(outcomes.items())]
    at_booths = [row.status for row in crowd.figures.troubled if row.step not in TICKET_STEPS]
    seen = crowd.watch.bad + Counter(f"{status or 'no answer'} (booth)" for status in at_booths)
    lines += ["what voters were answered meanwhile, besides good answers:"]
    lines += [f"  {count:6} x {words}" for words, count in seen.most_common(12)] or ["  nothing"]
    lines += [f"{'part killed':28}{'times':>6}{'down at most s':>16}{'longest silence s':>19}"]
    for part in dict.fromkeys(event.part for event in events):
        mine = [event for event in events if event.part == part]
        down, silence = max(event.ended - event.began for event in mine), max(event.silence for event in mine)
        lines.append(f"{part:28}{len(mine):6}{down:16.1f}{silence:19.1f}")
    if len(events) < wanted:
        lines.append(f"FAILED: only {len(events)} of {wanted} kills were played")
    return lines


def _check(cluster: Cluster, crowd: Crowd, roll: object, killed: int) -> Checks:
    done, app = Checks(), cluster.application()
    gave_up = [cast for cast in crowd.watch.casts if cast.outcome == "gave up"]
    done.equal("voters who gave up", len(gave_up), 0)
    done.lines += [f"       {cast.channel} {cast.number} {cast.words}" for cast in gave_up[:10]]
    steps: tuple[Callable[[], None], ...] = (
        lambda: checks.check_votes(done, app, crowd.roll, crowd.watch.casts),
        lambda: checks.check_count(done, app, crowd.roll, crowd.watch.casts),
        lambda: checks.check_mails(done, cluster, app, killed),
        lambda: checks.check_chains(done, cluster, app, crowd.roll),
    )
    for step in steps:
        step()
    return done


def plan(kills: int, draw: random.Random) -> list[str]:
    """Return the parts of a long drill in random order, each kind as often as any other, give or take one."""
    parts = [KINDS[place % len(KINDS)] for place in range(kills)]
    draw.shuffle(parts)
    return parts


def main() -> int:
    """Run one drill; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--casts", type=int, help="voters (default: 300, or 60 for each kill)")
    parser.add_argument("--kills", type=int, default=0, help="random kill cycles instead of the three of the plan")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="voters by link and API at a time")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the kills")
    parser.add_argument("--keep", action="store_true", help="leave the cluster up")
    options = parser.parse_args()
    parts = plan(options.kills, random.Random(options.seed)) if options.kills else [NODE, WORKER, PROMOTE]
    cluster = Cluster()
    try:
        if options.kills:
            return drill(cluster, options.casts or CASTS_A_KILL * options.kills, parts, LIGHT_CLIENTS, LIGHT_PAUSE)
        return drill(cluster, options.casts or 300, parts, options.clients)
    finally:
        if not options.keep:
            cluster.down()


if __name__ == "__main__":
    sys.exit(main())
