"""How many requests one process works on at a time, whatever number of threads the server has.

Streams of live pages need a thread each, which sleeps. Requests need the processor, the faces' lock and a database
connection, and are better served a few at a time: the others wait here in line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

PLACES = 3
"""Two pictures of faces, and one more request beside them. With 8, threads that wait for Python's lock made an answer a
quarter dearer: 2,000 check-ins took 93 s instead of 73 (benchmarks.checkin_load, two cores)."""

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WorkGate:
    """A WSGI middleware that lets `places` requests in; sending the answer needs no place."""

    def __init__(self, application: Application, places: int = PLACES) -> None:
        self._application = application
        self._places = threading.BoundedSemaphore(places)

    def __call__(self, wsgi: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._places:
            return self._application(wsgi, start_response)
