"""Large pages for the models: asked for where Linux has them, nothing lost where it has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.face_service import threads

MAPS = """55d0c0000000-55d0c8000000 rw-p 00000000 00:00 0                          [heap]
7f0000000000-7f0000800000 rw-p 00000000 00:00 0
7f0001000000-7f0001001000 rw-p 00000000 00:00 0
7f0002000000-7f0003000000 r--p 00000000 fe:00 12 /usr/lib/libdlib.so
7f0004000000-7f0005000000 rw-p 00000000 fe:00 12 /usr/lib/libdlib.so
7ffc00000000-7ffc01000000 rw-p 00000000 00:00 0                          [stack]
"""


def test_large_pages_are_asked_for_the_large_parts_that_no_file_stands_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "maps").write_text(MAPS)
    monkeypatch.setattr(threads, "MAPPED", tmp_path / "maps")
    assert list(threads._own_memory()) == [(0x55D0C0000000, 0x55D0C8000000), (0x7F0000000000, 0x7F0000800000)]


def test_a_system_without_large_pages_loads_the_models_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(threads, "MAPPED", tmp_path / "missing")
    threads.use_large_pages()


def test_what_the_process_holds_is_the_same_after_asking() -> None:
    held = bytearray(range(256)) * (1 << 16)
    threads.use_large_pages()
    assert held == bytearray(range(256)) * (1 << 16)
