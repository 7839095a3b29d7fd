"""A line between PgBouncer and the primary that can be cut after a COMMIT was carried out and before its answer."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from deploy.cluster.layout import HOST

COMMIT = b"COMMIT\x00"
"""The end of the simple query that commits, in PostgreSQL's protocol."""
CHUNK = 65536
COMMITTED_SECONDS = 1.0
"""How long the server gets to carry the COMMIT out before its line is cut."""


class CuttingProxy:
    """Passes bytes on to `target`. `cut(n)` cuts the next n lines at their COMMIT; `done` counts them."""

    def __init__(self, target: int) -> None:
        self._target, self._left, self.done = target, 0, 0
        self._lock = threading.Lock()
        self._socket = socket.create_server((HOST, 0))
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self, times: int) -> None:
        """Cut the next `times` commits."""
        with self._lock:
            self._left += times

    def close(self) -> None:
        """Take no more lines; the open ones stay."""
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = self._socket.accept()
                far = socket.create_connection((HOST, self._target))
                threading.Thread(target=self._up, args=(near, far), daemon=True).start()
                threading.Thread(target=_down, args=(far, near), daemon=True).start()

    def _up(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := near.recv(CHUNK):
                if content.endswith(COMMIT) and self._take():
                    near.shutdown(socket.SHUT_RDWR)  # its answer goes nowhere
                    far.sendall(content)
                    time.sleep(COMMITTED_SECONDS)
                    self.done += 1
                    break
                far.sendall(content)
        for end in (near, far):
            end.close()

    def _take(self) -> bool:
        with self._lock:
            if self._left == 0:
                return False
            self._left -= 1
            return True


def _down(far: socket.socket, near: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while content := far.recv(CHUNK):
            near.sendall(content)
    with contextlib.suppress(OSError):
        near.shutdown(socket.SHUT_RDWR)
