"""Run every tool, or those that are named, and say what nobody has judged yet. Exit 1 when there is something.

.venv/bin/python -m benchmarks.security [bandit] [semgrep] [pip-audit] [patterns] [fuzz] [wapiti] [sqlmap]
        [headers] [timing] [--seconds 60]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from benchmarks.security import attacking, fuzz, patterns, reading, timing, tools
from benchmarks.security.findings import Outcome, judge, read_entries
from benchmarks.security.proxy.headers import headers
from benchmarks.security.served import Site, served_demo

KINDS = {
    "bandit": tools.SCAN, "semgrep": tools.SCAN, "pip-audit": tools.SCAN, "patterns": "", "fuzz": tools.SCAN,
    "wapiti": tools.ATTACK, "sqlmap": tools.ATTACK, "headers": "", "timing": "",
}  # fmt: skip
WAPITI_TIMES = 4
"""wapiti crawls for so many times the seconds of a fuzz target."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("tools", nargs="*", metavar="tool", help=f"of {', '.join(KINDS)}; none: all")
    arguments.add_argument(
        "--seconds", type=int, default=60, help="for each fuzz target; wapiti crawls four times as long"
    )
    asked = arguments.parse_args()
    if unknown := set(asked.tools) - set(KINDS):
        arguments.error(f"no such tool: {', '.join(sorted(unknown))}")
    entries, failed, rows = read_entries(), 0, []
    for name in asked.tools or KINDS:
        began = time.monotonic()
        outcome = run(name, asked.seconds)
        open_, stale = judge(outcome, entries)
        for found in open_:
            print(f"  NEW    {found}")
        for entry in stale:
            print(f"  GONE   {entry.tool} {entry.rule} {entry.place}: take it out of triaged.toml")
        failed += len(open_) + len(stale)
        judged = len(outcome.found) - len(open_)
        said = f"not run: {outcome.skipped}" if outcome.skipped else f"{len(open_)} new, {judged} judged; {outcome.did}"
        rows.append(f"{name:12} {time.monotonic() - began:6.0f} s   {said}")
        print(rows[-1], flush=True)
    print("\n" + "\n".join(rows))
    print(f"\n{failed} to look at." if failed else "\nNothing new.")
    return 1 if failed else 0


def run(name: str, seconds: int) -> Outcome:
    """Run one tool."""
    if name == "fuzz" and not fuzz.can_run():
        return Outcome(name, skipped="atheris is for Linux only")
    if KINDS[name] and not tools.install(KINDS[name]):
        return Outcome(name, skipped=tools.NOT_INSTALLED)
    acts: dict[str, Callable[[], Outcome]] = {
        "bandit": reading.bandit, "semgrep": reading.semgrep, "pip-audit": reading.pip_audit,
        "patterns": patterns.patterns,
        "fuzz": lambda: fuzz.fuzz(seconds),
        "wapiti": lambda: _on_a_site(name, lambda site: attacking.wapiti(site, seconds * WAPITI_TIMES)),
        "sqlmap": lambda: _on_a_site(name, attacking.sqlmap),
        "headers": headers, "timing": timing.timing,
    }  # fmt: skip
    return acts[name]()


def _on_a_site(name: str, attack: Callable[[Site], Outcome]) -> Outcome:
    """Attack a site of its own; one that does not start on a busy machine does not end the other tools."""
    try:
        with served_demo() as site:
            return attack(site)
    except TimeoutError as error:
        return Outcome(name, skipped=str(error))


if __name__ == "__main__":
    sys.exit(main())
