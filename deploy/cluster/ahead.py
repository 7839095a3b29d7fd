"""Run gunicorn with a clock that is ahead: `python -m deploy.cluster.ahead SECONDS …` and then gunicorn's arguments.

Both clocks that our code and our libraries read are set before anything is imported that takes hold of them. The clock
that only measures (`time.monotonic`) goes on as it does on a machine whose time jumps.
"""

from __future__ import annotations

import sys
import time
from datetime import timedelta

from gunicorn.app.wsgiapp import run

from services import clock


def main() -> None:
    """Set the clocks and become gunicorn."""
    seconds = int(sys.argv[1])
    sys.argv = ["gunicorn", *sys.argv[2:]]
    right_now, right_time = clock.utc_now, time.time
    clock.utc_now = lambda: right_now() + timedelta(seconds=seconds)
    time.time = lambda: right_time() + seconds
    run()


if __name__ == "__main__":
    main()
