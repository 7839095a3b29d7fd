"""Mail: ordered letters, the outbox that a request writes, and the delivery that the worker does.

A view or service calls `queue_vote_confirmation` or `queue_auth_failure_alert` inside its transaction. No mail
is ever sent within a request.
"""

from services.email_service.letters import auth_failure_alert, vote_confirmation
from services.email_service.outbox import (
    queue_auth_failure_alert,
    queue_head_confirmation,
    queue_invitation,
    queue_letter,
    queue_signed_heads,
    queue_system_alert,
    queue_vote_confirmation,
    queue_voting_link,
    send_auth_failure_alert,
    send_vote_confirmation,
    withdraw,
)
from services.email_service.rendering import Body, Letter
from services.email_service.voter_letters import (
    queue_account_known,
    queue_account_linked,
    queue_member_decision,
    queue_one_time_code,
    queue_password_reset,
    queue_registration_decided,
)

__all__ = [
    "Body",
    "Letter",
    "auth_failure_alert",
    "queue_account_known",
    "queue_account_linked",
    "queue_auth_failure_alert",
    "queue_head_confirmation",
    "queue_invitation",
    "queue_letter",
    "queue_member_decision",
    "queue_one_time_code",
    "queue_password_reset",
    "queue_registration_decided",
    "queue_signed_heads",
    "queue_system_alert",
    "queue_vote_confirmation",
    "queue_voting_link",
    "send_auth_failure_alert",
    "send_vote_confirmation",
    "vote_confirmation",
    "withdraw",
]
