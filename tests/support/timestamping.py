"""A time-stamping authority on this machine: real certificates, real stamps (RFC 3161), and whatever can go wrong."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy import select

from models import SignedHead, db
from services.clock import utc_now
from services.heads.der import parts
from services.heads.stamps import head_hash_of

SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
SHA256, ECDSA_SHA256, POLICY = "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2", "1.3.6.1.4.1.99999.1"


def der(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = bytes([first * 40 + second])
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.insert(0, number & 0x7F | 0x80)
        content += bytes(groups)
    return der(6, content)


def sequence(*contents: bytes) -> bytes:
    return der(0x30, *contents)


@dataclass(frozen=True)
class Holder:
    """A certificate with its key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def certify(
    name: str,
    by: Holder | None = None,
    *,
    authority: bool = False,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING,
    days: tuple[int, int] = (-365, 365),
    serial: int | None = None,
) -> Holder:
    """Return a certificate, valid between two days from now; without `by` it is signed with its own key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
    )
    if not authority:
        made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    return Holder(key, made.sign(by.key if by else key, hashes.SHA256()))


@dataclass
class Question:
    """What a request in DER asks for."""

    imprint: bytes
    nonce: int

    @classmethod
    def of(cls, request: bytes) -> Question:
        [whole] = parts(request, 0, len(request))
        _version, imprint, nonce, *_more = parts(request, whole.content, whole.end)
        _algorithm, digest = parts(request, imprint.content, imprint.end)
        return cls(request[digest.content : digest.end], int.from_bytes(request[nonce.content : nonce.end], "big"))


@dataclass
class Issuer:
    """Makes stamps with a signer and the certificates that it sends along."""

    signer: Holder
    chain: tuple[Holder, ...] = ()

    def answer(self, question: Question, at: datetime | None = None) -> bytes:
        """Return a granted response in DER; certificates stand as OpenSSL puts them, the signer's first."""
        info = self._info(question, at or datetime.now(UTC))
        certificates = b"".join(one.der for one in (self.signer, *self.chain))
        algorithm = sequence(oid(SHA256))
        content = sequence(oid(TST_INFO), der(0xA0, der(4, info)))
        signed = sequence(
            integer(3), der(0x31, algorithm), content, der(0xA0, certificates), der(0x31, self._signature(info))
        )
        return sequence(sequence(integer(0)), sequence(oid(SIGNED_DATA), der(0xA0, signed)))

    def _info(self, question: Question, at: datetime) -> bytes:
        imprint = sequence(sequence(oid(SHA256)), der(4, question.imprint))
        moment = der(0x18, f"{at:%Y%m%d%H%M%S}Z".encode())
        return sequence(integer(1), oid(POLICY), imprint, integer(7), moment, integer(question.nonce))

    def _signature(self, info: bytes) -> bytes:
        certificate, algorithm = self.signer.certificate, sequence(oid(SHA256))
        named = sequence(sequence(sequence(der(4, hashlib.sha256(self.signer.der).digest()))))
        attributes = sorted([
            sequence(oid(CONTENT_TYPE), der(0x31, oid(TST_INFO))),
            sequence(oid(MESSAGE_DIGEST), der(0x31, der(4, hashlib.sha256(info).digest()))),
            sequence(oid(SIGNING_CERTIFICATE), der(0x31, named)),
        ])  # fmt: skip
        signature = self.signer.key.sign(der(0x31, *attributes), ec.ECDSA(hashes.SHA256()))
        place = sequence(certificate.issuer.public_bytes(), integer(certificate.serial_number))
        return sequence(
            integer(1), place, algorithm, der(0xA0, *attributes), sequence(oid(ECDSA_SHA256)), der(4, signature)
        )


def stamp_all(issuer: Issuer) -> None:
    """Store a stamp of this issuer for each head that has none, as the worker does; the transaction is the caller's."""
    for head in db.session.scalars(select(SignedHead).where(SignedHead.stamped_at.is_(None))):
        at = utc_now().replace(microsecond=0)
        head.timestamp_token = issuer.answer(Question(head_hash_of(head), 1), at)
        head.stamped_at = at
        head.stamped_by = "Clock of Larkmoor"


def make_issuer() -> tuple[Holder, Issuer]:
    """Return a root and what issues stamps below it, by an intermediate."""
    root = certify("Root of Larkmoor", authority=True)
    between = certify("Larkmoor Time", root, authority=True)
    return root, Issuer(certify("Clock of Larkmoor", between), (between,))


@dataclass
class Authority:
    """The authority as a server: `behave` answers each request; `asked` are the requests so far."""

    root: Holder
    issuer: Issuer
    address: str = ""
    asked: list[bytes] = field(default_factory=list)
    behave: Callable[[Authority, bytes, BaseHTTPRequestHandler], None] | None = None

    def take(self, request: bytes, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(request)
        if self.behave is not None:
            self.behave(self, request, handler)
        else:
            send(handler, self.issuer.answer(Question.of(request)))


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/timestamp-reply")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def running_authority(tls: trustme.CA | None = None) -> Iterator[Authority]:
    """Run an authority with a root and an intermediate on 127.0.0.1."""
    authority = Authority(*make_issuer())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with suppress(OSError):  # Who asked has gone.
                authority.take(self.rfile.read(int(self.headers["Content-Length"])), self)

        def log_message(self, *_words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.issue_cert("127.0.0.1").configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    authority.address = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
