"""Pushing what changed to open pages: one listener a process on LISTEN or on Redis, snapshots shared by all streams."""

from services.live.changes import touch
from services.live.hub import Hub, Key, Stream, TooManyStreams

__all__ = ["Hub", "Key", "Stream", "TooManyStreams", "touch"]
