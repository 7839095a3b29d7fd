"""The commission's view of the mail: counts, the list, sending again."""

from services.mailings.figures import InvitationGap, KindFigures, MailFigures, figures, invitation_gap
from services.mailings.kinds import kind_words
from services.mailings.listing import PAGE_SIZE, STATUS_GROUPS, MailLine, MailList, MailQuery, kinds_there, mail, mails
from services.mailings.provider_events import signature_of, take_report
from services.mailings.retrying import retry, retry_all
from services.mailings.timeline import Moment, timeline

__all__ = [
    "PAGE_SIZE",
    "STATUS_GROUPS",
    "InvitationGap",
    "KindFigures",
    "MailFigures",
    "MailLine",
    "MailList",
    "MailQuery",
    "Moment",
    "figures",
    "invitation_gap",
    "kind_words",
    "kinds_there",
    "mail",
    "mails",
    "retry",
    "retry_all",
    "signature_of",
    "take_report",
    "timeline",
]
