"""In CI a required suite that was skipped, or that is missing, fails the run."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from config import PROJECT

MARKERS = "[pytest]\nmarkers =\n    realface: faces\n    browser: Chromium\n"
SKIPPED = (
    "import pytest\n\n\n@pytest.mark.realface\ndef test_a_face_is_recognised():\n    pytest.skip('no photographs')\n"
)
PASSING = SKIPPED.replace("pytest.skip('no photographs')", "pass")
BROWSER = "\n\n@pytest.mark.browser\ndef test_a_page_opens():\n    pass\n"


@pytest.fixture
def run_suite(tmp_path):
    def run(suite, *arguments, required="1"):
        (tmp_path / "pytest.ini").write_text(MARKERS)
        (tmp_path / "test_suite.py").write_text(suite)
        command = [sys.executable, "-m", "pytest", "-p", "tests.support.required", "-p", "no:cacheprovider", *arguments]
        env = {**os.environ, "PYTHONPATH": str(PROJECT), "SV_REQUIRE_ALL": required}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)

    return run


def test_a_skipped_suite_fails_where_it_is_required(run_suite):
    done = run_suite(SKIPPED + BROWSER)
    assert (done.returncode, "skipped, but realface is required" in done.stdout) == (1, True), done.stdout


def test_a_skipped_suite_is_fine_where_it_is_not_required(run_suite):
    done = run_suite(SKIPPED, required="")
    assert (done.returncode, "1 skipped" in done.stdout) == (0, True), done.stdout


def test_a_missing_suite_fails_the_run_of_everything(run_suite):
    done = run_suite(PASSING)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "No test is marked browser" in done.stdout + done.stderr


def test_a_part_may_be_run_alone_where_all_is_required(run_suite):
    assert run_suite(PASSING, "-k", "face").returncode == 0


def test_both_suites_present_and_passing_are_enough(run_suite):
    assert run_suite(PASSING + BROWSER).returncode == 0
