"""Files of voters on their way through the import, as the desk and the worker leave them."""

from __future__ import annotations

from flask import current_app

from models import Election, RollImport, transaction, use_role
from services import roll_import
from services.actor import Actor
from services.roll_import import Upload

ADMIN = Actor("admin", name="admin")
GOOD = (
    "email,first_name,last_name,groups\r\n"
    "ana@union.example,Ana,Kovač,Branch North\r\nben@union.example,Ben,Osei,Branch North; Board\r\n"
)
MIXED = GOOD + (
    "no address,Cara,Diaz,\r\nana@union.example,Ana,Again,\r\nfinn@union.example,,,\r\n,Gia,Nobody,\r\n"
    'hal@union.example,Hal\r\n"ivy@union.example,Ivy,Quote,\r\njo@union.example,12345,,\r\n'
)


def taken_in(text: str | bytes, election: Election | None = None, name: str = "members.csv") -> RollImport:
    """Hand a file in as the desk does; commits."""
    content = text if isinstance(text, bytes) else text.encode()
    with transaction():
        return roll_import.take_in(Upload(name, content), election, ADMIN)


def worked() -> int:
    """Do what a worker finds to do, with a session of its own; return the number of steps."""
    with current_app.app_context(), use_role("sealer"):
        return roll_import.run_due(transaction)


def checked(text: str | bytes, election: Election | None = None) -> RollImport:
    """Return the import of a file that was read."""
    import_id = taken_in(text, election).id
    worked()
    return roll_import.get_import(import_id)


def imported(
    text: str | bytes, election: Election | None = None, existing: str = "keep", bad_rows: str = "skip"
) -> RollImport:
    """Return the import of a file that went through."""
    import_id = checked(text, election).id
    with transaction():
        roll_import.start(import_id, existing, bad_rows, ADMIN)
    worked()
    return roll_import.get_import(import_id)
