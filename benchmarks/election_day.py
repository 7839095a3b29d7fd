"""A whole election day in one run: voters through booths, times for each step, and everything that must balance.

    python -m benchmarks.election_day [--voters 800] [--kiosks 4] [--real 40] [--think SECONDS] [--trouble]

Own database, web server (2 processes) and worker as `make run` starts them; browserless clients with
cookies, CSRF token and frames at the page's pace. The real voters' films are composed from photographs
(../shared/faces, or two packaged portraits) and judged by dlib; all others are painted people, judged by the
development engine. Prints times, p95 at one booth against all, and the checks; exits 1 when one fails, a p95 is over
its bound, or anybody got an answer that the day does not explain.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.day import checks, figures, films, hall, people, trouble
from benchmarks.day.checks import Checks
from benchmarks.day.figures import FAST, REAL, Figures
from benchmarks.day.hall import Hall
from benchmarks.day.installation import Installation
from benchmarks.day.people import Person
from benchmarks.day.trouble import Troubles
from benchmarks.day.visit import Visited

ALONE, TOGETHER = "one booth", "all booths"
SHARE_ALONE = 0.06
"""Part of the voters who come while one booth is open: the baseline that the rest is compared with."""
HOUR = 3600
MOST_SHOWN = 20
NOBODY = "nobody"


@dataclass(frozen=True)
class Plan:
    """What is run: how many voters, booths and real faces, the pause after each voter, and the troubles."""

    voters: int = 800
    kiosks: int = 4
    real: int = 40
    think: float = 0.0
    troubles: tuple[tuple[str, trouble.Act], ...] = ()
    bounds: bool = True
    liveness: bool = True
    painted: int = films.PAINTED


def run(plan: Plan, folder: Path) -> Checks:
    """Run the day below `folder` and print it; return the checks."""
    begun = time.monotonic()
    persons = people.people(people.numbers(plan.voters), films.painted_films(plan.painted), films.real_films(plan.real))
    composed = time.monotonic() - begun
    installation = Installation(folder, "dlib" if plan.real else "fake", plan.liveness)
    try:
        app = installation.prepare()
        election_id = hall.open_election(app, persons)
        installation.serve()
        print(f"prepared in {time.monotonic() - begun:.0f} s (films: {composed:.0f} s): {_said(persons)}", flush=True)
        return _hold(plan, installation, election_id, persons)
    finally:
        installation.stop()


def _hold(plan: Plan, installation: Installation, election_id: int, persons: list[Person]) -> Checks:
    noted = Figures()
    here = Hall(installation, noted, plan.kiosks, plan.think)
    first = max(1, round(SHARE_ALONE * len(persons)))
    noted.phase = ALONE
    alone = here.let_in(persons[:first], 1)
    noted.phase, noted.in_trouble = TOGETHER, bool(plan.troubles)
    troubles = Troubles(installation, noted, plan.troubles)
    player = troubles.run(lambda: len(here.visits) - first, len(persons) - first)
    took = here.let_in(persons[first:], plan.kiosks)
    troubles.stop()
    player.join()
    here.close()
    if troubles.failure is not None:
        raise troubles.failure
    _print_times(noted, here.visits, {ALONE: (first, alone, 1), TOGETHER: (len(persons) - first, took, plan.kiosks)})
    return _check(plan, installation, election_id, here.visits, noted, troubles)


def _check(
    plan: Plan, installation: Installation, election_id: int, visits: list[Visited], noted: Figures, troubles: Troubles
) -> Checks:
    done, app = Checks(), installation.app
    if troubles.events:
        print("\nWhat voters were answered in the trouble")
        print("\n".join(trouble.told(noted, troubles.events)))
    strange = noted.unexpected + trouble.elsewhere(noted, troubles.events)
    done.equal("answers that nothing explains", len(strange), 0)
    done.lines += [
        f"       at {row.at:.1f} s {row.step} {row.status} {row.words} ({row.voter})" for row in strange[:MOST_SHOWN]
    ]
    checks.check_votes(done, app, election_id, visits)
    sheets = checks.check_sheets(done, app, election_id, visits)
    checks.check_count(done, app, election_id, visits)
    # In trouble the slow answers are the point; what was said is judged then, not how fast.
    for sentence in figures.over_bounds(noted, TOGETHER) if plan.bounds and not plan.troubles else []:
        done.holds(sentence, False)
    print("\nBooth sheets at closing", *sheets, "\nChecks", *done.lines, sep="\n")
    return done


def _said(persons: Sequence[Person]) -> str:
    real = [person for person in persons if person.real]
    sources = Counter(person.film.source for person in real)
    kinds = Counter(person.kind for person in persons)
    return (
        f"{len(persons)} voters on the roll. Faces judged by dlib: {len(real)} voters, enrolled from"
        f" {dict(sources) or 'nothing'}; by the development engine: {len(persons) - len(real)}.\n"
        f"What happens to them: {', '.join(f'{count} {kind}' for kind, count in kinds.most_common())}.\n"
        f"{os.cpu_count()} processor cores for clients, web server, worker and database together."
    )


def _print_times(noted: Figures, visits: Sequence[Visited], phases: dict[str, tuple[int, float, int]]) -> None:
    for phase, (count, seconds, booths) in phases.items():
        rate = count / seconds * HOUR / booths
        print(f"\n{phase}: {count} voters in {seconds:.0f} s, {rate:.0f} an hour and booth")
        print("\n".join(figures.table(noted, phase)))
    print(f"\nload of this machine in the last minutes: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    print(f"p95 at {ALONE} against {TOGETHER}")
    print("\n".join(figures.ratios(noted, ALONE, TOGETHER)))
    for engine, real in ((FAST, False), (REAL, True)):
        _print_visits(engine, [visit for visit in visits if visit.person.real is real])
    print(f"checks of a face that failed and were repeated: {dict(noted.failed_checks) or 'none'}")


def _print_visits(engine: str, visits: Sequence[Visited]) -> None:
    if not visits:
        return
    whole = [visit.seconds for visit in visits]
    middle, high, pace = statistics.median(whole), figures.percentile(whole, 0.95), HOUR / statistics.mean(whole)
    print(f"whole visit, {engine}: median {middle:.1f} s, p95 {high:.1f} s; {pace:.0f} voters an hour and booth")
    print(f"   {dict(Counter(f'{visit.outcome} by {visit.by or NOBODY}' for visit in visits))}")


def main() -> int:
    """Run the day; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voters", type=int, default=Plan.voters)
    parser.add_argument("--kiosks", type=int, default=Plan.kiosks)
    parser.add_argument("--real", type=int, default=Plan.real, help="voters with real faces through dlib")
    parser.add_argument("--think", type=float, default=Plan.think, help="seconds between two voters at a booth")
    parser.add_argument("--trouble", action="store_true", help="kill, crash and fill while voters come")
    parser.add_argument("--keep", action="store_true", help="keep the installation's folder and say where it is")
    options = parser.parse_args()
    acts = trouble.WHOLE if options.trouble else ()
    plan = Plan(options.voters, options.kiosks, options.real, options.think, acts)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # nothing that was started may outlive the run
    folder, begun = Path(tempfile.mkdtemp(prefix="election-day-")), time.monotonic()
    try:
        done = run(plan, folder)
    finally:
        print(f"{time.monotonic() - begun:.0f} s in all" + (f"; {folder}" if options.keep else ""), flush=True)
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print("the day holds" if not done.failed else f"THE DAY DOES NOT HOLD: {len(done.failed)} checks failed")
    return 1 if done.failed else 0


if __name__ == "__main__":
    sys.exit(main())
