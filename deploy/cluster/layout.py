"""Where the cluster's parts lie and at which ports they listen, and which server is the primary."""

from __future__ import annotations

import json
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config import PROJECT
from services.private_file import write_private

HOST = "127.0.0.1"
SITE = "localhost"
"""The name in the certificate: nginx shows it to nobody who asks by number."""
PORTS = ("nginx", "http", "node1", "node2", "pgbouncer", "mail", "redis")
NODES, WORKERS, SERVERS = ("node1", "node2"), ("worker1", "worker2"), ("a", "b")


@dataclass(frozen=True)
class Layout:
    """One cluster's folder. What is drawn (ports, secrets) stays until the folder is removed."""

    folder: Path = PROJECT / "var" / "cluster"

    def of(self, part: str) -> Path:
        """Return the folder of a part, made when missing."""
        folder = self.folder / part
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def port(self, part: str) -> int:
        """Return the TCP port of a part."""
        return int(self._drawn("ports.json", _draw_ports)[part])

    def secret(self, name: str) -> str:
        """Return a secret of 64 characters that all nodes share."""
        return str(self._drawn("secrets.json", _draw_secrets)[name])

    @property
    def primary(self) -> str:
        """The name of the server that takes writes."""
        file = self.folder / "primary"
        return file.read_text() if file.exists() else SERVERS[0]

    @property
    def replica(self) -> str:
        """The name of the other one."""
        return next(name for name in SERVERS if name != self.primary)

    def set_primary(self, name: str) -> None:
        """Note which server takes writes from now on."""
        write_private(self.folder / "primary", name)

    @property
    def address(self) -> str:
        """Where browsers go."""
        return f"https://{SITE}:{self.port('nginx')}"

    def _drawn(self, name: str, draw: Any) -> dict[str, Any]:
        file = self.folder / name
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_private(file, json.dumps(draw()))
        found: dict[str, Any] = json.loads(file.read_text())
        return found


def _draw_ports() -> dict[str, int]:
    # All at once: a port that is given back too early may be drawn twice.
    probes = {name: socket.socket() for name in PORTS}
    for probe in probes.values():
        probe.bind((HOST, 0))
    ports = {name: int(probe.getsockname()[1]) for name, probe in probes.items()}
    for probe in probes.values():
        probe.close()
    return ports


def _draw_secrets() -> dict[str, str]:
    return {name: secrets.token_hex(32) for name in ("session", "mail", "metrics")}
