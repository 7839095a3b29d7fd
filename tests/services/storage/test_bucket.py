"""What only a bucket has: a line that breaks, addresses for browsers, keys that must not be told."""

from __future__ import annotations

import logging
import os
import urllib.request
from urllib.parse import urlsplit

import pytest

from services.errors import NotFound, StorageAway
from services.storage import FACES, Storage, memory, s3_client
from services.storage.s3 import PART_BYTES
from tests.support.bucket import NAME

CONTENT = os.urandom(200_000)
ALWAYS = 99


def test_a_line_that_breaks_once_in_an_upload_costs_a_second_try_and_nothing_else(remote, wire):
    wire.cut(1, up=50_000)
    path = remote.save_public(CONTENT, "png")
    assert wire.cuts == 0, "the line did break"
    assert remote.read(path) == CONTENT


def test_a_line_that_breaks_in_every_upload_leaves_nothing_and_a_later_try_works(remote, wire):
    wire.cut(ALWAYS, up=50_000)
    with pytest.raises(StorageAway) as refusal:
        remote.save_private(FACES, CONTENT)
    assert (refusal.value.status, refusal.value.code) == (503, "storage_away")
    assert "Try again in a minute" in refusal.value.message
    wire.mend()
    assert list(remote.files()) == []
    path = remote.save_private(FACES, CONTENT)
    assert remote.read(path) == CONTENT


