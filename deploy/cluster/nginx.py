"""nginx with TLS before the nodes; a node that does not answer is left out for two seconds."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

from config import PROJECT
from deploy.cluster.layout import HOST, NODES, Layout
from deploy.cluster.processes import Process
from services.tls_certificate import ensure_certificate

CONFIG = """\
{user}daemon off;
pid {folder}/nginx-master.pid;
error_log {folder}/error.log warn;
worker_processes 2;
events {{ worker_connections 2048; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    server_tokens off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 32m;
    upstream nodes {{
{nodes}
        keepalive 32;
    }}
    server {{
        listen {host}:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        location /static/ {{ alias {project}/static/; }}
        location / {{
            proxy_pass http://nodes;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_connect_timeout 2s;
            proxy_read_timeout 60s;
            # A request that was sent is never sent twice by us: who asked decides, with the same key.
            proxy_next_upstream error timeout;
        }}
    }}
}}
"""


def nginx(layout: Layout) -> Process:
    """Write the settings and return the part."""
    folder = layout.of("nginx")
    certificate, key = ensure_certificate(layout.folder / "tls", HOST)
    lines = [f"        server {HOST}:{layout.port(node)} max_fails=1 fail_timeout=2s;" for node in NODES]
    text = CONFIG.format(
        user="user root;\n" if os.geteuid() == 0 else "", folder=folder, nodes="\n".join(lines), host=HOST,
        port=layout.port("nginx"), certificate=certificate, key=key, project=PROJECT,
    )  # fmt: skip
    (folder / "nginx.conf").write_text(text)
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    return Process("nginx", folder, command, folder, os.environ, lambda: listens(layout.port("nginx")))


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
