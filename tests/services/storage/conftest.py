"""Both kinds of store behind one fixture, and a line to the bucket that can be cut."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from services.security import FieldCipher
from services.storage import LocalStorage, Storage
from tests.support.bucket import Service, Wire


@pytest.fixture
def cipher() -> FieldCipher:
    return FieldCipher.of([Fernet.generate_key()])


@pytest.fixture
def local(tmp_path: Path, cipher: FieldCipher) -> LocalStorage:
    return LocalStorage(tmp_path / "uploads", cipher)


@pytest.fixture
def remote(bucket_service: Service, wire: Wire, cipher: FieldCipher, at_once: None) -> Storage:
    """A bucket with a folder of its own, over the wire."""
    return Storage(bucket_service.bucket(wire.port), cipher)


@pytest.fixture
def unreachable(bucket_service: Service, cipher: FieldCipher, at_once: None) -> Iterator[Storage]:
    """A bucket at a port where nobody listens, and nobody else can begin to."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield Storage(bucket_service.bucket(kept.getsockname()[1]), cipher)


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """The same promises hold for both."""
    found: Storage = request.getfixturevalue("remote" if request.param == "s3" else "local")
    return found