def test_a_line_that_breaks_in_a_large_upload_leaves_no_half_file_and_no_part(remote, wire, bucket_service):
    content = os.urandom(PART_BYTES + 1000)
    wire.cut(ALWAYS, up=PART_BYTES // 2)
    with pytest.raises(StorageAway):
        remote.save_public(content, "png")
    assert list(remote.files()) == []
    assert bucket_service.unfinished() == 0
    wire.cut(1, up=PART_BYTES // 2)
    assert remote.read(remote.save_public(content, "png")) == content


def test_a_line_that_breaks_once_in_a_download_is_asked_again(remote, wire):
    path = remote.save_private(FACES, CONTENT)
    wire.cut(1, down=50_000)
    assert remote.read(path) == CONTENT
    assert wire.cuts == 0


def test_a_line_that_breaks_in_every_download_is_said_and_never_taken_for_a_shorter_file(remote, wire):
    path = remote.save_public(CONTENT, "png")
    wire.cut(ALWAYS, down=50_000)
    with pytest.raises(StorageAway):
        remote.read(path)
    with pytest.raises(StorageAway), remote.stream(path) as stream:
        list(iter(lambda: stream.read(4096), b""))
    wire.mend()
    assert remote.read(path) == CONTENT


def test_a_service_that_is_down_fails_every_act_in_the_same_words(unreachable):
    down = unreachable
    path = "faces/ab/" + "ab" * 16 + ".enc"
    for act in (down.read, down.find, down.delete, down.renew, lambda _: list(down.files()),
                lambda _: down.save_private(FACES, b"x")):  # fmt: skip
        with pytest.raises(StorageAway):
            act(path)
    assert "does not answer: EndpointConnectionError" in down.trouble()


def test_a_failure_that_is_logged_whole_names_no_address_and_no_file(unreachable, caplog):
    path = "faces/ab/" + "ab" * 16 + ".enc"
    try:
        unreachable.read(path)
    except StorageAway:
        logging.getLogger("worker").exception("a task failed")
    assert "EndpointConnectionError" in caplog.text
    assert "StorageAway" in caplog.text
    assert "faces/" not in caplog.text
    assert "http://" not in caplog.text


def test_a_bucket_that_is_not_there_is_trouble_and_no_file_that_is_gone(bucket_service, cipher, caplog):
    storage = Storage(bucket_service.bucket(), cipher)
    storage.store._key = lambda path: {"Bucket": "another", "Key": path}
    with pytest.raises(StorageAway):
        storage.save_public(b"x", "png")
    with pytest.raises(StorageAway):
        storage.read("faces/ab/" + "ab" * 16 + ".enc")
    assert "HTTP 404 NoSuchBucket" in caplog.text
    assert "faces/" not in caplog.text


def test_a_browser_gets_a_public_picture_by_a_signed_address_and_a_private_file_by_none(remote):
    path = remote.save_public(CONTENT, "png")
    there = remote.public_link(path)
    with urllib.request.urlopen(there) as answer:  # noqa: S310 (the address is ours)
        assert answer.read() == CONTENT
        assert answer.headers["Content-Type"] == "image/png"
        assert "immutable" in answer.headers["Cache-Control"]
    assert "X-Amz-Expires=300" in there
    assert "X-Amz-Signature=" in there
    assert urlsplit(there)._replace(path="", query="").geturl() == remote.store.origin
    assert remote.public_link(remote.save_private(FACES, CONTENT)) is None


def test_without_seconds_no_browser_is_sent_anywhere(bucket_service, cipher):
    storage = Storage(bucket_service.bucket(link_seconds=0), cipher)
    assert storage.public_link(storage.save_public(CONTENT, "png")) is None
    assert storage.store.origin is None


def test_what_lies_in_the_bucket_is_below_the_prefix_and_no_face_is_readable(remote, bucket_service):
    remote.save_private(FACES, b"a face")
    (key, stored), = bucket_service.raw(remote.store.bucket.folder).items()  # fmt: skip
    assert key.startswith(remote.store.bucket.folder + "faces/")
    assert b"a face" not in stored
    kind = bucket_service.client.head_object(Bucket=NAME, Key=key)["ContentType"]
    assert kind == "application/octet-stream"


def test_the_secret_key_is_in_no_repr(remote):
    assert "secret_key" not in repr(remote.store.bucket)
    assert "access_key" not in repr(remote.store.bucket)


def test_a_service_out_of_reach_is_not_tried_again_at_once_by_everybody(unreachable, monkeypatch):
    down = unreachable
    monkeypatch.setattr(s3_client, "AWAY_SECONDS", 3600.0)
    with pytest.raises(StorageAway):
        down.save_private(FACES, b"x")
    tried = []
    down.store._client.upload_fileobj = lambda *_arguments, **_values: tried.append(1)
    with pytest.raises(StorageAway):
        down.save_private(FACES, b"x")
    assert tried == []
    down.store._line._until = 0.0
    assert down.save_private(FACES, b"x")
    assert tried == [1]


@pytest.fixture
def remembering(remote):
    remote._memory = memory.PictureMemory()
    return remote


def test_a_picture_that_was_shown_is_shown_while_the_bucket_is_away(remembering, wire, monkeypatch):
    path = remembering.save_public(CONTENT, "png")
    face = remembering.save_private(FACES, CONTENT)
    assert remembering.read(path) == remembering.read(face) == CONTENT
    wire.cut(ALWAYS, down=0)
    assert remembering.read(path) == CONTENT, "still fresh"
    monkeypatch.setattr(memory, "FRESH_SECONDS", 0.0)
    assert remembering.read(path) == CONTENT, "asked for again in vain"
    with pytest.raises(StorageAway):
        remembering.read(face)


def test_memory_forgets_what_was_removed_and_what_was_asked_for_longest_ago(remembering, monkeypatch):
    first, second = (remembering.save_public(CONTENT[number:], "png") for number in range(2))
    assert remembering.read(first) == CONTENT
    remembering.delete(first)
    with pytest.raises(NotFound):
        remembering.read(first)
    monkeypatch.setattr(memory, "MOST_BYTES", len(CONTENT))
    first = remembering.save_public(CONTENT, "png")
    for path in (first, second):
        remembering.read(path)
    assert list(remembering._memory._held) == [second]
    assert remembering._memory._bytes == len(CONTENT) - 1
