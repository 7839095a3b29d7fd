"""Stored files: pictures of faces and ballots, files of imports. On this machine's disk or in a bucket."""

from services.storage.building import KINDS, LOCAL, S3, build, build_for
from services.storage.files import LocalStorage, Storage
from services.storage.local import LocalDisk
from services.storage.migration import Fate, Moved, migrate, movable
from services.storage.names import FACES, FOLDERS, FRAUD_ATTEMPTS, IMPORTS, PATH, PUBLIC, Store, StoredFile

__all__ = [
    "FACES",
    "FOLDERS",
    "FRAUD_ATTEMPTS",
    "IMPORTS",
    "KINDS",
    "LOCAL",
    "PATH",
    "PUBLIC",
    "S3",
    "Fate",
    "LocalDisk",
    "LocalStorage",
    "Moved",
    "Storage",
    "Store",
    "StoredFile",
    "build",
    "build_for",
    "migrate",
    "movable",
]
