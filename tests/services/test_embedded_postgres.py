"""The embedded server, for real: first start, recovery, races, rights. Each server lives in a closed folder."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from config import PROJECT, Settings
from services.embedded_postgres import DATABASE, LOGIN_ROLES, EmbeddedPostgres, EmbeddedPostgresError, process

pytestmark = pytest.mark.commits


def dsn(url: str) -> str:
    return url.replace("+psycopg2", "")


def ask(url: str, question: str) -> object:
    connection = psycopg2.connect(dsn(url))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def postmaster(server: EmbeddedPostgres) -> int:
    return int((server.base / "data" / "postmaster.pid").read_text().split()[0])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that nobody but its owner may enter, as a home directory is."""
    folder = tmp_path_factory.mktemp("home")
    folder.chmod(0o700)
    return folder


@pytest.fixture(scope="module")
def shared(home: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home / "var" / "postgres", fast=True)
    server.ensure()
    yield server
    server.stop()


@pytest.fixture
def server(shared: EmbeddedPostgres) -> EmbeddedPostgres:
    shared.ensure()
    return shared


def test_server_in_a_closed_home_answers_and_leaves_the_home_closed(server: EmbeddedPostgres, home: Path) -> None:
    assert ask(server.urls().owner, "SELECT current_database()") == DATABASE
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_server_never_runs_as_root(server: EmbeddedPostgres) -> None:
    assert (server.base / "data").stat().st_uid != 0


def test_passwords_and_data_are_closed_to_others(server: EmbeddedPostgres) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in server.base.iterdir()}
    assert modes == {"data": 0o700, ".lock": 0o600, "passwords.json": 0o600, "port": 0o600}


