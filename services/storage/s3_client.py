"""The connection to an S3-compatible service, and its failures in our words."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)
from s3transfer.exceptions import S3UploadFailedError
from urllib3.exceptions import HTTPError

from services.errors import StorageAway

CONNECT_SECONDS, READ_SECONDS = 2, 10
"""A kiosk waits for this; a bucket that is well answers within some tenths of a second."""
TRIES = 3
LOOK_SECONDS = 2
"""Whoever asks whether all is well wants to know soon."""
FAILURES = (BotoCoreError, Boto3Error, ClientError, HTTPClientError, HTTPError, S3UploadFailedError, OSError)
OUT_OF_REACH = (EndpointConnectionError, ConnectTimeoutError, ReadTimeoutError)
AWAY_SECONDS = 5.0
"""Eight requests work at a time in a process; were each to wait for its turn of silence, casting would wait behind."""
_one_at_a_time = threading.Lock()
"""A session makes one client at a time; the clients themselves serve many threads."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bucket:
    """Where a bucket is, and who may use it. Empty: what the AWS environment of the process says.

    `public_endpoint` is the address at which browsers reach it; `link_seconds` 0 sends no browser there.
    """

    name: str
    region: str
    endpoint: str = ""
    public_endpoint: str = ""
    prefix: str = ""
    link_seconds: int = 0
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)

    @property
    def folder(self) -> str:
        """The beginning of every key."""
        inner = self.prefix.strip("/")
        return f"{inner}/" if inner else ""


def connect(bucket: Bucket, endpoint: str, seconds: tuple[float, float], tries: int) -> Any:
    """Return a client; `seconds` are those to connect and those without a byte. It may serve many threads."""
    config = Config(
        signature_version="s3v4",
        connect_timeout=seconds[0],
        read_timeout=seconds[1],
        retries={"mode": "standard", "total_max_attempts": tries},
        max_pool_connections=16,
        # A service of one's own seldom has a host name for each bucket.
        s3={"addressing_style": "path" if endpoint else "virtual"},
        # Several S3-compatible services do not know the newer checksums; ours are SHA-256 and HMAC.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    with _one_at_a_time:
        return _session().client(
            "s3",
            endpoint_url=endpoint or None,
            region_name=bucket.region,
            aws_access_key_id=bucket.access_key or None,
            aws_secret_access_key=bucket.secret_key or None,
            config=config,
        )


@cache
def _session() -> Any:
    """Return the one session of the process: it has read what the service can do."""
    return boto3.session.Session()


class Line:
    """Acts on the service, and when it was last out of reach: not everybody waits for it in turn."""

    def __init__(self) -> None:
        self._until = 0.0

    @contextmanager
    def act(self, what: str) -> Iterator[None]:
        """Turn every failure into StorageAway; the log gets its cause, never a name or a content.

        For AWAY_SECONDS after the service could not be reached at all it is not even tried.
        """
        if time.monotonic() < self._until:
            raise StorageAway()
        try:
            yield
        except FAILURES as error:
            log.error("the bucket failed at %s: %s", what, cause(error))
            if isinstance(error, OUT_OF_REACH):
                self._until = time.monotonic() + AWAY_SECONDS
            # The chain holds addresses and names of files; its cause stands in the line above.
            raise StorageAway() from None


def cause(error: BaseException) -> str:
    """Say why in a few words that hold no address and no key."""
    if isinstance(error, ClientError):
        answer = error.response
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", "?")
        return f"HTTP {status} {answer.get('Error', {}).get('Code', '')}".strip()
    return type(error).__name__


def is_gone(error: ClientError) -> bool:
    """Tell whether the service says that there is no such file."""
    return error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NotFound")


def has_changed(error: ClientError) -> bool:
    """Tell whether a condition was not met: the file was changed or removed meanwhile."""
    return is_gone(error) or error.response.get("Error", {}).get("Code") in ("412", "PreconditionFailed", "409",
                                                                             "ConditionalRequestConflict")  # fmt: skip
