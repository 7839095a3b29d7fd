"""The programs that draw the API's documentation, Swagger UI and ReDoc: fetched from npm once, then served by us.

They are third parties' code, so the repository has only their versions and sums; the folder is ignored by git.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / "static" / "vendor" / "api"
MARK = "VERSIONS"
SECONDS = 120
FOREIGN_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
"""ReDoc's mark in its corner: a page of ours asks no other host for anything."""
NO_PICTURE = b"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E".replace(b"'", b"%27")

REDOC_STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
)
"""Sums of the style elements that this version of ReDoc makes, for the page's policy: an empty one, whose rules are
put in by script, and the one of its scroll bars."""


class NotFetched(Exception):
    """The programs could not be fetched; the text says why."""


@dataclass(frozen=True)
class Package:
    """A package of npm; `files` maps its files to our names, `sha256` is the sum of its archive."""

    name: str
    version: str
    licence: str
    sha256: str
    files: Mapping[str, str]


PACKAGES = (
    Package(
        "swagger-ui-dist", "5.35.0", "Apache-2.0", "1b8e891893404ea4c3558b6a87e2a3e494e7eedba41168c2ece5800a391a6ea6",
        {
            "swagger-ui-bundle.js": "swagger.js", "swagger-ui.css": "swagger.css", "LICENSE": "swagger.LICENSE.txt",
            "NOTICE": "swagger.NOTICE.txt", "swagger-ui-bundle.js.LICENSE.txt": "swagger.js.LICENSE.txt",
        },
    ),
    Package(
        "redoc", "2.5.4", "MIT", "44922df4d0eb45c1b066c09ec251e6bd9bd7ded16bc69e87613337b9d911a56e",
        {
            "bundles/redoc.standalone.js": "redoc.js", "LICENSE": "redoc.LICENSE.txt",
            "bundles/redoc.standalone.js.LICENSE.txt": "redoc.js.LICENSE.txt",
        },
    ),
)  # fmt: skip


def are_here(folder: Path = FOLDER) -> bool:
    """Tell whether the programs lie here, in the versions named above."""
    try:
        return (folder / MARK).read_text(encoding="utf-8") == _mark()
    except OSError:
        return False


def fetch(folder: Path = FOLDER) -> None:
    """Fetch the programs with npm, check their sums and put them into the folder; raises NotFetched."""
    if shutil.which("npm") is None:
        raise NotFetched("npm is missing")
    with tempfile.TemporaryDirectory() as work:
        fresh = Path(work) / "fresh"
        fresh.mkdir()
        for package in PACKAGES:
            unpack(package, _packed(package, Path(work)), fresh)
        (fresh / MARK).write_text(_mark(), encoding="utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        # The mark goes last: whoever is cut off in the middle begins anew.
        for file in sorted(fresh.iterdir(), key=lambda one: one.name == MARK):
            shutil.copyfile(file, folder / file.name)


def unpack(package: Package, archive: Path, folder: Path) -> None:
    """Write the files of a package's archive into the folder; raises NotFetched for another archive than ours."""
    if hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
        raise NotFetched(f"{package.name} {package.version} is not what it was: its sum differs")
    with tarfile.open(archive) as packed:
        for name, ours in package.files.items():
            member = packed.extractfile(f"package/{name}")
            if member is None:
                raise NotFetched(f"{package.name} has no {name}")
            (folder / ours).write_bytes(member.read().replace(FOREIGN_LOGO, NO_PICTURE))


def _packed(package: Package, work: Path) -> Path:
    command = ["npm", "pack", "--silent", "--fetch-retries=0", "--fetch-timeout=30000"]
    try:
        subprocess.run(
            [*command, f"{package.name}@{package.version}"], cwd=work, check=True, capture_output=True, timeout=SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        raise NotFetched(f"npm could not fetch {package.name} {package.version}") from None
    return work / f"{package.name}-{package.version}.tgz"


def _mark() -> str:
    rows = [f"{one.name} {one.version}, {one.licence}, SHA-256 of the archive {one.sha256}\n" for one in PACKAGES]
    return "".join(rows) + f"Changed here: {FOREIGN_LOGO.decode()} is an empty picture.\n"
