"""The cluster as a whole: up, down, what lives, kill a part, start it again, promote the replica."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from flask import Flask

from app import create_app
from blueprints.cli import serve
from deploy.cluster import nodes
from deploy.cluster.layout import NODES, WORKERS, Layout
from deploy.cluster.nginx import nginx
from deploy.cluster.pgbouncer import Bouncer
from deploy.cluster.postgres import Pair
from deploy.cluster.processes import Process
from services.security import Keyring

PRIMARY, REPLICA = "primary", "replica"
PARTS = ("nginx", *NODES, *WORKERS, "pgbouncer", PRIMARY, REPLICA, "mail", "redis")


class Cluster:
    """All parts below one folder. Another process may have started them."""

    def __init__(self, folder: Path | None = None) -> None:
        self.layout = Layout(folder) if folder else Layout()
        self.pair = Pair(self.layout)
        self._bouncer: Bouncer | None = None
        self._processes: dict[str, Process] = {}

    @property
    def bouncer(self) -> Bouncer:
        if self._bouncer is None:
            self._bouncer = Bouncer(self.layout, self.pair)
        return self._bouncer

    @property
    def processes(self) -> dict[str, Process]:
        """The parts that are a process of their own; the database servers must have been set up."""
        if not self._processes:
            env = nodes.values(self.layout, self.pair, self.bouncer)
            self._processes = {
                "nginx": nginx(self.layout), "pgbouncer": self.bouncer.process,
                "mail": nodes.mail(self.layout), "redis": nodes.redis(self.layout),
                **{name: nodes.node(name, self.layout, env) for name in NODES},
                **{name: nodes.worker(name, self.layout, env) for name in WORKERS},
            }  # fmt: skip
        return self._processes

    def up(self) -> None:
        """Start everything that does not live yet; the first time also make database, replica, keys and tables."""
        self.pair.start()
        if self.pair.streams() is None:
            self.pair.require("")
            self.pair.join()
        self.bouncer.write()
        self._migrate()
        for name in ("pgbouncer", "mail", "redis"):
            self.processes[name].start()
        for name in (*NODES, *WORKERS, "nginx"):
            self.processes[name].start(wait=False)
        for name in (*NODES, "nginx"):
            self.processes[name].wait()

    def down(self) -> None:
        """Stop everything; the folder stays."""
        if self.pair.primary._process.is_initialised():
            for name in ("nginx", *NODES, *WORKERS, "pgbouncer", "mail", "redis"):
                self.processes[name].kill(signal.SIGCONT)  # one that stands still hears nothing else
                self.processes[name].kill(signal.SIGTERM)
        for server in (self.pair.primary, self.pair.replica):
            server.stop()

    def status(self) -> dict[str, str]:
        """Return for every part what it does."""
        found = {}
        for name in PARTS:
            if name in (PRIMARY, REPLICA):
                server = self.pair.servers[self.name_of(name)]
                found[name] = f"server {self.name_of(name)}, {'lives' if server._process.lives() else 'is down'}"
            else:
                pid = self.processes[name].pid
                found[name] = f"lives (pid {pid})" if pid else "is down"
        found[REPLICA] += f", joined: {self.pair.streams() or 'no'}"
        return found

    def name_of(self, part: str) -> str:
        """Return the server's letter of `primary` or `replica`."""
        return self.layout.primary if part == PRIMARY else self.layout.replica

    def kill(self, part: str) -> None:
        """Kill a part with -9."""
        if part in (PRIMARY, REPLICA):
            self.pair.kill(self.name_of(part))
        else:
            self.processes[part].kill()

    def start(self, part: str) -> None:
        """Start a part that was killed, as a service manager does, and wait until it answers."""
        if part in (PRIMARY, REPLICA):
            self.pair.bring_up(self.name_of(part))
            self.pair.wait_for_stream()
        else:
            self.processes[part].start()

    def promote(self) -> float:
        """Make the replica the primary and send the pooler there; return the seconds it took."""
        begun = time.monotonic()
        self.pair.promote()
        self.bouncer.repoint()
        return time.monotonic() - begun

    def application(self) -> Flask:
        """Return an application of the owner at the present primary, to look into the cluster with."""
        return create_app(settings=nodes.settings(self.layout, self.pair, self.bouncer))

    def _migrate(self) -> None:
        Keyring.ensure(self.layout.of("app") / "keys")  # production makes none by itself
        serve.migrate(nodes.settings(self.layout, self.pair, self.bouncer))
        self.pair.primary.grant_logins()
