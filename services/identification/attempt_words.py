"""An attempt in the words of the desk: why it ended as it did, what looked odd, and what a judgement means."""

from __future__ import annotations

from flask_babel import gettext as _

from models import AuthEvent, AuthMethod, AuthResult


def title(event: AuthEvent) -> str:
    """Return what happened, e.g. `Face does not match`."""
    if event.result is AuthResult.SUCCESS:
        by_document = event.method is AuthMethod.DOCUMENT
        return _("Identified by document") if by_document else _("Recognised by face")
    return _("Face does not match") if event.result is AuthResult.MISMATCH else _("Not recognised")


def reason(code: str | None) -> str:
    """Return the sentence for a reason of an attempt; an unknown code says so."""
    if not code:
        return _("No reason was recorded.")
    known = _camera() | _booth() | _roll()
    return known.get(code) or _("Other reason: %(code)s.", code=code)


def oddities(event: AuthEvent) -> list[str]:
    """Return what looked odd during the liveness check, without the reason that decided."""
    found = event.liveness.get("reasons") or []
    return [reason(code) for code in found if isinstance(code, str) and code != event.reason]


def steps(event: AuthEvent) -> list[tuple[str, bool]]:
    """Return the movements that were asked for, each with whether it was done."""
    words = {"left": _("Turn left"), "right": _("Turn right"), "blink": _("Blink"), "nod": _("Nod")}
    asked, position = event.liveness.get("steps") or [], int(event.liveness.get("position") or 0)
    passed = event.liveness.get("status") == "passed"
    return [(words.get(step, step), passed or number < position - 1) for number, step in enumerate(asked)]


def question(event: AuthEvent) -> tuple[str, str, str]:
    """Return the question of a review with the words for confirming and for rejecting."""
    if event.result is not AuthResult.SUCCESS:
        return (
            _("Was it right to refuse?"),
            _("Yes, the refusal was right"),
            _("No, it was the voter"),
        )
    return _("Was this the voter?"), _("Yes, it was the voter"), _("No, it was somebody else")


def _camera() -> dict[str, str]:
    return {
        "no_face": _("No face was found."),
        "bad_pose": _("The head was turned away."),
        "multiple_faces": _("More than one person was in the picture."),
        "picture_too_small": _("The pictures were smaller than those of any camera."),
        "not_enrolled": _("No face of this voter is enrolled."),
        "several_faces": _("More than one person was in the picture."),
        "face_too_small": _("The face was too far away."),
        "too_blurry": _("The picture was not sharp."),
        "too_dark": _("There was too little light."),
        "too_bright": _("There was too much light."),
        "wrong_action": _("Another movement was made than the one asked for."),
        "timeout": _("The movement was not made in time."),
        "face_lost": _("The face left the picture."),
        "face_changed": _("The face jumped, as when pictures are exchanged."),
        "different_person": _("The face is not the enrolled one."),
        "repeated_frames": _("The camera sent the same picture again and again."),
        "too_fast": _("The camera sent more pictures than a camera does."),
        "flat_turn": _("The turned head looked flat, as a picture does."),
        "jump": _("The head jumped between two pictures."),
        "weak_binding": _("The turned face was hardly like the straight one."),
        "damaged": _("The enrolled face cannot be read."),
    }


def _booth() -> dict[str, str]:
    return {
        "identified": _("The live face is the enrolled one."),
        "document": _("Two members of staff looked at a document."),
        "document_alone": _("One admin alone looked at a document."),
        "slow_line": _("The line was too slow to judge."),
        "camera_changed": _("The camera changed on the way."),
        "interrupted": _("The pictures stopped on the way."),
        "abandoned": _("The check was begun and left."),
    }


def _roll() -> dict[str, str]:
    return {
        "typing_slip": _("The voter ID has a typing slip."),
        "unknown_number": _("Nobody has this voter ID."),
        "not_on_roll": _("This voter is not on the electoral roll."),
        "already_voted": _("This voter had already voted."),
        "suspended": _("This voter is suspended."),
        "absent": _("This voter was not present at the meeting of the vote."),
        "no_quorum": _("Too few members were present at the meeting of the vote."),
        "not_enrolled": _("No face of this voter is enrolled."),
        "no_consent": _("This voter gave no consent to the use of the face."),
        "not_open_yet": _("The election was not open yet."),
        "closed": _("The election was closed."),
        "officer_needed": _("Too many tries: the officer was called."),
    }
