"""Is a restored database older than what the outside knows? Heads that were mailed to observers tell."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, select

from models import AuditBlock, db
from services.errors import ValidationFailed

GIVEN = re.compile(r"(\d{1,15}):([0-9a-fA-F]{64})")
# The words of the mail are in any language; the hash, the height and the time follow each other in the same order.
MAILED = re.compile(r"\b([0-9a-f]{64})\s*\n[^\n:]*: *(\d{1,15})\s*\n[^\n]*?: *(\d{4}-\d\d-\d\dT[0-9:.]+Z)")


@dataclass(frozen=True)
class KnownHead:
    """The end of the audit log as somebody outside knows it; `made_at` as the mail has it, empty when not known."""

    height: int
    hash: str
    made_at: str = ""


def given(words: str) -> KnownHead:
    """Read `HEIGHT:HASH`; raises ValidationFailed."""
    found = GIVEN.fullmatch(words.strip())
    if found is None:
        raise ValidationFailed(_("Write a head as HEIGHT:HASH: the block's number and 64 digits and letters a to f."))
    return KnownHead(int(found[1]), found[2].lower())


def mailed(mail: str) -> KnownHead:
    """Read the head of the audit log in the text of a mail with heads; raises ValidationFailed."""
    found = MAILED.search(mail.replace("\r\n", "\n").replace("=\n", ""))
    if found is None:
        raise ValidationFailed(_("There is no head in this mail. Save the mail as text and try again."))
    return KnownHead(int(found[2]), found[1], found[3])


def is_older(head: KnownHead, audit_height: int) -> bool:
    """Tell whether a log that ends at a height ends before a head."""
    return audit_height < head.height


def comparison(head: KnownHead, ended_at: int) -> str | None:
    """Return in a sentence how the database differs from a head, None when the head lies on its audit log.

    `ended_at` is the height at which the log of the backup ended: what came after was written since.
    """
    known = _("the head mailed on %(time)s", time=head.made_at) if head.made_at else _("the head that was given")
    if is_older(head, ended_at):
        return str(
            _(
                "This backup is older than %(known)s: that one is of audit block %(height)s, this log ends"
                " at block %(last)s. What was recorded in between is not here; the audit log goes on from block"
                " %(last)s with an entry of this restore.",
                known=known,
                height=head.height,
                last=ended_at,
            )
        )
    now = db.session.scalar(select(AuditBlock.block_hash).where(AuditBlock.height == head.height))
    if now is None or now.hex() != head.hash:
        return str(
            _(
                "Audit block %(height)s is not the one of %(known)s: this is another log, or it was written anew.",
                height=head.height,
                known=known,
            )
        )
    return None


def newest_height() -> int:
    """Return the height of the newest audit block, 0 without one."""
    return db.session.scalar(select(func.max(AuditBlock.height))) or 0
