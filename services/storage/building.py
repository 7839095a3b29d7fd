"""The storage that the settings ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from services.security import FieldCipher
from services.storage.files import LocalStorage, Storage
from services.storage.memory import PictureMemory

LOCAL, S3 = "local", "s3"
KINDS = (LOCAL, S3)


class StorageSettings(Protocol):
    """The settings that storage reads."""

    @property
    def storage_backend(self) -> str: ...
    @property
    def upload_folder(self) -> Path: ...
    @property
    def s3_bucket(self) -> str: ...
    @property
    def s3_region(self) -> str: ...
    @property
    def s3_endpoint(self) -> str: ...
    @property
    def s3_public_endpoint(self) -> str: ...
    @property
    def s3_prefix(self) -> str: ...
    @property
    def s3_access_key(self) -> str: ...
    @property
    def s3_secret_key(self) -> str: ...
    @property
    def s3_link_seconds(self) -> int: ...


def build(settings: StorageSettings, cipher: FieldCipher) -> Storage:
    """Return the storage of the running installation. It connects when it is used, not here."""
    return build_for(settings, settings.storage_backend, cipher)


def build_for(settings: StorageSettings, kind: str, cipher: FieldCipher) -> Storage:
    """Return the storage of this kind, `local` or `s3`, whichever the installation uses."""
    if kind == LOCAL:
        return LocalStorage(settings.upload_folder, cipher)
    # boto3 takes 55 MB of memory and most of a second, which an installation without a bucket need not spend.
    from services.storage.s3 import S3Bucket
    from services.storage.s3_client import Bucket

    bucket = Bucket(
        settings.s3_bucket, settings.s3_region, settings.s3_endpoint, settings.s3_public_endpoint, settings.s3_prefix,
        settings.s3_link_seconds, settings.s3_access_key, settings.s3_secret_key,
    )  # fmt: skip
    return Storage(S3Bucket(bucket), cipher, PictureMemory())
