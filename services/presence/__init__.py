"""Votes in a meeting: who must be present, the gate before every ballot, and what majority carries."""

from services.presence.counting import Standing, has_open_vote, is_present, present_now, standing_of
from services.presence.ends import Problem, after_meeting, answers, problems, settle_closing, settle_opening
from services.presence.gate import Absence, refusal, refusal_at_cast
from services.presence.majority import OF_MEMBERS, Needed, needed_votes
from services.presence.rule import Rule, checked, needed_of, read, rule_of
from services.presence.words import (
    MAJORITIES,
    NAMES_MAJORITIES,
    QUORUMS,
    majority_words,
    quorum_words,
    rules_words,
    standing_words,
)

__all__ = [
    "MAJORITIES",
    "NAMES_MAJORITIES",
    "OF_MEMBERS",
    "QUORUMS",
    "Absence",
    "Needed",
    "Problem",
    "Rule",
    "Standing",
    "after_meeting",
    "answers",
    "checked",
    "has_open_vote",
    "is_present",
    "majority_words",
    "needed_of",
    "needed_votes",
    "present_now",
    "problems",
    "quorum_words",
    "read",
    "refusal",
    "refusal_at_cast",
    "rule_of",
    "rules_words",
    "settle_closing",
    "settle_opening",
    "standing_of",
    "standing_words",
]
