"""A bucket of a real S3 protocol: moto's server over HTTP, and a wire that can be cut in the middle."""

from __future__ import annotations

import logging
import secrets
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field

from moto.server import ThreadedMotoServer

from services.storage.s3 import S3Bucket
from services.storage.s3_client import Bucket, connect

NAME = "pictures"
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER for an end without a farewell, as of a line that breaks."""


class Service:
    """moto's server in a thread of this process."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        self.port: int = self._server.get_host_and_port()[1]
        self.client = connect(Bucket(NAME, "us-east-1", access_key="a", secret_key="b"), self.address, (3, 10), 1)
        self.client.create_bucket(Bucket=NAME)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, port: int | None = None) -> dict[str, str]:
        """Return the settings of an installation with a folder of its own in the bucket, reached through `port`."""
        return {
            "STORAGE_BACKEND": "s3",
            "S3_BUCKET": NAME,
            "S3_ACCESS_KEY": "a",
            "S3_SECRET_KEY": "b",
            "S3_ENDPOINT": f"http://127.0.0.1:{port or self.port}",
            "S3_PREFIX": secrets.token_hex(4),
        }

    def bucket(self, port: int | None = None, prefix: str = "", link_seconds: int = 300) -> S3Bucket:
        """Return a store with a folder of its own, reached through `port`."""
        address = f"http://127.0.0.1:{port or self.port}"
        folder = prefix or secrets.token_hex(4)
        return S3Bucket(Bucket(NAME, "us-east-1", address, "", folder, link_seconds, "a", "b"))

    def raw(self, prefix: str) -> dict[str, bytes]:
        """Return every object below a prefix as it lies there."""
        found = self.client.list_objects_v2(Bucket=NAME, Prefix=prefix).get("Contents", ())
        return {item["Key"]: self.client.get_object(Bucket=NAME, Key=item["Key"])["Body"].read() for item in found}

    def unfinished(self) -> int:
        """Return how many uploads in parts were begun and neither completed nor given up."""
        return len(self.client.list_multipart_uploads(Bucket=NAME).get("Uploads", ()))

    def stop(self) -> None:
        self._server.stop()


@dataclass
class Wire:
    """A line to a port of this machine. `cut(...)` lets the next connections break off in the middle."""

    port_behind: int
    cuts: int = field(default=0)
    up: int | None = None
    down: int | None = None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self, times: int, up: int | None = None, down: int | None = None) -> None:
        """Break the line `times` times: after so many bytes towards the service, or from it, on one connection."""
        with self._lock:
            self.cuts, self.up, self.down = times, up, down

    def mend(self) -> None:
        self.cut(0)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _address = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.port_behind))
                for source, target, upward in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._carry, args=(source, target, upward), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, upward: bool) -> None:
        carried = 0
        with suppress(OSError):
            while piece := source.recv(16 * 1024):
                carried += len(piece)
                if self._breaks(carried, upward):
                    for end in (source, target):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                        end.shutdown(socket.SHUT_RDWR)
                    break
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _breaks(self, carried: int, upward: bool) -> bool:
        with self._lock:
            limit = self.up if upward else self.down
            if self.cuts <= 0 or limit is None or carried <= limit:
                return False
            self.cuts -= 1
            return True
