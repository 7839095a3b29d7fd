"""Why a file, or an import, goes no further."""

from __future__ import annotations


class FileRefused(Exception):
    """A file that is no list of voters; the message says what it is and what to do."""


class Superseded(Exception):
    """The import was cancelled, or another worker took it over: nothing of this attempt may stay."""


class ImportRefused(Exception):
    """The import may not go on, for the reason given; nothing was imported."""
