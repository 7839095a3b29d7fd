"""Who stands at the kiosk: from the typed voter ID over the live face to an open ballot."""

from services.identification import document
from services.identification.attempts import ABANDONED
from services.identification.booth import abandon, call_officer, kiosk_of, leave
from services.identification.challenges import end_expired, new_challenge, present_challenge, start
from services.identification.failures import MAX_FAILED_CHALLENGES, MAX_FAILURES, Failures, count, lock_voter
from services.identification.guessing import GuessingSlowed
from services.identification.lookup import election_refusal, find_voter, mask_name
from services.identification.outcomes import (
    CameraChanged,
    ChallengeOver,
    ChallengeUnknown,
    Interrupted,
    LookupReason,
    NoPass,
    Pending,
    Start,
    Verdict,
    VoterLookup,
)
from services.identification.passes import (
    MAX_EXTENSIONS,
    PASS_SECONDS,
    give_pass,
    has_run_out,
    has_voted,
    more_time,
    pass_to_cast,
    present_pass,
    seconds_left,
)
from services.identification.reviews import UnderReview, under_review
from services.identification.submission import advise, submit_frames

__all__ = [
    "ABANDONED",
    "MAX_EXTENSIONS",
    "MAX_FAILED_CHALLENGES",
    "MAX_FAILURES",
    "PASS_SECONDS",
    "CameraChanged",
    "ChallengeOver",
    "ChallengeUnknown",
    "Failures",
    "GuessingSlowed",
    "Interrupted",
    "LookupReason",
    "NoPass",
    "Pending",
    "Start",
    "UnderReview",
    "Verdict",
    "VoterLookup",
    "abandon",
    "advise",
    "call_officer",
    "count",
    "document",
    "election_refusal",
    "end_expired",
    "find_voter",
    "give_pass",
    "has_run_out",
    "has_voted",
    "kiosk_of",
    "leave",
    "lock_voter",
    "mask_name",
    "more_time",
    "new_challenge",
    "pass_to_cast",
    "present_challenge",
    "present_pass",
    "seconds_left",
    "start",
    "submit_frames",
    "under_review",
]
