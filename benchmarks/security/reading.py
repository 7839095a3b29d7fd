"""Tools that read the code: bandit, semgrep with the rules of this project, pip-audit."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.security import tools
from benchmarks.security.findings import Finding, Outcome

CODE = ("app.py", "config.py", "models", "services", "blueprints", "migrations", "deploy", "docs/client")
PAGES = ("templates", "static/js")
NOT_ASKED = "B101,B404,B603"
"""Asserts (they narrow types here, nothing depends on them), the import of subprocess, and lists of arguments without
a shell: each fires wherever a program is started and tells nothing about it. A shell is looked for by our own rules."""
RULES = "rules.yml"
PLANTED = "planted"
LONGEST = 900


def bandit() -> Outcome:
    """Return what bandit finds in the code that is served or run by an operator."""
    words = ("-q", "-r", *CODE, "-s", NOT_ASKED, "-f", "json", "--exit-zero")
    report = json.loads(tools.run(tools.SCAN, "bandit", *words, seconds=LONGEST).stdout)
    found = [
        Finding("bandit", one["test_id"], one["filename"].removeprefix("./"), one["line_number"], one["issue_text"])
        for one in report["results"]
    ]
    return Outcome("bandit", found, f"{report['metrics']['_totals']['loc']:,} lines of code")


def semgrep() -> Outcome:
    """Return what our own rules find; each rule has to find its planted example first, or it finds nothing at all."""
    planted, rules = _semgrep(tools.HERE / PLANTED, "."), _rule_names()
    blind = [
        Finding("semgrep", name, f"benchmarks/security/{RULES}", 0, "this rule does not find its planted example")
        for name in sorted(rules - {one.rule for one in planted})
    ]
    found = _semgrep(tools.PROJECT, *CODE, *PAGES)
    return Outcome("semgrep", [*blind, *found], f"{len(rules)} rules of our own, each proven on a planted example")


def _semgrep(where: Path, *what: str) -> list[Finding]:
    # Rules name folders, which count from the root: without it and without git each folder would be a root of its own.
    words = ("scan", "--config", str(tools.HERE / RULES), "--metrics", "off", "--disable-version-check", "--json",
             "--quiet", "--no-git-ignore", "--jobs", "1", "--exclude", "static/vendor", "--semgrepignore-v2",
             "--project-root", ".", *what)  # fmt: skip
    report = json.loads(tools.run(tools.SCAN, "semgrep", *words, seconds=LONGEST, cwd=where).stdout)
    broken = [Finding("semgrep", "error", str(one.get("path", RULES)), 0, one["message"]) for one in report["errors"]]
    return broken + [
        Finding("semgrep", one["check_id"].rpartition(".")[2], one["path"], one["start"]["line"],
                one["extra"]["message"].strip())
        for one in report["results"]
    ]  # fmt: skip


def _rule_names() -> set[str]:
    lines = (tools.HERE / RULES).read_text(encoding="utf-8").splitlines()
    return {line.removeprefix("  - id: ") for line in lines if line.startswith("  - id: ")}


def pip_audit() -> Outcome:
    """Return known holes of the pinned packages, where an index of advisories answers."""
    words = ("-r", "requirements.txt", "--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    done = tools.run(tools.SCAN, "pip-audit", *words, seconds=300)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        return Outcome("pip-audit", skipped=(done.stderr.strip().splitlines() or ["no answer"])[-1][:120])
    asked = [one for one in packages if "vulns" in one]
    if not asked:
        return Outcome("pip-audit", skipped="no index of advisories answers from this machine")
    found = [
        Finding("pip-audit", hole["id"], one["name"], 0, f"mended in {', '.join(hole['fix_versions']) or 'no version'}")
        for one in asked
        for hole in one["vulns"]
    ]
    return Outcome("pip-audit", found, f"{len(asked)} of {len(packages)} packages are known to the index")
