"""Backups: database and files in an encrypted folder with a signed manifest, keys in a file of their own elsewhere."""

from services.backup import files, older
from services.backup.keys import Copied, copy_keys, put_keys_back
from services.backup.keys import note as note_keys
from services.backup.making import Made, make, note, open_secret_elections
from services.backup.manifest import Manifest
from services.backup.places import backups_in, folder, keep_newest, same_disk
from services.backup.restoring import finish, look_at, needs_upgrade, put_back

__all__ = [
    "Copied",
    "Made",
    "Manifest",
    "backups_in",
    "copy_keys",
    "files",
    "finish",
    "folder",
    "keep_newest",
    "look_at",
    "make",
    "needs_upgrade",
    "note",
    "note_keys",
    "older",
    "open_secret_elections",
    "put_back",
    "put_keys_back",
    "same_disk",
]
