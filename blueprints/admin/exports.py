"""The register and the roll as CSV: each download of personal data stands in the audit log."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from blueprints.admin import bp, forms
from blueprints.admin.frame import election_at_the_desk
from blueprints.admin.lists import csv_download
from blueprints.http import current_actor
from blueprints.policy import requires
from models import transaction
from services import audit_logger, exports
from services.errors import NotFound
from services.security import Permission


@bp.get("/voters/export.csv")
@requires(Permission.MANAGE_VOTERS)
def export_voters() -> ResponseReturnValue:
    """Download all voters; bom=1 puts a byte order mark first, for Excel."""
    with transaction():
        audit_logger.record("staff:voters:exported", current_actor())
    return csv_download(exports.voters_csv(forms.asked("bom")), "voters.csv")


@bp.get("/roll/export.csv")
@requires(Permission.MANAGE_VOTERS)
def export_roll() -> ResponseReturnValue:
    """Download the chosen election's roll; bom=1 as above."""
    election = election_at_the_desk()
    if election is None:
        raise NotFound(_("There is no election yet. Add one first."))
    with transaction():
        audit_logger.record("staff:roll:exported", current_actor(), election_id=election.id)
    return csv_download(exports.roll_csv(election, forms.asked("bom")), f"roll-{election.id}.csv")
