"""Why a challenge ended or looks odd: what each reason weighs and what the voter reads."""

from __future__ import annotations

WEIGHTS = {
    "repeated_frames": 0.6,
    "flat_turn": 0.5,
    "wrong_action": 0.4,
    "different_person": 0.8,
    "face_changed": 0.6,
    "several_faces": 0.3,
    "too_fast": 0.6,
    "jump": 0.15,
    "face_lost": 0.15,
    "timeout": 0.1,
    "weak_binding": 0.15,
}
"""What each reason adds to the suspicion score; a judgement for the officer's review list, not a measurement."""

REASONS = {
    "repeated_frames": "The camera sent the same picture again.",
    "wrong_action": "That was another movement. Follow the drawing.",
    "different_person": "The face changed on the way. Stay in front of the camera.",
    "face_changed": "The face jumped. Stay in front of the camera.",
    "face_lost": "The face was lost. Stay in front of the camera.",
    "several_faces": "Only one person.",
    "too_fast": "The camera sent too many pictures.",
    "timeout": "The time for this step is over.",
}
