"""nginx with TLS before the nodes, with the site that every installation has."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

from config import PROJECT
from deploy.cluster.layout import HOST, NODES, SITE, Layout
from deploy.cluster.processes import Process
from deploy.render import render
from services.tls_certificate import ensure_certificate

FOLDER = PROJECT / "deploy" / "nginx"


def nginx(layout: Layout) -> Process:
    """Write the settings from the templates of every installation, and return the part."""
    ports = [layout.port(node) for node in NODES]
    return before(layout.of("nginx"), layout.folder / "tls", ports, layout.port("http"), layout.port("nginx"))


def before(folder: Path, tls: Path, nodes: Sequence[int], http: int, https: int) -> Process:
    """Return nginx before the nodes at these ports, all on loopback; its settings are in `folder` (site.conf)."""
    certificate, key = ensure_certificate(tls, HOST)
    values = {
        "SV_SERVER_NAMES": SITE,
        "SV_UPSTREAMS": " ".join(f"server {HOST}:{port};" for port in nodes),
        "SV_HTTP_LISTEN": f"{HOST}:{http}",
        "SV_HTTPS_LISTEN": f"{HOST}:{https}",
        "SV_CERTIFICATE": str(certificate),
        "SV_CERTIFICATE_KEY": str(key),
        "SV_ACME_FOLDER": str(folder / "acme"),
        "SV_RUN_FOLDER": str(folder),
        "SV_LOG_FOLDER": str(folder),
        "SV_STATIC_CACHE": str(folder / "cache"),
        "SV_SITE": str(folder / "site.conf"),
    }
    for template, name in (("smart-voting.conf.template", "site.conf"), ("nginx.conf.template", "nginx.conf")):
        (folder / name).write_text(render((FOLDER / template).read_text(), values))
    user = "user root; " if os.geteuid() == 0 else ""  # our folders may lie in a home that nobody else may enter
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    command = [
        program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"),
        "-g", f"{user}daemon off;",
    ]  # fmt: skip
    return Process("nginx", folder, command, folder, os.environ, lambda: listens(https))


def certificate_of(layout: Layout) -> Path:
    """Return the file that clients trust."""
    return ensure_certificate(layout.folder / "tls", HOST)[0]


def listens(port: int) -> bool:
    """Tell whether anybody takes connections at this port."""
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True
