"""Fill ${SV_...} into a template: `SV_SERVER_NAMES=vote.example.org … python deploy/render.py TEMPLATE > FILE`.

Only names that begin with SV_ are filled in; nginx has variables of its own. A name that has no value stops the work.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

NAME = re.compile(r"\$\{(SV_[A-Z_]+)\}")
COMMENT = re.compile(r"^\s*#")


def render(template: str, values: Mapping[str, str]) -> str:
    """Return the text with every ${SV_...} outside comments replaced; raises KeyError with all names that lack one."""
    lines = template.splitlines(keepends=True)
    missing = {name for line in lines if not COMMENT.match(line) for name in NAME.findall(line)} - set(values)
    if missing:
        raise KeyError(*sorted(missing))
    return "".join(line if COMMENT.match(line) else NAME.sub(lambda found: values[found[1]], line) for line in lines)


def main() -> int:
    """Print the rendered template; return the exit status."""
    try:
        sys.stdout.write(render(Path(sys.argv[1]).read_text(encoding="utf-8"), os.environ))
    except (IndexError, OSError) as error:
        print(f"Which template? {error}", file=sys.stderr)
        return 1
    except KeyError as error:
        print(f"These have no value: {', '.join(error.args)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
