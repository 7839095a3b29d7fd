"""How the desk shows an election, as a page and as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import g, render_template, url_for
from flask_babel import gettext as _

from blueprints.admin.frame import election_at_the_desk
from models import Election, ElectionStatus
from services import booth_sheet, box_keys, secrecy_audit
from services import elections as service
from services.clock import utc_now
from services.elections import Finding, Mend
from services.rounds import count_rule_words
from services.security import Permission, has_permission

LISTS = ("channels", "allowed_networks")
PLAIN = (
    "id", "title", "description", "status", "secrecy", "results_policy", "live_batch", "method", "seats", "max_choices",
    "candidate_order", "confirmation_text", "opens_without_faces", "identity_check", "opens_by_itself",
    "opening_problem", "meeting_id", "quorum_rule", "present_at_opening", "present_at_closing",
)  # fmt: skip


def manages() -> bool:
    """Tell whether whoever asks may change elections."""
    return has_permission(g.principal.role, Permission.MANAGE_ELECTIONS)


def election_page(found: Election, errors: dict[str, str] | None = None) -> str:
    """Render one election; a draft with the checklist of its opening."""
    draft = found.status is ElectionStatus.DRAFT
    findings = service.check(found) if draft else []
    over = found.status in (ElectionStatus.CLOSED, ElectionStatus.ARCHIVED)
    now, at_the_desk = utc_now(), election_at_the_desk()
    shown = at_the_desk is not None and at_the_desk.id == found.id
    return render_template(
        "admin/elections/detail.html",
        election=found,
        current_election=at_the_desk,
        shown=shown,
        counts=service.roll_counts(found),
        checklist=[(finding, _mend(finding, found, shown)) for finding in findings],
        lacking=[finding for finding in findings if finding.blocks],
        unexplained=booth_sheet.unexplained(found) if over else [],
        waits_for=_waits_for(found, now),
        errors=errors or {},
        summary=[(f"f-{name}", words) for name, words in (errors or {}).items()],
        manages=manages(),
        now=now,
        shortest=box_keys.MIN_PASSPHRASE,
        count_rule=count_rule_words(found),
        secrecy_run=secrecy_audit.last_run(found),
        secrecy_lines=secrecy_audit.last_run_in_words(found),
        secrecy_left_out=secrecy_audit.attacks_not_made(found),
    )


def election_json(found: Election) -> dict[str, Any]:
    """Return an election as the API shows one; a draft with the checklist of its opening."""
    voted, on_roll = service.roll_counts(found)
    shown = {name: getattr(found, name) for name in PLAIN} | {name: list(getattr(found, name)) for name in LISTS}
    shown |= {"opens_at": found.opens_at.isoformat(), "closes_at": found.closes_at.isoformat()}
    shown |= {"closed_at": found.closed_at.isoformat() if found.closed_at else None, "voted": voted, "on_roll": on_roll}
    if (run := secrecy_audit.last_run(found)) is not None:
        shown["secrecy_audit"] = {
            "made_at": run.made_at.isoformat(), "votes": run.votes, "linked": run.linked, "exposed": run.exposed,
            "unanimous": run.unanimous, "attacks": run.findings,
        }  # fmt: skip
    if found.status is ElectionStatus.DRAFT:
        findings = service.check(found)
        shown["checklist"] = [{"code": one.code, "blocks": one.blocks, "words": one.words} for one in findings]
    return shown


def _waits_for(found: Election, now: datetime) -> tuple[str, int] | None:
    """Return the next moment of the timetable, `opens` or `closes`, and the whole seconds until then."""
    if found.status in (ElectionStatus.DRAFT, ElectionStatus.ACTIVE):
        for name, moment in (("opens", found.opens_at), ("closes", found.closes_at)):
            if moment > now:
                return name, int((moment - now).total_seconds())
    return None


def _mend(finding: Finding, election: Election, shown: bool) -> tuple[str, str] | None:
    """Return the words and the address of the place where a finding is mended, None for who runs the server.

    The roll is that of the election `shown` on the desk; for another one there is a button to show it there.
    """
    places = {
        Mend.CANDIDATES: (_("Candidates"), "admin.candidates", {"election": election.id}),
        **({Mend.ROLL: (_("Roll"), "admin.roll", {})} if shown else {}),
        Mend.VOTERS: (_("Voters"), "admin.voters", {}),
        Mend.SETTINGS: (_("Settings"), "admin.edit_election", {"election_id": election.id}),
        **(
            {Mend.MEETING: (_("Meeting"), "attendance.meeting", {"meeting_id": election.meeting_id})}
            if election.meeting_id
            else {}
        ),
        Mend.RULES: (_("How the winner is found"), "admin.ballot_rules", {"election_id": election.id}),
    }
    if finding.mend not in places:
        return None
    words, endpoint, values = places[finding.mend]
    return words, url_for(endpoint, **values)
