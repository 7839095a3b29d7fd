"""Accounts of voters: registering with a photo, the decision about it, signing in, proving the identity, voting."""

from services.voter_accounts import identity
from services.voter_accounts.approval import (
    Match,
    RegistrationPage,
    approve,
    find_registration,
    matches,
    photo,
    refuse,
    waiting,
    waiting_count,
)
from services.voter_accounts.codes import CodeOutcome, CodeState, resend
from services.voter_accounts.devices import TRUSTED_FOR, revoke, trusted
from services.voter_accounts.overview import OwnElection, Stage, own_elections
from services.voter_accounts.passwords import ask_for_link, change, is_good, reset, set_password
from services.voter_accounts.registration import CONSENT_VERSION, Entries, confirm, consent_text, register
from services.voter_accounts.sessions import Who, as_voter, end, find, who
from services.voter_accounts.signing_in import CodeEntry, Entry, enter, enter_code
from services.voter_accounts.sweeping import forget_old
from services.voter_accounts.voting import BallotState, Paper, account_right, paper_of

__all__ = [
    "CONSENT_VERSION",
    "TRUSTED_FOR",
    "BallotState",
    "CodeEntry",
    "CodeOutcome",
    "CodeState",
    "Entries",
    "Entry",
    "Match",
    "OwnElection",
    "Paper",
    "RegistrationPage",
    "Stage",
    "Who",
    "account_right",
    "approve",
    "as_voter",
    "ask_for_link",
    "change",
    "confirm",
    "consent_text",
    "end",
    "enter",
    "enter_code",
    "find",
    "find_registration",
    "forget_old",
    "identity",
    "is_good",
    "matches",
    "own_elections",
    "paper_of",
    "photo",
    "refuse",
    "register",
    "resend",
    "reset",
    "revoke",
    "set_password",
    "trusted",
    "waiting",
    "waiting_count",
    "who",
]
