"""Notes on sheets that do not balance; without one the election stays open."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_
from sqlalchemy import select

from models import BoothNote, Election, ElectionStatus, db
from services import audit_logger
from services.actor import Actor
from services.booth_sheet.closing import sheets
from services.booth_sheet.counting import Sheet
from services.errors import Conflict, Forbidden, NotFound, ValidationFailed

NOTE_LIMIT = 500
WRITERS = frozenset({"admin", "officer"})


class SheetsUnbalanced(Conflict):
    """An election cannot close while a sheet neither balances nor carries a note."""

    code = "sheets_unbalanced"
    message = N_("A booth sheet does not balance. Write a note for it first.")


def notes_of(election: Election) -> dict[int | None, list[BoothNote]]:
    """Return the notes of every booth, the oldest first."""
    found: dict[int | None, list[BoothNote]] = {}
    for note in db.session.scalars(
        select(BoothNote).where(BoothNote.election_id == election.id).order_by(BoothNote.id)
    ):
        found.setdefault(note.kiosk_id, []).append(note)
    return found


def find_sheet(election: Election, kiosk_id: int | None) -> Sheet:
    """Return the sheet of a booth as it stands now; raises NotFound."""
    found = next((sheet for sheet in sheets(election) if sheet.kiosk_id == kiosk_id), None)
    if found is None:
        raise NotFound(_("This election has no such booth."))
    return found


def unexplained(election: Election) -> list[Sheet]:
    """Return the sheets that do not balance and whose last note is not about the difference of now."""
    notes = notes_of(election)
    return [sheet for sheet in sheets(election) if not explained(sheet, notes)]


def explained(sheet: Sheet, notes: dict[int | None, list[BoothNote]]) -> bool:
    """Tell whether a sheet balances, or its last note is about the difference that it has."""
    last = notes.get(sheet.kiosk_id, [])[-1:]
    return sheet.balanced or any(note.difference == sheet.total.difference for note in last)


def add_note(election: Election, kiosk_id: int | None, note: str, actor: Actor) -> BoothNote:
    """Store why a sheet does not balance; it is never changed or deleted.

    Raises ValidationFailed for an empty or long note, Conflict for a sheet that balances or a draft, NotFound,
    Forbidden for anybody but an admin or an officer.
    """
    note = note.strip()
    if actor.role not in WRITERS or actor.id is None:
        raise Forbidden(_("An officer or an administrator writes this note."))
    if not note:
        raise ValidationFailed(fields={"note": _("Say why the sheet does not balance.")})
    if len(note) > NOTE_LIMIT:
        raise ValidationFailed(fields={"note": _("Use %(limit)s characters or fewer.", limit=NOTE_LIMIT)})
    sheet = find_sheet(election, kiosk_id)
    if sheet.balanced or election.status is ElectionStatus.DRAFT:
        raise Conflict(_("This sheet balances. It needs no note."))
    difference = sheet.total.difference
    row = BoothNote(
        election_id=election.id, kiosk_id=kiosk_id, staff_user_id=actor.id, difference=difference, note=note
    )
    db.session.add(row)
    db.session.flush()
    # The words stay in their table: they may name somebody, and audit rows are kept for ever.
    audit_logger.record("staff:booth_sheet:noted", actor, election_id=election.id, kiosk=sheet.name, count=difference)
    return row


def check_before_closing(election: Election) -> None:
    """Raise SheetsUnbalanced while a sheet neither balances nor carries a note about its difference."""
    if found := unexplained(election):
        names = ", ".join(sheet.name for sheet in found)
        raise SheetsUnbalanced(_("These booth sheets do not balance: %(names)s. Write a note for each.", names=names))
