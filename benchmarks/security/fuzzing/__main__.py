"""Fuzz one target with atheris (libFuzzer), from the interpreter of var/tools/security-scan.

    python -m benchmarks.security.fuzzing ballot [--seconds 60]

The bytes that broke it are kept below var/fuzz/<target>; the exit code is libFuzzer's, 0 when nothing broke.
"""

from __future__ import annotations

import argparse
import sys

import atheris

from config import PROJECT

with atheris.instrument_imports(include=["services", "benchmarks.security.fuzzing.targets"]):
    from benchmarks.security.fuzzing.targets import TARGETS

MEGABYTES = 2048
SECONDS_A_CASE = 20
"""A reader that takes longer over a few thousand bytes hangs."""
LONGEST = 131_072


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("target", choices=TARGETS)
    arguments.add_argument("--seconds", type=int, default=60)
    asked = arguments.parse_args()
    target = TARGETS[asked.target]
    folder = PROJECT / "var" / "fuzz" / asked.target
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = [
        sys.argv[0], f"-max_total_time={asked.seconds}", f"-rss_limit_mb={MEGABYTES}", f"-timeout={SECONDS_A_CASE}",
        f"-max_len={LONGEST}", f"-artifact_prefix={folder}/", "-print_final_stats=1", str(corpus),
    ]  # fmt: skip
    atheris.Setup(words, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