def test_server_listens_on_loopback_only_and_on_no_socket_file(server: EmbeddedPostgres) -> None:
    assert ask(server.urls().owner, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(server.urls().owner, "SHOW unix_socket_directories") == ""


def test_wrong_password_is_refused(server: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        psycopg2.connect(host="127.0.0.1", port=server._port(), user="sv_owner", password="guess", dbname=DATABASE)


def test_letters_beyond_ascii_have_lower_case(server: EmbeddedPostgres) -> None:
    assert ask(server.urls().owner, "SELECT lower('ÅÉÑЖ')") == "åéñж"


def test_call_on_a_running_server_starts_and_changes_nothing(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, running = server.urls(), postmaster(server)
    monkeypatch.delattr(process.ServerProcess, "initialise")
    monkeypatch.delattr(process.ServerProcess, "bring_up")
    assert server.ensure() == before
    assert postmaster(server) == running


def test_values_of_a_failed_statement_reach_no_log(server: EmbeddedPostgres) -> None:
    url = server.urls().owner
    ask(url, "CREATE TABLE IF NOT EXISTS probe (choice text UNIQUE)")
    ask(url, "INSERT INTO probe VALUES ('choice-of-alice') ON CONFLICT DO NOTHING")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        ask(url, "INSERT INTO probe VALUES ('choice-of-alice')")
    data, until = server.base / "data", time.monotonic() + 120
    logs = ""
    while "duplicate key" not in logs and time.monotonic() < until:  # another process of the server writes them
        time.sleep(0.02)
        logs = "".join(path.read_text() for path in [*data.glob("log/*"), data / "start.log"])
    assert "duplicate key" in logs
    assert "choice-of-alice" not in logs


def test_logins_wait_for_the_roles_of_the_migrations(server: EmbeddedPostgres) -> None:
    owner = server.urls().owner
    for role in LOGIN_ROLES:
        ask(owner, f"DROP ROLE IF EXISTS {role}")
    with pytest.raises(EmbeddedPostgresError, match="run the migrations"):
        server.grant_logins()
    for role in LOGIN_ROLES:
        ask(owner, f"CREATE ROLE {role} NOLOGIN")
    with pytest.raises(psycopg2.OperationalError):
        ask(server.urls().web, "SELECT 1")
    server.grant_logins()
    urls = server.urls()
    found = [ask(url, "SELECT current_user") for url in (urls.web, urls.sealer, urls.results, urls.auditor)]
    assert tuple(found) == LOGIN_ROLES


def test_database_is_copied_from_a_template_and_dropped_while_in_use(server: EmbeddedPostgres) -> None:
    server.create_database("template_probe")
    ask(server.urls("template_probe").owner, "CREATE TABLE marker ()")
    server.create_database("copy_probe", template="template_probe")
    still_open = psycopg2.connect(dsn(server.urls("copy_probe").owner))
    with still_open.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM marker")
    for name in ("copy_probe", "template_probe", "copy_probe"):
        server.drop_database(name)
    still_open.close()
    assert ask(server.urls().owner, "SELECT count(*) FROM pg_database WHERE datname LIKE '%_probe'") == 0


def test_committed_rows_are_back_after_the_postmaster_is_killed(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    try:
        ask(server.ensure().owner, "CREATE TABLE kept AS SELECT 42 AS answer")
        killed = postmaster(server)
        os.kill(killed, signal.SIGKILL)
        urls = server.ensure()
        assert postmaster(server) != killed
        assert ask(urls.owner, "SELECT answer FROM kept") == 42
    finally:
        server.stop()


def test_running_server_is_known_where_processes_of_others_are_hidden(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bool:
        raise PermissionError

    monkeypatch.setattr(process.Path, "samefile", refuse)
    assert server.is_running()
    (server.base / "data" / "postmaster.pid").rename(server.base / "kept.pid")
    try:
        (server.base / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
        assert not server.is_running()
    finally:
        (server.base / "kept.pid").rename(server.base / "data" / "postmaster.pid")


def test_pid_file_of_a_stranger_hinders_no_start_and_the_stranger_lives(server: EmbeddedPostgres) -> None:
    server.stop()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    lines = [stranger.pid, server.base / "data", int(time.time()), server._port(), "", "127.0.0.1", "", "ready"]
    (server.base / "data" / "postmaster.pid").write_text("\n".join(map(str, lines)) + "\n")
    try:
        assert not server.is_running()
        assert server.stop() is False
        server.ensure()
        assert server.is_running()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_empty_pid_file_of_a_power_cut_hinders_no_start(server: EmbeddedPostgres) -> None:
    server.stop()
    (server.base / "data" / "postmaster.pid").write_text("")
    server.ensure()
    assert server.is_running()


def test_taken_port_is_given_up_for_another(server: EmbeddedPostgres) -> None:
    server.stop()
    taken = server._port()
    with socket.create_server(("127.0.0.1", taken)):
        urls = server.ensure()
        assert f":{taken}/" not in urls.owner
        assert ask(urls.owner, "SELECT 1") == 1


def test_port_stays_the_same_over_a_restart(server: EmbeddedPostgres) -> None:
    before = server.urls()
    assert server.stop() is True
    assert server.stop() is False
    assert server.ensure() == before


def test_processes_that_start_together_share_one_server(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from services.embedded_postgres import EmbeddedPostgres;"
        "print(EmbeddedPostgres(Path(sys.argv[1]), fast=True).ensure().owner)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "postgres")]
    try:
        starting = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        printed = [child.communicate(timeout=240)[0] for child in starting]
        assert [child.returncode for child in starting] == [0, 0, 0, 0]
        assert len(set(printed)) == 1
        assert ask(printed[0].strip(), "SELECT 1") == 1
    finally:
        EmbeddedPostgres(tmp_path / "postgres").stop()


def test_interrupted_set_up_is_done_again(tmp_path: Path) -> None:
    half = tmp_path / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(tmp_path / "postgres", fast=True)
    try:
        assert ask(server.ensure().owner, "SELECT 1") == 1
        assert not half.exists()
    finally:
        server.stop()


def test_settings_bring_the_server_up_and_name_each_role(tmp_path: Path) -> None:
    settings = Settings.from_environment({"VAR_FOLDER": str(tmp_path)})
    try:
        resolved = settings.resolve_database()
        assert resolved == settings.resolve_database(start=False)
        users = [url.split("/")[2].split(":")[0] for url in (resolved.db_url, resolved.db_owner_url)]
        assert users == ["sv_web", "sv_owner"]
        assert not [warning for warning in resolved.warnings() if warning.startswith("DB_")]
    finally:
        EmbeddedPostgres(settings.embedded_database_folder).stop()


def test_folder_without_a_server_has_no_address(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path)
    assert server.is_running() is False
    assert server.stop() is False
    with pytest.raises(EmbeddedPostgresError, match=r"passwords\.json"):
        server.urls()


def test_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", fast=True)
    server.ensure()
    server.stop()
    with (server.base / "data" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = on\n")
    monkeypatch.setattr(process, "START_ATTEMPTS", 1)
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        server.ensure()
