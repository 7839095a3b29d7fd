"""Personal voting links: made and mailed by the worker, looked up without being spent, spent by the cast.

`tokens` how a link stands and the right to cast by it; `making` one link and its mail; `sending` a whole roll;
`tickets` the cookie that stands for a link once its page is open; `figures` what the desk shows.
"""

from services.voting_links.figures import LinkFigures, LinkRow, Standing, link_figures, link_rows, uninvited
from services.voting_links.making import ask_again, check_sendable, renew_link
from services.voting_links.sending import last_sending, send_due, start_sending
from services.voting_links.tickets import TICKET_SECONDS, issue_ticket, read_ticket
from services.voting_links.tokens import Link, LinkState, ends_at, is_token, link_right, look_up, note_opened

__all__ = [
    "TICKET_SECONDS",
    "Link",
    "LinkFigures",
    "LinkRow",
    "LinkState",
    "Standing",
    "ask_again",
    "check_sendable",
    "ends_at",
    "is_token",
    "issue_ticket",
    "last_sending",
    "link_figures",
    "link_right",
    "link_rows",
    "look_up",
    "note_opened",
    "read_ticket",
    "renew_link",
    "send_due",
    "start_sending",
    "uninvited",
]
