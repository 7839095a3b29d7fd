"""A disk without room: attempts are refused in words before anything is lost, and voting goes on."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import subprocess
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from models import AuthEvent, Challenge, EmailMessage, Voter, db, transaction, use_role
from services import disk, identification, retention
from services.clock import utc_now
from services.context import platform
from services.errors import DiskFull
from services.storage import FACES, LocalDisk, LocalStorage
from tests.services.identification import acting

WORDS = "This booth cannot keep pictures now. Call the officer."
MB = 1024 * 1024
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(utc_now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def voter(open_election: Any) -> Voter:
    voter = acting.only_voter(open_election)
    acting.enrol(voter)
    return voter


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Megabytes that the disk says are free."""
    left = {"mb": 10_000.0}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, int(left["mb"] * MB)))
    return left


def start(client: Any, voter: Voter) -> Any:
    return client.post("/poll/auth/start", json={"voter_id": voter.voter_id})


def identify(client: Any, challenge: dict[str, Any], clock: Any) -> Any:
    def send(done: int, frames: list[str], seq: int) -> Any:
        body = {"challenge_id": challenge["id"], "step": done, "frames": frames, "seq": seq}
        return client.post("/poll/auth/verify", json=body)

    return acting.perform(send, clock.shift, challenge["steps"], 7, lambda answer: answer.status_code == 202)


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def alerts() -> list[EmailMessage]:
    return list(db.session.scalars(select(EmailMessage).where(EmailMessage.kind == "system_alert")))


def test_the_floor_is_a_setting_and_what_lies_on_it_is_enough(room, app, monkeypatch):
    assert platform().settings.disk_floor_mb == 200
    room["mb"] = 200
    assert not disk.is_low()
    room["mb"] = 199
    assert disk.is_low()
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, disk_floor_mb=0))
    assert not disk.is_low()


def test_the_tightest_of_the_two_folders_counts(app, monkeypatch):
    var = platform().settings.var_folder
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, (50 if Path(path) == var else 9000) * MB))
    assert disk.free_mb() == 50


def test_no_new_check_begins_below_the_floor_and_the_words_say_what_to_do(room, kiosk_client, voter):
    room["mb"] = 100
    answer = start(kiosk_client, voter)
    page = kiosk_client.post("/poll/auth/start", data={"voter_id": voter.voter_id})

    assert (answer.status_code, answer.json["error"]) == (503, {"code": "disk_full", "message": WORDS})
    assert page.status_code == 503
    assert WORDS in page.text
    assert count(Challenge) == count(AuthEvent) == 0


def test_a_challenge_that_was_drawn_before_takes_no_first_picture_and_is_not_lost(room, kiosk_client, voter, clock):
    challenge = start(kiosk_client, voter).json["challenge"]
    room["mb"] = 100
    refused = identify(kiosk_client, challenge, clock)
    room["mb"] = 300

    assert (refused.status_code, refused.json["error"]["code"]) == (503, "disk_full")
    assert identify(kiosk_client, challenge, clock).json["result"] == "success"


def test_a_check_under_way_may_end_with_what_the_floor_keeps_back(room, kiosk_client, voter, clock):
    challenge = start(kiosk_client, voter).json["challenge"]
    body = {"challenge_id": challenge["id"], "step": 0, "frames": [acting.frame(faces=0)], "seq": 0}
    kiosk_client.post("/poll/auth/verify", json=body)
    room["mb"] = 100

    def send(done: int, frames: list[str], seq: int) -> Any:
        body = {"challenge_id": challenge["id"], "step": done, "frames": frames, "seq": seq + 1}
        return kiosk_client.post("/poll/auth/verify", json=body)

    last = acting.perform(send, clock.shift, challenge["steps"], 7, lambda answer: answer.status_code == 202)
    assert last.json["result"] == "success"


def test_an_open_ballot_is_cast_on_a_full_disk(room, kiosk_client, voter, clock, monkeypatch):
    identify(kiosk_client, start(kiosk_client, voter).json["challenge"], clock)
    room["mb"] = 0
    monkeypatch.setattr(LocalDisk, "_write_new", _no_room)
    body = {"voter_id": voter.voter_id, "choice": "nota", "idempotency_key": secrets.token_urlsafe(24)}
    answer = kiosk_client.post("/poll/vote", json=body)

    assert answer.status_code == 200, answer.text
    assert answer.json["receipt"]


