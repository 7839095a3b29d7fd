"""Files in a bucket of an S3-compatible service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from services.errors import NotFound, StorageAway
from services.storage.names import StoredFile
from services.storage.s3_client import (
    CONNECT_SECONDS,
    FAILURES,
    LOOK_SECONDS,
    READ_SECONDS,
    TRIES,
    Bucket,
    Line,
    cause,
    connect,
    has_changed,
    is_gone,
)

PART_BYTES = 8 * 1024 * 1024
"""A file above this goes up in parts; each part that fails is sent again, not the whole."""
TRANSFER = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False)
TYPES = {"jpg": "image/jpeg", "png": "image/png"}
FOR_EVER = "public, max-age=31536000, immutable"


class S3Bucket:
    """A bucket. The service keeps a file as a whole or not at all, also when its parts come one by one."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._line = Line()
        self._client = connect(bucket, bucket.endpoint, (CONNECT_SECONDS, READ_SECONDS), TRIES)

    def put(self, path: str, content: BinaryIO, over: bool = False) -> None:
        """Keep a file; see Store.put."""
        # Written again it is young again, and its bytes are the same: the path binds them.
        with self._line.act("writing"):
            self._client.upload_fileobj(content, **self._key(path), ExtraArgs=_kind(path), Config=TRANSFER)

    def get(self, path: str) -> bytes:
        """Return the whole file; raises NotFound."""
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                with self.open(path) as stream:
                    return stream.read()
            except Interrupted:
                if last:
                    raise
        raise AssertionError

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """Give the file to read piece by piece; raises NotFound."""
        with self._line.act("reading"), _not_found():
            answer = self._client.get_object(**self._key(path))
        body = answer["Body"]
        try:
            yield cast(BinaryIO, _Body(self._line, body, answer["ContentLength"]))
        finally:
            body.close()

    def change(self, path: str, work: Callable[[bytes], bytes | None]) -> bool:
        """Replace the bytes by what `work` makes of them; see Store.change."""
        state = self._head(path)
        if state is None:
            raise NotFound()
        content = work(self.get(path))
        if content is None:
            return False
        with self._line.act("writing"):
            try:
                self._client.put_object(**self._key(path), Body=content, IfMatch=state["ETag"], **_kind(path))
            except ClientError as error:
                if has_changed(error):
                    return False
                raise
        return True

    def delete(self, path: str) -> None:
        """Remove a file; one that is gone already is no error."""
        with self._line.act("deleting"):
            self._client.delete_object(**self._key(path))

    def delete_older(self, file: StoredFile) -> bool:
        """Remove a listed file unless it was written since; tell whether it went."""
        found = self.find(file.path)
        if found is None or found.written_at > file.written_at:
            return False
        self.delete(file.path)
        return True

    def find(self, path: str) -> StoredFile | None:
        """Return the file as it lies there now, None when it is gone."""
        state = self._head(path)
        return StoredFile(path, state["ContentLength"], state["LastModified"]) if state else None

    def files(self, folder: str) -> Iterator[StoredFile]:
        """Yield every file of a folder, those of broken writes too."""
        beginning = self.bucket.folder
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket.name, Prefix=f"{beginning}{folder}/"
        )
        with self._line.act("listing"):
            for page in pages:
                for found in page.get("Contents", ()):
                    yield StoredFile(found["Key"].removeprefix(beginning), found["Size"], found["LastModified"])

    def free_bytes(self) -> None:
        """Return None: a bucket has no end that we know."""
        return None

    def link(self, path: str) -> str | None:
        """Return a signed address that is good for `link_seconds`; None when browsers are sent nowhere."""
        seconds = self.bucket.link_seconds
        if not seconds:
            return None
        with self._line.act("signing an address"):
            return str(self._outside.generate_presigned_url("get_object", Params=self._key(path), ExpiresIn=seconds))

    @cached_property
    def origin(self) -> str | None:
        """The host that browsers are sent to, with its scheme; None when none is. It asks nobody and needs no key."""
        if not self.bucket.link_seconds:
            return None
        address = urlsplit(self._outside.meta.endpoint_url)
        own = self.bucket.endpoint or self.bucket.public_endpoint or "." in self.bucket.name
        inside = "" if own else f"{self.bucket.name}."
        return f"{address.scheme}://{inside}{address.netloc}"

    def trouble(self) -> str | None:
        """Return in words why nothing can be stored now, None when all is well."""
        try:
            self._looking.head_bucket(Bucket=self.bucket.name)
        except FAILURES as error:
            return f"The bucket of the pictures does not answer: {cause(error)}."
        return None

    @cached_property
    def _looking(self) -> Any:
        return connect(self.bucket, self.bucket.endpoint, (LOOK_SECONDS, LOOK_SECONDS), 1)

    @cached_property
    def _outside(self) -> Any:
        address = self.bucket.public_endpoint or self.bucket.endpoint
        return connect(self.bucket, address, (CONNECT_SECONDS, READ_SECONDS), 1)

    def _head(self, path: str) -> Any:
        with self._line.act("looking"):
            try:
                return self._client.head_object(**self._key(path))
            except ClientError as error:
                if is_gone(error):
                    return None
                raise

    def _key(self, path: str) -> dict[str, str]:
        return {"Bucket": self.bucket.name, "Key": f"{self.bucket.folder}{path}"}


class Interrupted(StorageAway):
    """The connection ended in the middle of a file; asked once more it may come whole."""


class _Body:
    """What comes over the wire, with the failures of the wire in our words, and no file that is shorter than told."""

    def __init__(self, line: Line, body: Any, size: int) -> None:
        self._line, self._body, self._left = line, body, size

    def read(self, amount: int = -1) -> bytes:
        try:
            with self._line.act("reading"):
                piece: bytes = self._body.read(None if amount < 0 else amount)
        except StorageAway:
            raise Interrupted() from None
        self._left -= len(piece)
        if self._left > 0 and (amount < 0 or not piece):
            raise Interrupted()
        return piece


def _kind(path: str) -> dict[str, str]:
    """Return the headers with which a browser gets a public picture; private files are bytes to everybody."""
    kind = TYPES.get(path.rpartition(".")[2])
    return {"ContentType": kind, "CacheControl": FOR_EVER} if kind else {"ContentType": "application/octet-stream"}


@contextmanager
def _not_found() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if is_gone(error):
            raise NotFound() from error
        raise
