"""What the tests of every route know about each: who may call it, and a body that it accepts.

Written down by hand, so that a route that is new, or whose policy changed, has to be looked at here as well. One line
a route, in the order of the alphabet: two branches that add routes merge by themselves (.gitattributes: union).
"""

from __future__ import annotations

from typing import Any

STAFF = ("admin", "officer", "observer")
PRINCIPALS = ("anonymous", *STAFF, "kiosk")
EVERYBODY = frozenset(PRINCIPALS)
DESK, ADMIN, KIOSK = frozenset(STAFF), frozenset({"admin"}), frozenset({"kiosk"})
RESULTS = frozenset({"admin", "observer"})
BOOTHS = frozenset({"admin", "officer"})

# fmt: off
MAY: dict[str, frozenset[str]] = {
    "admin.add_groups_to_roll": ADMIN,
    "admin.add_to_roll": ADMIN,
    "admin.approvals_page": BOOTHS,
    "admin.archive_election": ADMIN,
    "admin.attempt": ADMIN,
    "admin.attempt_picture": ADMIN,
    "admin.attempts": ADMIN,
    "admin.ballot_rules": DESK,
    "admin.booth_sheets": BOOTHS,
    "admin.booth_sheets_pdf": BOOTHS,
    "admin.booths": BOOTHS,
    "admin.candidate": ADMIN,
    "admin.candidates": ADMIN,
    "admin.change_ballot_rules": ADMIN,
    "admin.change_election": ADMIN,
    "admin.check_picture": ADMIN,
    "admin.close_election": ADMIN,
    "admin.confirm_approval": BOOTHS,
    "admin.copy_election": ADMIN,
    "admin.dashboard": DESK,
    "admin.edit_election": ADMIN,
    "admin.election": DESK,
    "admin.elections": DESK,
    "admin.enrol_page": ADMIN,
    "admin.enroll_face": ADMIN,
    "admin.enrolled_picture": ADMIN,
    "admin.erasure_certificate": ADMIN,
    "admin.export_csv": RESULTS,
    "admin.export_json": RESULTS,
    "admin.export_pdf": RESULTS,
    "admin.extend_election": ADMIN,
    "admin.extend_page": ADMIN,
    "admin.face_erasures": ADMIN,
    "admin.group": ADMIN,
    "admin.change_open_roll": ADMIN,
    "admin.suspend_voter": ADMIN,
    "admin.export_voters": ADMIN,
    "admin.export_roll": ADMIN,
    "admin.imports": ADMIN,
    "admin.import_template": ADMIN,
    "admin.voter_import": ADMIN,
    "admin.start_import": ADMIN,
    "admin.cancel_import": ADMIN,
    "admin.import_bad_rows": ADMIN,
    "admin.groups": ADMIN,
    "admin.join_group": ADMIN,
    "admin.judge_same_face": ADMIN,
    "admin.leave_group": ADMIN,
    "admin.live_desk": DESK,
    "admin.move_candidate": ADMIN,
    "admin.new_candidate": ADMIN,
    "admin.new_election": ADMIN,
    "admin.new_party": ADMIN,
    "admin.new_voter": ADMIN,
    "admin.note_booth": BOOTHS,
    "admin.open_election": ADMIN,
    "admin.parties": ADMIN,
    "admin.party": ADMIN,
    "admin.preview_ballot": ADMIN,
    "admin.recovery_copy": ADMIN,
    "admin.reject_approval": BOOTHS,
    "admin.remove_from_roll": ADMIN,
    "admin.reset_election": ADMIN,
    "admin.resolve_tie": ADMIN,
    "admin.results": RESULTS,
    "admin.results_live": RESULTS,
    "admin.review_attempt": ADMIN,
    "admin.roll": ADMIN,
    "admin.same_faces": ADMIN,
    "admin.sample_ballot": DESK,
    "admin.schedule_election": ADMIN,
    "admin.select_election": DESK,
    "admin.stop_booth": BOOTHS,
    "admin.tie_page": ADMIN,
    "admin.unschedule_election": ADMIN,
    "admin.voter": ADMIN,
    "admin.voters": ADMIN,
    "admin.withdraw_approval": BOOTHS,
    "admin.audit": RESULTS, "admin.audit_csv": RESULTS, "admin.audit_export": RESULTS, "admin.audit_sealed": RESULTS,
    "admin.audit_requests": RESULTS,
    "auth.login": EVERYBODY,
    "auth.logout": EVERYBODY,
    "landing.index": EVERYBODY,
    "media.public": EVERYBODY,
    "ops.health": EVERYBODY,
    "ops.live": EVERYBODY,
    "ops.mailbox": ADMIN,
    "ops.message": ADMIN,
    "ops.message_html": ADMIN,
    "ops.picture": ADMIN,
    "ops.prometheus": EVERYBODY,
    "ops.ready": EVERYBODY,
    "poll.abandon": KIOSK,
    "poll.ballot": KIOSK,
    "poll.camera": KIOSK,
    "poll.document": KIOSK,
    "poll.document_cancel": KIOSK,
    "poll.document_form": KIOSK,
    "poll.heartbeat": KIOSK,
    "poll.index": KIOSK,
    "poll.leave": KIOSK,
    "poll.more_time": KIOSK,
    "poll.officer": KIOSK,
    "poll.start": KIOSK,
    "poll.verify": KIOSK,
    "poll.vote": KIOSK,
    "results.document": EVERYBODY,
    "results.live": EVERYBODY,
    "results.page": EVERYBODY,
    "results.receipt": EVERYBODY,
    "results.receipts": EVERYBODY,
    "results.sample_ballot": EVERYBODY,
    "results.share": EVERYBODY,
}
NARROWER: dict[tuple[str, str], frozenset[str]] = {
    ("admin.elections", "POST"): ADMIN,
}
"""Methods that fewer may use than the route."""
NEEDS_A_PASSWORD = {
    ("auth.login", "kiosk"),
    ("auth.logout", "kiosk"),
}
"""Open to the principal, and refused without a password."""
VALID: dict[str, dict[str, Any]] = {
    "admin.add_groups_to_roll": {"groups": [1]},
    "admin.add_to_roll": {"voters": [1]},
    "admin.candidate": {"election_id": 1, "party_id": 0, "name": "Carla Candidate", "description": "Words", "display_order": 1, "image": None},
    "admin.candidates": {"election_id": 1, "party_id": 0, "name": "Carla Candidate", "description": "Words", "display_order": 1, "image": None},
    "admin.change_ballot_rules": {"act": "nota", "nota_rule": "advisory"},
    "admin.change_ballot_rules order": {"act": "order", "lots": [], "place_0": "1"},
    "admin.change_election": {"title": "Town Council", "opens_at": "2030-10-18T08:00", "channels": ["booth"], "candidate_order": "shuffled", "allowed_networks": ["192.0.2.0/24"], "confirmation_text": "Thank you.", "opens_without_faces": True},
    "admin.check_picture": {"frame": "data:image/jpeg;base64,AAAA"},
    "admin.close_election": {"reason": "Fire alarm", "confirm": "no"},
    "admin.confirm_approval": {"title": "Not the title", "password": "wrong password"},
    "admin.copy_election": {"roll": True},
    "admin.elections": {"title": "Town Council", "description": "One seat", "secrecy": "secret", "results_policy": "live", "max_choices": 1, "live_batch": 50, "opens_at": "2030-10-18T08:00", "closes_at": "2030-10-18T20:00"},
    "admin.enroll_face": {"images": ["data:image/jpeg;base64,AAAA"] * 3, "consent": True},
    "admin.extend_election": {"closes_at": "2030-10-18T22:00", "reason": "Queues", "title": "Not the title", "password": "wrong password"},
    "admin.face_erasures": {"reason": "The club asked", "password": "wrong password"},
    "admin.group": {"name": "Planted Group"},
    "admin.change_open_roll": {"change": "add", "voters": [1], "reason": "Forgotten", "title": "x", "password": "wrong"},
    "admin.suspend_voter": {"change": "suspend", "reason": "Left the union"},
    "admin.imports": {"target": "roll", "file": "none"},
    "admin.start_import": {"existing": "keep", "bad_rows": "refuse"},
    "admin.groups": {"name": "Planted Group"},
    "admin.join_group": {"voters": [1]},
    "admin.judge_same_face": {"decision": "different", "note": "Twins", "seen": "x"},
    "admin.leave_group": {"voters": [1]},
    "admin.move_candidate": {"direction": "up"},
    "admin.note_booth": {"note": "The network was away."},
    "admin.parties": {"name": "Planted Party", "symbol": None},
    "admin.party": {"name": "Planted Party", "symbol": None},
    "admin.recovery_copy": {"passphrase": "a long passphrase", "passphrase_again": "a long passphrase"},
    "admin.reject_approval": {"note": "Not yet"},
    "admin.remove_from_roll": {"voters": [1], "reason": "Moved away."},
    "admin.reset_election": {"election_id": 1, "confirm_token": "x.y.z", "title": "Town Council"},
    "admin.resolve_tie": {"lots": [0], "drawn_at": "2030-10-18T22:00", "drawn_by": "The officer", "how": "Slips of paper", "witnesses": "Two observers", "title": "Not the title", "password": "wrong password"},
    "admin.review_attempt": {"decision": "rejected", "note": "Not the voter", "seen": "x"},
    "admin.stop_booth": {"reason": "It does not answer."},
    "admin.voter": {"name": "Vera Voter", "voter_id": "", "dob": "1980-05-17", "gender": "female", "email": "vera@example.org", "phone": "+44 20 7946 0018", "status": "verified", "elections": []},
    "admin.voters": {"name": "Vera Voter", "voter_id": "", "dob": "1980-05-17", "gender": "female", "email": "vera@example.org", "phone": "+44 20 7946 0018", "status": "verified", "elections": []},
    "auth.login": {"room": "polling", "username": "nobody", "password": "wrong password", "election_id": "1"},
    "auth.logout": {"username": "nobody", "password": "wrong password"},
    "poll.document": {"voter_id": "20481730", "document": "passport", "officer": "nobody", "password": "wrong password", "second": "somebody", "second_password": "wrong password", "reason": "The camera is broken."},
    "poll.document_form": {"voter_id": "20481730", "officer": "nobody", "password": "wrong password"},
    "poll.start": {"voter_id": "20481730"},
    "poll.verify": {"challenge_id": "x", "step": 0, "frames": ["data:image/jpeg;base64,AAAA"], "seq": 0},
    "poll.vote": {"voter_id": "20481730", "choice": "nota", "idempotency_key": "AbCdEfGhIjKlMnOpQrStUvWx"},
    "results.receipt": {"receipt": "ABCD"},
}
"""A body for every route that reads one. A second body of the same route has a name: "admin.elections lottery"."""
WITHOUT_BODY = {
    "admin.archive_election",
    "admin.open_election",
    "admin.schedule_election",
    "admin.select_election",
    "admin.unschedule_election",
    "admin.withdraw_approval",
    "poll.abandon",
    "poll.document_cancel",
    "poll.heartbeat",
    "poll.leave",
    "poll.more_time",
    "poll.officer",
}
"""Routes that write and read no body."""
# fmt: on


def allowed(endpoint: str, method: str) -> frozenset[str]:
    """Return the principals that may call a route; nobody while the table does not name it."""
    return NARROWER.get((endpoint, method), MAY.get(endpoint, frozenset()))


def bodies(endpoint: str, method: str) -> dict[str, dict[str, Any]]:
    """Return the valid bodies of a route by name; none where it reads none."""
    named = {key: body for key, body in VALID.items() if key.split(" ")[0] == endpoint}
    return {} if method == "DELETE" else named
