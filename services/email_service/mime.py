"""A mail as it goes over the wire: text, HTML and photo in one MIME message with a fixed Message-ID."""

from __future__ import annotations

import uuid
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage as MimeMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr

import flask_mail

from services.email_service.rendering import Body, single_line

LIST_UNSUBSCRIBE = "List-Unsubscribe"


class _AddressesStayWhole(EmailPolicy):
    """The standard library encodes a long address in a header (RFC 2047), where RFC 2369 wants it as it is."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name == LIST_UNSUBSCRIBE:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


POLICY = _AddressesStayWhole(linesep="\r\n")
PNG_SIGNATURE = b"\x89PNG"


class OutgoingMail(flask_mail.Message):
    """A Flask-Mail message whose MIME form is made by the standard library.

    Flask-Mail's own writes lines longer than SMTP allows and leaves header injection to a check before sending;
    the standard library's refuses a line break in any header with ValueError.
    """

    def __init__(
        self,
        *,
        mail_id: uuid.UUID,
        sender: str,
        recipient: str,
        subject: str,
        body: Body,
        photo: bytes | None,
        date: datetime,
    ) -> None:
        recipients: list[str | tuple[str, str]] = [_ascii_address(recipient)]
        super().__init__(subject=subject, recipients=recipients, sender=sender, body=body.text, html=body.html)
        self.mail_id = mail_id
        self.msgId = message_id(mail_id, sender)
        self.photo = photo
        self.stop = body.stop
        self.date = date.timestamp()
        self._written_at = date

    def as_bytes(self) -> bytes:
        """Return the message with CRLF line ends."""
        mime = MimeMessage(policy=POLICY)
        name, address = parseaddr(str(self.sender))
        mime["Subject"] = self.subject
        mime["From"] = Address(display_name=name, addr_spec=address)
        mime["To"] = Address(addr_spec=str(self.recipients[0]))
        mime["Date"] = format_datetime(self._written_at)
        mime["Message-ID"] = self.msgId
        mime["Auto-Submitted"] = "auto-generated"
        if self.stop is not None:
            mime[LIST_UNSUBSCRIBE] = f"<{self.stop}>"
            mime["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        mime.set_content(self.body or "")
        if self.html is not None:
            mime.add_alternative(self.html, subtype="html")
        if self.photo is not None:
            _attach_photo(mime, self.photo)
        return mime.as_bytes()


def message_id(mail_id: uuid.UUID, sender: str) -> str:
    """Return the Message-ID of a row: the same at each try, so that a mail sent twice is known as one."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "smart-voting.invalid"
    return f"<{mail_id}@{single_line(domain)}>"


def _ascii_address(address: str) -> str:
    """Return the address with its domain in the form of RFC 3490; raises UnicodeError for an impossible one."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def _attach_photo(mime: MimeMessage, photo: bytes) -> None:
    subtype, suffix = ("png", "png") if photo.startswith(PNG_SIGNATURE) else ("jpeg", "jpg")
    mime.add_attachment(photo, maintype="image", subtype=subtype, filename=f"attempt.{suffix}")
