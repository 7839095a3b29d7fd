"""House rules that only a running application can show: policies, schema, and no way out of this machine."""

from __future__ import annotations

import socket

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Blueprint, Flask
from sqlalchemy import CheckConstraint, text

import app as application
from blueprints.policy import FRAMEWORK_ENDPOINTS, PolicyMissing, check_policies, public, requires
from models import db
from models.audit import is_no_partition
from services.security import Permission
from tests.support import database

ELSEWHERE = ("192.0.2.1", 80)  # RFC 5737: an address that belongs to nobody
ELSEWHERE_6 = ("2001:db8::1", 80)  # RFC 3849


def test_every_route_carries_a_policy(shared_app):
    views = {rule.endpoint: shared_app.view_functions[rule.endpoint] for rule in shared_app.url_map.iter_rules()}
    policies = {name: getattr(view, "__policy__", None) for name, view in views.items() if name != "static"}
    assert len(policies) > 10
    assert [
        name for name, policy in policies.items() if policy != "public" and not isinstance(policy, Permission)
    ] == []


def test_only_the_files_of_the_framework_need_no_policy():
    assert {"static"} == FRAMEWORK_ENDPOINTS


def test_a_route_without_a_policy_is_named():
    bare = Flask(__name__)
    bare.add_url_rule("/open", "open", public(lambda: ""))
    bare.add_url_rule("/poll", "poll", requires(Permission.POLL)(lambda: ""))
    check_policies(bare)
    bare.add_url_rule("/forgotten", "forgotten", lambda: "")
    with pytest.raises(PolicyMissing, match="forgotten"):
        check_policies(bare)


def test_the_application_does_not_start_with_a_route_without_a_policy(postgres, tmp_path, monkeypatch):
    planted = Blueprint("planted", __name__)
    planted.add_url_rule("/planted", "view", lambda: "")
    monkeypatch.setattr(application, "BLUEPRINTS", (*application.BLUEPRINTS, planted))
    settings = database.test_settings(postgres.urls("postgres"), tmp_path)
    with pytest.raises(PolicyMissing, match=r"planted\.view"):
        application.create_app(settings=settings)


def _differences(connection):
    # What Alembic compares: tables, columns, types, nullability, indexes, unique and foreign keys. Checks it does not.
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "target_metadata": db.metadata, "include_object": is_no_partition}
    )
    return [difference for difference in compare_metadata(context, db.metadata) if not _is_alembics_own(difference)]


def _is_alembics_own(difference):
    return difference[0] == "remove_table" and difference[1].name == "alembic_version"


@pytest.fixture
def owner_connection(shared_app):
    with shared_app.app_context(), db.engines["owner"].connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


def test_the_models_equal_the_migrations(owner_connection):
    assert _differences(owner_connection) == []


def test_the_checks_of_the_models_equal_those_of_the_migrations(owner_connection):
    query = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    migrated = set(owner_connection.scalars(text(query)))
    spell = owner_connection.dialect.identifier_preparer.format_constraint
    declared = {
        spell(check)
        for table in db.metadata.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    assert len(declared) > 10
    assert declared - migrated == set(), "in the models only"
    assert migrated - declared == set(), "in the migrations only"


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE voters ADD COLUMN planted text",
        "ALTER TABLE voters DROP COLUMN phone",
        "ALTER TABLE voters ALTER COLUMN name DROP NOT NULL",
        "ALTER TABLE parties ALTER COLUMN name TYPE varchar(10)",
        "CREATE TABLE planted (id bigint PRIMARY KEY)",
        "DROP TABLE groups CASCADE",
    ],
)
def test_a_planted_difference_between_models_and_migrations_is_seen(owner_connection, change):
    owner_connection.execute(text(change))
    assert _differences(owner_connection) != []


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, ELSEWHERE), (socket.AF_INET6, ELSEWHERE_6), (socket.AF_INET, ("db", 80))]
)
def test_no_test_connects_beyond_this_machine(method, family, address):
    with socket.socket(family, socket.SOCK_STREAM) as sock, pytest.raises(OSError, match="may not leave this machine"):
        getattr(sock, method)(address)


def test_no_test_sends_a_datagram_beyond_this_machine():
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        pytest.raises(OSError, match="may not leave this machine"),
    ):
        sock.sendto(b"planted", ELSEWHERE)


def test_a_test_may_connect_to_this_machine():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        pass
