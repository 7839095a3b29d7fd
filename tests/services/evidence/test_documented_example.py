"""The example of docs/verification.md, run as a stranger would, against the application's own hashes."""

from __future__ import annotations

import re
import subprocess

from config import PROJECT
from services import hashing

ELECTION = "11111111-2222-3333-4444-555555555555"
DEFINITION = '{"format":"definition/1","title":"Demo"}'
BALLOTS = (
    {"candidates": [2], "nota": False},
    {"candidates": [], "nota": True},
    {"candidates": [2], "nota": False},
)


def test_the_shell_of_the_documentation_prints_the_hashes_of_the_application():
    page = (PROJECT / "docs" / "verification.md").read_text(encoding="utf-8")
    shell = "".join(re.findall(r"^```bash\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    printed = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True).stdout.split()
    head = hashing.sha256(hashing.text("definition/1"), hashing.text(DEFINITION))
    expected = [head.hex()]
    for place, ballot in enumerate(BALLOTS, start=1):
        head = hashing.ballot_hash(ELECTION, place, head, ballot)
        expected.append(head.hex())
    assert printed == [*expected, "REZJLHZVN2HA3CEM6DD6QZRVLY"]
    assert all(line in page for line in expected)
