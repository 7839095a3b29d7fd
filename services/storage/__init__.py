"""Stored files: pictures of faces and ballots, files of imports. On this machine's disk or in a bucket."""

from services.storage.building import build, build_for
from services.storage.files import LocalStorage, Storage
from services.storage.local import LocalDisk
from services.storage.names import FACES, FOLDERS, FRAUD_ATTEMPTS, IMPORTS, PATH, PUBLIC, Store, StoredFile

__all__ = [
    "FACES",
    "FOLDERS",
    "FRAUD_ATTEMPTS",
    "IMPORTS",
    "PATH",
    "PUBLIC",
    "LocalDisk",
    "LocalStorage",
    "Storage",
    "Store",
    "StoredFile",
    "build",
    "build_for",
]
