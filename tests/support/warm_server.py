"""Imported once by the process that every server under test is forked from: what each of them would do anew."""

from __future__ import annotations

from sqlalchemy.orm import configure_mappers

import app
from tests.support import garbage

assert app  # its import is most of a start
configure_mappers()
garbage.leave_alone()