@staticmethod  # type: ignore[misc]
def _no_room(target: Path, content: bytes) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_picture_that_finds_no_room_refuses_the_attempt_and_leaves_the_challenge(
    number, kiosk_client, voter, clock, monkeypatch
):
    challenge = start(kiosk_client, voter).json["challenge"]

    def broken(target: Path, content: bytes) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(LocalDisk, "_write_new", staticmethod(broken))
        answer = identify(kiosk_client, challenge, clock)
    assert (answer.status_code, answer.json["error"]) == (503, {"code": "disk_full", "message": WORDS})
    assert count(AuthEvent) == 0
    row = db.session.get(Challenge, challenge["id"].split(".")[0])
    assert row.used_at is None
    assert row.state["run"]["position"] == 3


def test_the_booth_becomes_free_although_the_picture_of_who_left_finds_no_room(kiosk_client, voter, clock, monkeypatch):
    challenge = start(kiosk_client, voter).json["challenge"]
    body = {"challenge_id": challenge["id"], "step": 0, "frames": acting.straight(), "seq": 0}
    kiosk_client.post("/poll/auth/verify", json=body)
    monkeypatch.setattr(LocalDisk, "_write_new", _no_room)

    assert kiosk_client.post("/poll/leave", json={}).status_code < 400
    event = db.session.scalars(select(AuthEvent)).one()
    assert (event.reason, event.snapshot_path) == (identification.ABANDONED, None)


def test_another_mistake_of_the_disk_is_not_called_full(app, tmp_path, monkeypatch):
    storage = LocalStorage(tmp_path, platform().cipher)

    def broken(target: Path, content: bytes) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(LocalDisk, "_write_new", staticmethod(broken))
    with pytest.raises(OSError, match="Input/output") as refusal:
        storage.save_private(FACES, b"x")
    assert not isinstance(refusal.value, DiskFull)


def test_the_refusal_alerts_the_commissioner_once_an_hour(room, kiosk_client, voter, clock):
    clock.move_to((utc_now() + timedelta(hours=1)).replace(minute=1))
    room["mb"] = 100
    for _ in range(3):
        assert start(kiosk_client, voter).status_code == 503
    assert [mail.recipient for mail in alerts()] == [platform().settings.alert_recipient]
    assert disk.HEADLINE in alerts()[0].subject
    clock.shift(3600)
    start(kiosk_client, voter)
    assert len(alerts()) == 2


def test_the_worker_sees_the_full_disk_by_itself(room, app):
    with use_role("sealer"):
        assert not retention.watch_disk(transaction)
        assert alerts() == []
        room["mb"] = 1
        assert retention.watch_disk(transaction)
        assert len(alerts()) == 1


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 256 KB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_real_disk_that_is_full_keeps_what_it_has_and_takes_no_half_file(app, tiny_disk):
    storage = LocalStorage(tiny_disk / "pictures", platform().cipher)
    kept, content = [], os.urandom(20_000)
    while len(kept) < 100:
        try:
            kept.append(storage.save_private(FACES, content))
        except DiskFull:
            break

    assert 3 < len(kept) < 15
    assert all(storage.read(path) == content for path in kept)
    assert [file.path for file in storage.files()] == sorted(kept), "no partial file may stay"
    storage.delete(kept[0])
    assert storage.read(storage.save_private(FACES, content)) == content


def test_a_booth_on_a_real_full_disk_refuses_and_goes_on_when_there_is_room(
    kiosk_client, voter, clock, tiny_disk, monkeypatch
):
    monkeypatch.setattr(platform(), "storage", LocalStorage(tiny_disk / "pictures", platform().cipher))
    filler = tiny_disk / "filler"
    assert start(kiosk_client, voter).json["error"]["code"] == "disk_full", "256 KB lie below the floor"
    monkeypatch.setattr(platform(), "settings", replace(platform().settings, disk_floor_mb=0))
    challenge = start(kiosk_client, voter).json["challenge"]
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(bytes(MB))
    refused = identify(kiosk_client, challenge, clock)
    assert (refused.status_code, refused.json["error"]["message"]) == (503, WORDS)
    assert count(AuthEvent) == 0
    filler.unlink()

    body = {"challenge_id": challenge["id"], "step": 3, "frames": acting.movement(challenge["steps"][2])[:6], "seq": 90}
    answer = kiosk_client.post("/poll/auth/verify", json=body)
    assert answer.status_code in (200, 202), answer.text
    assert count(AuthEvent) <= 1
