"""Which transport a setting chooses, and the development twin."""

from __future__ import annotations

import uuid
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from flask import Flask

from config import load_settings
from services.context import platform
from services.email_service.development import DevelopmentTransport
from services.email_service.mime import OutgoingMail, message_id
from services.email_service.rendering import Body
from services.email_service.smtp import SmtpTransport
from services.email_service.transports import transport_for
from tests.services.email.conftest import CAST_AT, PHOTO


def outgoing(recipient: str = "a@example.org", subject: str = "Subject", photo: bytes | None = None) -> OutgoingMail:
    return OutgoingMail(
        mail_id=uuid.UUID(int=7),
        sender="Election Commission <commission@example.org>",
        recipient=recipient,
        subject=subject,
        body=Body("Text\n", "<p>Text</p>"),
        photo=photo,
        date=CAST_AT,
    )


def test_setting_chooses_the_transport(app: Flask) -> None:
    assert isinstance(transport_for(platform().settings), DevelopmentTransport)
    assert isinstance(transport_for(replace(platform().settings, mail_transport="smtp")), SmtpTransport)


def test_development_transport_is_refused_in_production() -> None:
    settings = replace(load_settings("testing"), app_env="production")
    with pytest.raises(RuntimeError, match="Production needs smtp"):
        transport_for(settings)


def test_development_transport_warns_loudly_and_writes_private_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = replace(load_settings("testing"), var_folder=tmp_path)
    transport = DevelopmentTransport(settings)
    assert "MAIL IS NOT DELIVERED" in caplog.text
    transport.send(outgoing(photo=PHOTO))
    transport.send(outgoing(photo=PHOTO))
    [file] = (tmp_path / "mail").iterdir()
    assert (file.stat().st_mode & 0o777, (tmp_path / "mail").stat().st_mode & 0o777) == (0o600, 0o700)
    message = message_from_bytes(file.read_bytes(), policy=default)
    [attachment] = message.iter_attachments()
    assert attachment.get_content() == PHOTO


@pytest.mark.parametrize("header", ["subject", "recipient"])
def test_line_break_in_a_header_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        outgoing(**{header: "a@example.org\r\nBcc: all@example.org"}).as_bytes()


def test_international_domain_travels_in_its_ascii_form() -> None:
    assert b"To: a@xn--bcher-kva.example\r\n" in outgoing("a@bücher.example").as_bytes()


def test_picture_is_named_by_what_it_is() -> None:
    assert b"Content-Type: image/png" in outgoing(photo=b"\x89PNG\r\n\x1a\n...").as_bytes()


def test_message_id_is_the_same_for_each_try() -> None:
    row = uuid.UUID(int=7)
    assert message_id(row, "X <x@vote.example>") == message_id(row, "x@vote.example")
    assert message_id(row, "broken").endswith(">")
