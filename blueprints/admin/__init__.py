"""The Election Commission's desk."""

from flask import Blueprint

bp = Blueprint("admin", __name__, url_prefix="/admin")

from blueprints.admin import (  # noqa: E402,F401
    approvals,
    attempts,
    audit,
    ballot_rules,
    booths,
    candidates,
    dashboard,
    election_drafts,
    election_staff,
    elections,
    enrolment,
    erasure,
    exports,
    extending,
    groups,
    head_mails,
    imports,
    live_desk,
    mail,
    mail_to_voters,
    parties,
    registrations,
    results,
    roll,
    same_face,
    staff,
    ties,
    verifications,
    voters,
    voting_links,
)
