"""Everything that is kept of one voter, as a ZIP: `data.json`, pictures, and a page that explains both."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from datetime import date, datetime
from enum import Enum
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect, select

from models import AuthEvent, AuthResult, Review, Voter, db
from services import audit_logger
from services.actor import Actor
from services.clock import utc_now, utc_text
from services.context import platform
from services.errors import DomainError, NotFound
from services.privacy.holdings import HOLDINGS, Holding
from services.voters import normalise_voter_number

FORMAT = "voter-data/1"


def find_voter(number: str, *, lock: bool = False) -> Voter:
    """Return the voter of a voter ID as it is typed; raises NotFound."""
    query = select(Voter).where(Voter.voter_id == normalise_voter_number(number))
    found = db.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(_("There is no voter with the voter ID %(number)s.", number=number))
    return found


def export(number: str, actor: Actor) -> bytes:
    """Return the ZIP; in the caller's transaction, as owner, because it looks everywhere. Raises NotFound."""
    voter = find_voter(number)
    content: dict[str, Any] = {"format": FORMAT, "made_at": utc_text(utc_now())}
    pictures: dict[str, bytes] = {}
    withheld: list[str] = []
    for holding in HOLDINGS:
        rows = db.session.scalars(select(holding.model).where(holding.where(voter))).all()
        content[holding.table] = [_row(holding, row) for row in rows]
        for row in rows:
            _add_pictures(holding, row, pictures, withheld)
    content["faces"] = [
        {"slot": face.slot, "encoding": [round(float(number), 6) for number in face.encoding]}
        for face in platform().faces.templates.load(voter.id)
    ]
    content["not_in_this_copy"] = {
        "columns": {holding.table: holding.left_out for holding in HOLDINGS if holding.left_out},
        "pictures": sorted(set(withheld)),
    }
    audit_logger.record("operator:voter:data_exported", actor, voter_number=voter.voter_id, pictures=len(pictures))
    return _packed(content, pictures)


def _row(holding: Holding, row: Any) -> dict[str, Any]:
    columns = [column.key for column in inspect(holding.model).column_attrs if column.key not in holding.left_out]
    return {name: _plain(getattr(row, name)) for name in columns}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    return value


def _add_pictures(holding: Holding, row: Any, pictures: dict[str, bytes], withheld: list[str]) -> None:
    """Put a row's pictures into the copy; one that may show somebody else is only mentioned."""
    for column in inspect(holding.model).column_attrs:
        path = getattr(row, column.key) if column.key.endswith("_path") else None
        if not path or column.key in holding.left_out:
            continue
        if _may_show_another(row):
            withheld.append(f"{holding.table} {row.id}: it was not the voter's face, or nobody knows whose it is")
            continue
        try:
            pictures[f"pictures/{holding.table}-{row.id}-{column.key.removesuffix('_path')}.jpg"] = (
                platform().storage.read(path)
            )
        except DomainError as error:
            withheld.append(f"{holding.table} {row.id}: {error.message}")


def _may_show_another(row: Any) -> bool:
    if isinstance(row, AuthEvent):
        return row.result is not AuthResult.SUCCESS or row.review is Review.REJECTED
    return False


def _packed(content: dict[str, Any], pictures: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(content, indent=1, ensure_ascii=False))
        archive.writestr("READ ME.txt", _explanation())
        for name, picture in pictures.items():
            archive.writestr(name, picture)
    return packed.getvalue()


def _explanation() -> str:
    return str(
        _(
            "This is everything that Smart Voting keeps of you.\n\n"
            "data.json has one list for each table, with its rows about you. faces has the numbers that were made from"
            " your pictures. not_in_this_copy says what was left out and why.\n"
            "pictures/ has your enrolled pictures and those of attempts in which you were recognised. Pictures of"
            " attempts in which somebody else may have stood at the booth are not yours to see.\n"
            "How you voted in a secret election is not in here, because nobody can tell: it is not stored with your"
            " name.\n"
        )
    )
