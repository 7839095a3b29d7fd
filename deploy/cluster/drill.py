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
from statistics import median

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
REST_SECONDS = 5.0
"""Between two kills of a long run: longer than voters' programs rest before they ask again."""


@dataclass
class Event:
    """One kill: what, when (monotonic seconds), when it worked again, and what came of it."""

    part: str
    began: float
    ended: float = 0.0
    silence: float = 0.0
    lost: int = 0
    double: int = 0
    mails_twice: int = 0


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


def drill(
    cluster: Cluster, casts: int, parts: list[str], clients: int, pause: float = 0.0, rest: float = 0.0
) -> int:  # fmt: skip
    """Let `casts` voters vote while `parts` are killed one after the other; return the exit status.

    The kills are spread evenly over the voters; with a `pause` after each voter they follow each other after a `rest`
    (both in seconds), and the voting ends with them.
    """
    begun = time.monotonic()
    cluster.up()
    roll = open_election(cluster.application(), casts)
    print(f"cluster up and {casts} voters on the roll after {time.monotonic() - begun:.0f} s", flush=True)
    crowd, voting = Crowd(cluster.layout, roll, clients, BOOTHS, pause), time.monotonic()
    events: list[Event] = []
    trouble = threading.Thread(target=_trouble, args=(cluster, crowd, parts, events, rest), daemon=True)
    crowd.start()
    trouble.start()
    _watch(crowd, roll.total, events)
    trouble.join()
    crowd.stop()
    took = time.monotonic() - voting
    print("\n".join(_told(crowd, roll.total, took)))
    done = _check(cluster, crowd, events, len(parts))
    print("", *table(events, crowd.watch.longest_silence), sep="\n")
    done.equal("kills that were played", len(events), len(parts))
    print("\nChecks", *done.lines, f"{time.monotonic() - begun:.0f} s in all", sep="\n")
    print("the drill holds" if not done.failed else f"THE DRILL DOES NOT HOLD: {len(done.failed)} checks failed")
    return 1 if done.failed else 0


def _trouble(cluster: Cluster, crowd: Crowd, parts: list[str], events: list[Event], rest: float) -> None:
    total = crowd.roll.total
    for place, part in enumerate(parts, start=1):
        while not crowd.pause and crowd.cast < total * place / (len(parts) + 1) and crowd.busy:
            time.sleep(0.02)
        time.sleep(rest)
        try:
            events.append(play(cluster, part))
        except Exception as error:
            print(f"  {part} could not be brought back: {type(error).__name__}: {error}", flush=True)
            crowd.close_door()
            return
        if crowd.pause and place == len(parts):
            time.sleep(rest)
            crowd.close_door()


def _watch(crowd: Crowd, total: int, events: list[Event]) -> None:
    said = 0.0
    while crowd.busy:
        time.sleep(0.2)
        if time.monotonic() - said > SAY_EVERY_SECONDS:
            said = time.monotonic()
            print(f"  {crowd.cast} of {total} voters, {len(events)} kills, load {os.getloadavg()[0]:.1f}", flush=True)


def _told(crowd: Crowd, total: int, took: float) -> list[str]:
    lines = [f"\n{crowd.cast} of {total} voters in {took:.0f} s, {crowd.cast / took:.1f} a second"]
    outcomes = Counter((cast.channel, cast.outcome) for cast in crowd.watch.casts)
    lines += [f"  {count:6} {channel}: {outcome}" for (channel, outcome), count in sorted(outcomes.items())]
    at_booths = [row.status for row in crowd.figures.troubled if row.step not in TICKET_STEPS]
    seen = crowd.watch.bad + Counter(f"{status or 'no answer'} (booth)" for status in at_booths)
    lines += ["what voters were answered meanwhile, besides good answers:"]
    return lines + ([f"  {count:6} x {words}" for words, count in seen.most_common(12)] or ["  nothing"])


def table(events: list[Event], longest_silence: Callable[[float, float], float]) -> list[str]:
    """Return the table of outcomes by part. A silence belongs to the kills before the next one that it touches."""
    until = [event.began for event in events[1:]] + [float("inf")]
    for event, following in zip(events, until, strict=True):
        event.silence = longest_silence(event.began, min(event.ended + AFTERMATH_SECONDS, following))
    lines = [f"{'part killed':26}{'times':>6}{'back: median, most s':>22}{'silence: median, most s':>25}"
             f"{'lost':>6}{'double':>8}{'mails twice':>13}"]  # fmt: skip
    for part in [*dict.fromkeys(event.part for event in events), ""]:
        mine = [event for event in events if part in ("", event.part)]
        if not mine:
            continue
        times = "".join(
            f"{median(values):{width}.1f}{max(values):7.1f}"
            for width, values in ((15, [one.ended - one.began for one in mine]), (18, [one.silence for one in mine]))
        )
        lost, double, twice = (sum(getattr(one, name) for one in mine) for name in ("lost", "double", "mails_twice"))
        lines.append(f"{part or 'all':26}{len(mine):6}{times}{lost:6}{double:8}{twice:13}")
    return lines


def _check(cluster: Cluster, crowd: Crowd, events: list[Event], killed: int) -> Checks:
    done, app, casts = Checks(), cluster.application(), crowd.watch.casts
    gave_up = [cast for cast in casts if cast.outcome == "gave up"]
    done.equal("voters who gave up", len(gave_up), 0)
    done.lines += [f"       {cast.channel} {cast.number} {cast.words}" for cast in gave_up[:10]]
    lost, double = checks.check_votes(done, app, crowd.roll, casts)
    checks.check_count(done, app, crowd.roll, casts)
    twice = checks.check_mails(done, cluster, app, killed)
    checks.check_chains(done, cluster, app, crowd.roll)
    began = time.time() - time.monotonic()
    blame(events, "lost", [cast.at for cast in lost])
    blame(events, "double", [cast.at for cast in double])
    blame(events, "mails_twice", [moment - began for moment in twice])
    return done


def blame(events: list[Event], what: str, moments: list[float]) -> None:
    """Count each moment (monotonic seconds) at the kill that was next to it in time."""
    for moment in moments if events else ():
        nearest = min(events, key=lambda event: abs(event.began - moment))
        setattr(nearest, what, getattr(nearest, what) + 1)


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
    parser.add_argument("--rest", type=float, default=REST_SECONDS, help="seconds between random kills")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the kills")
    parser.add_argument("--keep", action="store_true", help="leave the cluster up")
    options = parser.parse_args()
    parts = plan(options.kills, random.Random(options.seed)) if options.kills else [NODE, WORKER, PROMOTE]
    cluster = Cluster()
    try:
        if options.kills:
            casts = options.casts or CASTS_A_KILL * options.kills
            return drill(cluster, casts, parts, LIGHT_CLIENTS, LIGHT_PAUSE, options.rest)
        return drill(cluster, options.casts or 300, parts, options.clients)
    finally:
        if not options.keep:
            cluster.down()


if __name__ == "__main__":
    sys.exit(main())
