"""Web nodes and workers: their settings, and the processes that run them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from blueprints.cli import serve
from config import PROJECT, Settings, load_settings
from deploy.cluster.layout import HOST, SITE, Layout
from deploy.cluster.mail_server import PASSWORD_NAME, USER
from deploy.cluster.nginx import certificate_of, listens
from deploy.cluster.pgbouncer import Bouncer
from deploy.cluster.postgres import Pair
from deploy.cluster.processes import Process
from services.embedded_postgres import DATABASE

GUNICORN = PROJECT / "deploy" / "gunicorn.conf.py"


def values(layout: Layout, pair: Pair, bouncer: Bouncer) -> dict[str, str]:
    """Return the settings that nodes and workers share, by name; whatever is not named here is empty."""
    ports = ",".join(f"{HOST}:{server._port()}" for server in pair.servers.values())
    place = f"{ports}/{DATABASE}?target_session_attrs=read-write"
    app = layout.of("app")
    return dict.fromkeys(Settings.names(), "") | {
        "APP_ENV": "production",
        "SECRET_KEY": layout.secret("session"),
        "PUBLIC_URL": layout.address,
        "TRUSTED_HOSTS": SITE,
        "TRUSTED_PROXIES": "1",
        "DB_URL": bouncer.url("sv_web"),
        "DB_SEALER_URL": bouncer.url("sv_sealer"),
        "DB_RESULTS_URL": bouncer.url("sv_results"),
        "DB_DIRECT_URL": f"postgresql://sv_web:{pair.primary._passwords()['sv_web']}@{place}",
        "DB_REPLICA_URL": _replica_url(pair),
        "REDIS_URL": f"redis://{HOST}:{layout.port('redis')}/0" if shutil.which("redis-server") else "",
        "VAR_FOLDER": str(app),
        "UPLOAD_FOLDER": str(app / "uploads"),
        "DISK_FLOOR_MB": "10",
        "MAIL_SERVER": HOST,
        "MAIL_PORT": str(layout.port("mail")),
        "MAIL_CAFILE": str(certificate_of(layout)),
        "MAIL_PER_MINUTE": "0",
        "EMAIL_USER": USER,
        "EMAIL_APP_PASSWORD": layout.secret("mail"),
        "EMAIL_FROM": f"Commission <{USER}>",
        "ALERT_RECIPIENT": USER,
        "METRICS_TOKEN": layout.secret("metrics"),
        "LOG_LEVEL": "WARNING",
    }


def _replica_url(pair: Pair) -> str:
    """Whichever of the two is a replica, else the primary: after a promotion nobody has to change it."""
    hosts = "&".join(f"host={HOST}:{server._port()}" for server in pair.servers.values())
    password = pair.primary._passwords()["sv_web"]
    return f"postgresql://sv_web:{password}@/{DATABASE}?{hosts}&target_session_attrs=prefer-standby"


def settings(layout: Layout, pair: Pair, bouncer: Bouncer) -> Settings:
    """Return the settings of who looks into the cluster from outside: the owner at the primary, past the pooler."""
    urls = pair.urls()
    direct = {
        "DB_URL": urls.owner,
        "DB_OWNER_URL": urls.owner,
        "DB_SEALER_URL": urls.owner,
        "DB_RESULTS_URL": urls.owner,
    }
    return load_settings(overrides=values(layout, pair, bouncer) | direct)


def node(name: str, layout: Layout, env: dict[str, str]) -> Process:
    """Return a gunicorn with two processes."""
    command = [
        str(Path(sys.executable).parent / "gunicorn"), "--config", str(GUNICORN), "--bind",
        f"{HOST}:{layout.port(name)}", "--log-level", "warning", "deploy.cluster.application:build()",
    ]  # fmt: skip
    return Process(
        name, layout.of(name), command, PROJECT, _environment(layout, name, env), lambda: listens(layout.port(name))
    )


def worker(name: str, layout: Layout, env: dict[str, str]) -> Process:
    """Return a worker."""
    return Process(name, layout.of(name), serve.worker_command(), PROJECT, _environment(layout, name, env))


def mail(layout: Layout) -> Process:
    """Return the mail server."""
    command = [sys.executable, "-m", "deploy.cluster.mail_server", str(layout.port("mail")), str(layout.folder)]
    env = {**os.environ, PASSWORD_NAME: layout.secret("mail")}
    return Process("mail", layout.of("mail"), command, PROJECT, env, lambda: listens(layout.port("mail")))


def redis(layout: Layout) -> Process:
    """Return Redis; it keeps nothing on disk."""
    folder, program = layout.of("redis"), shutil.which("redis-server") or "redis-server"
    command = [program, "--port", str(layout.port("redis")), "--bind", HOST, "--save", ""]
    return Process("redis", folder, command, folder, os.environ, lambda: listens(layout.port("redis")))


def _environment(layout: Layout, name: str, env: dict[str, str]) -> dict[str, str]:
    # Each host has logs and metrics of its own; keys and files are shared.
    own = {"LOG_FOLDER": str(layout.of(name) / "log"), "PROMETHEUS_MULTIPROC_DIR": str(layout.of(name) / "metrics")}
    return {**os.environ, **env, **own, "FLASK_SKIP_DOTENV": "1"}
