"""Run gunicorn with a clock that is ahead: `python -m deploy.cluster.ahead SECONDS …` and then gunicorn's arguments.

Whatever Python asks for the time of day is answered by the wrong clock. The one that only measures (`time.monotonic`)
goes on as it does on a machine whose time jumps. (libfaketime would do it for the whole process, but sleeping till a
moment ends with EINVAL under its 0.9.10.)
"""

from __future__ import annotations

import sys
import time

import time_machine
from gunicorn.app.wsgiapp import run


def main() -> None:
    """Set the clock and become gunicorn."""
    seconds = int(sys.argv[1])
    sys.argv = ["gunicorn", *sys.argv[2:]]
    time_machine.travel(time.time() + seconds).start()
    run()


if __name__ == "__main__":
    main()
