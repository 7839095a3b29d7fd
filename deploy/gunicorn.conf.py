"""gunicorn in every installation: `gunicorn --config deploy/gunicorn.conf.py --bind 127.0.0.1:8000 "app:create_app()"`.

`make run`, systemd, the container and the cluster on loopback use this one file. What differs between them is given on
the command line or in gunicorn's own variables (`WEB_CONCURRENCY`, `GUNICORN_CMD_ARGS`, `FORWARDED_ALLOW_IPS`).
"""

from __future__ import annotations

import os
from pathlib import Path

from blueprints.cli.server_hooks import THREADS, post_fork, post_worker_init, when_ready

__all__ = ["post_fork", "post_worker_init", "when_ready"]

MEMORY = Path("/dev/shm")  # noqa: S108  gunicorn makes a file of its own there

wsgi_app = "app:create_app()"
bind = "127.0.0.1:8000"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = THREADS

# The application and the models of faces (120 MB) are loaded once and shared by all processes; what a child may not
# share, connections, is closed in the hooks.
preload_app = True

# A process that gave no sign for a minute is replaced. Its main thread gives it, so a long request does not count.
timeout = 60
# A check of a face and a cast end within seconds, and live pages end at once; nothing takes this long.
graceful_timeout = 30
# Longer than nginx keeps an idle connection (60 s): the side that closes first must not be the one that is asked.
keepalive = 75
# A bound on whatever might leak; the jitter keeps two processes from going at once.
max_requests = 50_000
max_requests_jitter = 10_000

# The sign of life is a file: on a disk that stalls it would look like a process that hangs.
if MEMORY.is_dir():
    worker_tmp_dir = str(MEMORY)

limit_request_line = 8190
limit_request_fields = 60
# Whose X-Forwarded-Proto is believed. The application counts its proxies itself (TRUSTED_PROXIES).
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")

# The application writes its own lines, without queries. Addresses with tokens belong in no log.
accesslog = None
errorlog = "-"
loglevel = "info"
# Nobody steers a running server through a file in a home folder.
control_socket_disable = True
proc_name = "smart-voting"
