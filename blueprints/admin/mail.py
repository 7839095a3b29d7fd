"""Mail of an election: how far the sending is, what did not arrive and why, sending it again."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from blueprints.admin import bp
from blueprints.admin.forms import MAX_SEARCH
from blueprints.admin.frame import election_at_the_desk
from blueprints.admin.lists import list_address
from blueprints.http import body, current_actor, text_field, wants_json
from blueprints.policy import requires
from models import Election, transaction
from services import mailings
from services.context import platform
from services.email_service import queue_state
from services.email_service.problems import in_words
from services.mailings import MailFigures, MailLine, MailQuery
from services.security import Permission, has_permission
from services.voters import format_voter_number

QUESTIONS = ("of", "q", "kind", "status", "page")
INSTALLATION = "installation"


@bp.app_context_processor
def mail_frame() -> dict[str, Any]:
    """Tell the frame of the desk whether it leads to the mail, and what it warns of."""
    principal = g.get("principal")
    if principal is None or not has_permission(principal.role, Permission.MANAGE_MAIL):
        return {"manages_mail": False}
    return {"manages_mail": True, "mail_warnings": _warnings, "mail_words": in_words}


@bp.get("/mail")
@requires(Permission.MANAGE_MAIL)
def mail() -> ResponseReturnValue:
    """List the mails of the chosen election (of=installation: of none) with q, kind, status, page, and count them."""
    election = _owner()
    query = _query()
    found, figures = mailings.mails(election, query), mailings.figures(election)
    if wants_json():
        rows = [_line_json(row) for row in found.rows]
        paging = {"page": found.page, "pages": found.pages, "per_page": mailings.PAGE_SIZE, "total": found.total}
        return jsonify(mails=rows, **figures_json(figures), **paging)
    return render_template(
        "admin/mail/list.html", election=election, found=found, query=query, figures=figures,
        kinds=mailings.kinds_there(election), per_page=mailings.PAGE_SIZE, address=_address,
        shown=format_voter_number, limit=platform().settings.mail_per_minute,
        of=request.args.get("of", ""), reports=mailings.open_reports(election) if election else [],
    )  # fmt: skip


@bp.get("/mail/progress")
@requires(Permission.MANAGE_MAIL)
def mail_progress() -> ResponseReturnValue:
    """Answer the counts alone, for the page that shows them while mails leave."""
    return jsonify(figures_json(mailings.figures(_owner())))


@bp.get("/mail/<uuid:mail_id>")
@requires(Permission.MANAGE_MAIL)
def one_mail(mail_id: uuid.UUID) -> ResponseReturnValue:
    """Show what became of one mail; never its text, which may hold a voting link."""
    line = mailings.mail(mail_id, current_actor())
    if wants_json():
        return jsonify(mail=_line_json(line))
    return render_template("admin/mail/one.html", mail=line, shown=format_voter_number)


@bp.post("/mail/<uuid:mail_id>/retry")
@requires(Permission.MANAGE_MAIL)
def retry_mail(mail_id: uuid.UUID) -> ResponseReturnValue:
    """Send one mail again."""
    with transaction():
        mailings.retry(mail_id, current_actor())
    return _done(_("The mail is sent again at once."), url_for("admin.one_mail", mail_id=mail_id), retried=1)


@bp.post("/mail/retry")
@requires(Permission.MANAGE_MAIL)
def retry_mails() -> ResponseReturnValue:
    """Send all mails again that were given up or refused (of=installation: those of no election)."""
    owner = _owner(text_field(body(), "of"))
    with transaction():
        count = mailings.retry_all(owner, current_actor())
    words = ngettext("%(num)s mail is sent again.", "%(num)s mails are sent again.", count)
    return _done(words if count else _("There is no mail that could be sent again."), _back(), retried=count)


@bp.post("/mail/resume")
@requires(Permission.MANAGE_MAIL)
def resume_mail() -> ResponseReturnValue:
    """Let the worker try at once whether mails leave again."""
    with transaction():
        paused = queue_state.probe_now(current_actor())
    words = _("The worker tries it now.") if paused else _("Mails leave already.")
    return _done(words, _back(), tried=paused)


def figures_json(figures: MailFigures) -> dict[str, Any]:
    """Return the counts of mails; `paused` says why none leaves."""
    pause = figures.pause
    return {
        "kinds": [
            {"kind": one.kind, "waiting": one.waiting, "sent": one.sent, "failed": one.failed, "bounced": one.bounced}
            for one in figures.kinds
        ],
        "counts": {
            "total": figures.total, "waiting": figures.waiting, "sent": figures.sent, "stopped": figures.stopped,
        },
        "queue": figures.queue, "sent_in_the_last_minute": figures.a_minute, "minutes_left": figures.minutes_left,
        "paused": None if pause is None else {"problem": pause.problem, "words": " ".join(in_words(pause.problem))},
    }  # fmt: skip


def _warnings(election: Election | None) -> dict[str, Any]:
    return {"pause": queue_state.current_pause(), **_of_election(election)}


def _of_election(election: Election | None) -> dict[str, Any]:
    if election is None:
        return {"gap": None, "not_me": 0}
    return {"gap": mailings.invitation_gap(election), "not_me": len(mailings.open_reports(election))}


def _owner(of: str | None = None) -> Election | None:
    wanted = of if of is not None else request.args.get("of", "")
    return None if wanted == INSTALLATION else election_at_the_desk()


def _query() -> MailQuery:
    return MailQuery(
        text=request.args.get("q", "")[:MAX_SEARCH].replace("\x00", "").strip(),
        kind=request.args.get("kind", "")[:MAX_SEARCH].replace("\x00", ""),
        status=request.args.get("status", ""),
        page=min(request.args.get("page", 1, type=int), 1_000_000),
    )


def _address(**changes: object) -> str:
    return list_address("admin.mail", QUESTIONS, **changes)


def _back() -> str:
    of = text_field(body(), "of")
    return url_for("admin.mail", of=of if of == INSTALLATION else None)


def _done(words: str, address: str, **said: Any) -> ResponseReturnValue:
    if wants_json():
        return jsonify(said)
    flash(words, "ok")
    return redirect(address, 303)


def _line_json(line: MailLine) -> dict[str, Any]:
    return {
        "id": str(line.id), "kind": line.kind, "recipient": line.recipient, "status": line.status.value,
        "attempts": line.attempts, "problem": line.problem, "error": " ".join(line.trouble) if line.trouble else None,
        "created_at": line.created_at.isoformat(), "sent_at": line.sent_at.isoformat() if line.sent_at else None,
        "can_retry": line.can_retry, "voter_id": line.voter.voter_id if line.voter else None,
    }  # fmt: skip
