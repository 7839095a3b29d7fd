"""`flask storage migrate`, as an operator types it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models import AuditLog, db
from services.context import platform
from services.storage import FACES, LocalStorage, build_for


@pytest.fixture
def run(app, monkeypatch, tmp_path, bucket_service, wire, at_once):
    """Run the command on an installation with a folder of its own, a bucket, and STORAGE_BACKEND=local."""
    values = {name.lower(): value for name, value in bucket_service.settings(wire.port).items()}
    values |= {"storage_backend": "local", "upload_folder": tmp_path / "uploads"}
    settings = replace(platform().settings, **values)
    monkeypatch.setattr(platform(), "settings", settings)
    monkeypatch.setattr(platform(), "storage", LocalStorage(settings.upload_folder, platform().cipher))
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=["storage", "migrate", *arguments])


def test_all_files_go_into_the_bucket_and_the_folder_is_emptied_after_the_switch(run, monkeypatch):
    paths = [platform().storage.save_private(FACES, b"a face") for _ in range(3)]
    first = run("--from", "local", "--to", "s3")
    assert first.exit_code == 0, first.output
    assert "3 files lie in the bucket, each compared by size and SHA-256:" in first.output
    assert "3 copied now" in first.output

    early = run("--from", "local", "--to", "s3", "--delete-source")
    assert early.exit_code == 2
    assert "set STORAGE_BACKEND=s3 and start it again first" in early.output

    monkeypatch.setattr(platform(), "settings", replace(platform().settings, storage_backend="s3"))
    last = run("--from", "local", "--to", "s3", "--delete-source")
    assert "0 copied now (0 bytes), 3 were there before." in last.output
    assert "3 were removed at the source now." in last.output
    bucket = build_for(platform().settings, "s3", platform().cipher)
    assert [bucket.read(path) for path in paths] == [b"a face"] * 3
    assert list(platform().storage.files()) == []
    assert [row.details["count"] for row in db.session.query(AuditLog).filter_by(event_type="operator:storage:migrated")
            .order_by(AuditLog.id)] == [3, 3]  # fmt: skip


def test_what_cannot_be_done_is_said_in_a_sentence(run, wire, monkeypatch):
    assert "name the same place" in run("--from", "s3", "--to", "s3").output
    wire.cut(999, up=0)
    down = run("--from", "local", "--to", "s3")
    assert down.exit_code == 1
    assert "Run the same command again: it goes on where it stopped." in down.output
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, s3_bucket=""))
    assert "S3_BUCKET is empty" in run("--from", "local", "--to", "s3").output
