"""The data map knows every table, and a copy for a voter holds no secret and nobody else."""

from __future__ import annotations

import importlib
import re
from datetime import timedelta
from typing import Any

from sqlalchemy import LargeBinary, inspect

from config import PROJECT, Settings
from models import db
from services.privacy import HOLDINGS

PAGE = (PROJECT / "docs" / "privacy.md").read_text("utf-8")
MAP = PAGE[PAGE.index("## Data map") : PAGE.index("## How long")]
NOT_OF_VOTERS = {
    "staff_users": "staff",
    "staff_links": "staff",
    "replaced_tokens": "hashes of links that lead nowhere",
    "api_tokens": "hashes that belong to a sign-in",
    "roll_import_problems": "rows as they stood in a file, gone after a week",
    "spoiled_ballots": "nobody's",
}
POINTED_AT = ("voters", "devices", "voter_sessions", "attendance_records", "votes")
ADDRESSES = ("email", "recipient", "dob", "phone", "voter_id_input")


def tables() -> list[Any]:
    return sorted(db.metadata.tables.values(), key=lambda table: table.name)


def test_every_table_stands_in_the_data_map():
    assert [table.name for table in tables() if f"`{table.name}`" not in MAP] == []


def test_every_table_that_is_about_a_voter_is_in_a_copy():
    known = {holding.table for holding in HOLDINGS} | set(NOT_OF_VOTERS)
    for table in tables():
        points = [key for key in table.foreign_keys if key.column.table.name in POINTED_AT]
        named = [column.name for column in table.columns if column.name in (*ADDRESSES, "voter_id")]
        assert not (points or named) or table.name in known, f"{table.name}: {named or points}"


def test_a_copy_holds_no_bytes_and_no_member_of_staff():
    for holding in HOLDINGS:
        columns = inspect(holding.model).columns
        assert set(holding.left_out) <= set(columns.keys())
        for name, column in columns.items():
            staff = any(key.column.table.name == "staff_users" for key in column.foreign_keys)
            if name not in holding.left_out:
                assert not staff, f"{holding.table}.{name}"
                assert not isinstance(column.type, LargeBinary), f"{holding.table}.{name}"
                assert not name.endswith("_hash"), f"{holding.table}.{name}"


def test_the_days_of_the_page_are_those_of_the_settings_and_the_code():
    defaults = Settings.from_environment({})
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| `([^`]+)` \|$", PAGE, re.M)
    assert len(rows) >= 13
    for days, place in rows:
        if place.isupper():
            assert getattr(defaults, place.lower()) == int(days), place
        else:
            module, name = place.rsplit(".", 1)
            assert getattr(importlib.import_module(module), name) == timedelta(days=int(days)), place
