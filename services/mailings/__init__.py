"""The commission's view of the mail: counts, the list, sending again; mails to all voters; reports of bounces."""

from services.mailings.ending import withdraw_what_is_too_late
from services.mailings.figures import InvitationGap, KindFigures, MailFigures, figures, invitation_gap
from services.mailings.kinds import kind_words
from services.mailings.listing import PAGE_SIZE, STATUS_GROUPS, MailLine, MailList, MailQuery, kinds_there, mail, mails
from services.mailings.not_me import disowned, open_reports, report, settle
from services.mailings.planning import (
    HOURS_BEFORE,
    Reach,
    cancel,
    plan,
    plan_before_closing,
    plans_of,
    reach,
    write_due,
)
from services.mailings.provider_events import signature_of, take_report
from services.mailings.rehearsing import RehearsalFigures, answer, figures_of_rehearsal, rehearsal_of
from services.mailings.retrying import retry, retry_all
from services.mailings.timeline import Moment, timeline

__all__ = [
    "HOURS_BEFORE",
    "PAGE_SIZE",
    "STATUS_GROUPS",
    "InvitationGap",
    "KindFigures",
    "MailFigures",
    "MailLine",
    "MailList",
    "MailQuery",
    "Moment",
    "Reach",
    "RehearsalFigures",
    "answer",
    "cancel",
    "disowned",
    "figures",
    "figures_of_rehearsal",
    "invitation_gap",
    "kind_words",
    "kinds_there",
    "mail",
    "mails",
    "open_reports",
    "plan",
    "plan_before_closing",
    "plans_of",
    "reach",
    "rehearsal_of",
    "report",
    "retry",
    "retry_all",
    "settle",
    "signature_of",
    "take_report",
    "timeline",
    "withdraw_what_is_too_late",
    "write_due",
]
