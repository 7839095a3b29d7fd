"""The files of deploy/ for systemd, Docker and Kubernetes name what the application has. No engine runs here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import PROJECT, Settings

DEPLOY = PROJECT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE = sorted((DEPLOY / "docker").glob("*.yaml"))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
DOCKERFILE = (DEPLOY / "docker" / "Dockerfile").read_text()
# Read by gunicorn, Python, Flask and prometheus-client, not by us.
OF_OTHERS = {
    *("WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"),
    *("FLASK_SKIP_DOTENV", "PROMETHEUS_MULTIPROC_DIR"),
}
OF_POSTGRES = re.compile(r"POSTGRES_[A-Z_]+")
FLASK = re.compile(r"flask[\",]* --?app[\",]* app[\",]* ([a-z-]+)")


def documents() -> Iterator[dict[str, Any]]:
    for path in (*COMPOSE, *MANIFESTS):
        yield from yaml.safe_load_all(path.read_text())


def pods() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every pod of the manifests with its only container."""
    for found in documents():
        if found.get("kind") in ("Deployment", "Job", "CronJob"):
            work = found["spec"].get("jobTemplate", found)["spec"]
            pod = work["template"]["spec"]
            yield pod, pod["containers"][0]


def environment_names() -> Iterator[str]:
    for found in documents():
        for service in found.get("services", {}).values():
            yield from service.get("environment", {})
        yield from found.get("data", {}) if found.get("kind") == "ConfigMap" else ()
        for text in found.get("stringData", {}).values():
            yield from re.findall(r"^([A-Z0-9_]+)=", text, re.M)
    for _pod, container in pods():
        yield from (item["name"] for item in container.get("env", ()))
    for unit in UNITS:
        yield from re.findall(r"^Environment=([A-Z_]+)=", unit.read_text(), re.M)
    yield from re.findall(r"^(?:ENV|   ) ([A-Z_]+)=", DOCKERFILE, re.M)


def graceful_timeout() -> int:
    return int(re.search(r"^graceful_timeout = (\d+)", (DEPLOY / "gunicorn.conf.py").read_text(), re.M)[1])


def test_every_variable_is_a_setting_or_known_to_whom_it_is_for():
    ours = set(environment_names()) - OF_OTHERS
    unknown = {name for name in ours if not OF_POSTGRES.fullmatch(name) and not name.startswith("SV_")}
    assert len(unknown) > 20
    assert unknown <= set(Settings.names())


def test_every_flask_command_exists(app):
    texts = [path.read_text() for path in (*UNITS, *COMPOSE, *MANIFESTS, DEPLOY / "README.md")]
    named = {name for text in texts for name in FLASK.findall(text.replace('", "', " ").replace(", ", " "))}
    assert {"worker", "backup", "db", "seed"} <= named
    assert named <= set(app.cli.commands)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_gives_no_rights_away(unit):
    lines = unit.read_text().splitlines()
    wanted = ("User=smart-voting", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes")
    assert set(wanted) <= set(lines)
    assert any(line.startswith("MemoryMax=") for line in lines)
    assert "CapabilityBoundingSet=" in lines


def test_whoever_stops_the_web_server_waits_until_its_requests_have_ended():
    unit = (DEPLOY / "systemd" / "smart-voting-web.service").read_text()
    assert int(re.search(r"^TimeoutStopSec=(\d+)", unit, re.M)[1]) > graceful_timeout()
    compose = yaml.safe_load((DEPLOY / "docker" / "compose.production.yaml").read_text())
    assert int(compose["services"]["web"]["stop_grace_period"].rstrip("s")) > graceful_timeout()
    pod, container = next(found for found in pods() if found[1]["name"] == "web")
    waited = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > graceful_timeout() + waited


def test_every_container_runs_without_root_and_cannot_write_into_its_own_system():
    found = list(pods())
    assert len(found) == 5
    for pod, container in found:
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
    services = yaml.safe_load((DEPLOY / "docker" / "compose.production.yaml").read_text())["services"]
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in services.values())


def test_only_the_worker_and_the_operator_are_given_the_account_that_opens_the_ballot_box():
    secrets = {found["metadata"]["name"]: found["stringData"] for found in documents() if "stringData" in found}
    assert "DB_SEALER_URL" not in secrets["web-settings"]["settings.env"]
    assert "DB_SEALER_URL" in secrets["worker-settings"]["settings.env"]
    assert "DB_OWNER_URL" not in secrets["worker-settings"]["settings.env"]


def test_a_backup_lies_on_a_volume_of_its_own_without_the_keys():
    pod, container = next(found for found in pods() if found[1]["name"] == "backup")
    places = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    claims = {volume["name"]: volume.get("persistentVolumeClaim") for volume in pod["volumes"]}
    target = container["args"][container["args"].index("backup") + 1]
    settings = next(found for found in documents() if found.get("kind") == "ConfigMap")["data"]
    assert claims[places[target]] not in (None, claims[places["/data"]])
    assert settings["KEY_FOLDER"].startswith("/data/")
    assert [one for one in pod["volumes"] if one.get("secret", {}).get("secretName") == "owner-settings"]


def test_probes_ask_a_page_that_exists_under_a_name_that_is_trusted(app):
    pages = {rule.rule for rule in app.url_map.iter_rules()}
    trusted = next(found for found in documents() if found.get("kind") == "ConfigMap")["data"]["TRUSTED_HOSTS"]
    _pod, web = next(found for found in pods() if found[1]["name"] == "web")
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert web[name]["httpGet"]["path"] in pages
        assert web[name]["httpGet"]["httpHeaders"] == [{"name": "Host", "value": trusted}]


def test_what_the_image_copies_is_there_and_reaches_the_engine():
    ignored = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    reaches = {line[1:] for line in ignored if line.startswith("!")}
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (?!--)(.+)$", DOCKERFILE, re.M)]
    for name in (name for names in copied for name in names):
        assert (PROJECT / name).exists()
        assert any(Path(entry) == Path(name) or Path(name) in Path(entry).parents for entry in reaches), name


def test_nobody_reaches_anybody_but_by_a_rule():
    policies = {
        found["metadata"]["name"]: found["spec"] for found in documents() if found.get("kind") == "NetworkPolicy"
    }
    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    incoming = [name for name, spec in policies.items() if "ingress" in spec]
    assert incoming == ["visitors"]
