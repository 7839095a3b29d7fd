"""A time stamp: an authority outside signed, with its clock, that it saw the hash of a head (RFC 3161).

rfc3161-client reads the stamp and checks its signature. Whether the signer is trusted is decided here: that library
(1.0.6) takes every certificate that a stamp brings along for trusted, also a root that somebody made for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.x509 import ExtendedKeyUsage
from cryptography.x509 import verification as chains
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from flask_babel import gettext as _
from rfc3161_client import TimeStampRequest, TimeStampResponse, VerifierBuilder, decode_timestamp_response
from rfc3161_client.errors import VerificationError

from models import SignedHead, StampFailure
from services import hashing
from services.context import platform
from services.hashing import moment_text
from services.heads.authority import AuthorityError
from services.heads.der import with_sorted_certificates

SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
CLOCKS_APART = timedelta(minutes=5)
"""So far the authority's clock may be before ours; a stamp from before its head was made is of something else."""
Roots = tuple[x509.Certificate, ...]


@dataclass(frozen=True)
class Stamp:
    """When the authority saw the hash (UTC, its clock), and the name in its certificate."""

    at: datetime
    by: str


def content_of(head: SignedHead) -> bytes:
    """Return the bytes whose SHA-256 is the head hash, which is what an authority stamps."""
    election = str(head.election.public_id) if head.election else None
    return hashing.head_content(head.kind.value, election, head.closing, head.height, head.head_hash, head.made_at)


def head_hash_of(head: SignedHead) -> bytes:
    """Return the head hash, which the signature and the stamp are over."""
    return hashing.sha256(content_of(head))


def trusted_roots() -> Roots:
    """Return the certificates of TIMESTAMP_CA, none when it is empty. Raises AuthorityError when it cannot be read."""
    path = platform().settings.timestamp_ca
    try:
        return _roots(path, path.stat().st_mtime_ns) if path else ()
    except (OSError, ValueError) as error:
        raise AuthorityError(StampFailure.UNTRUSTED, f"TIMESTAMP_CA: {error}") from error


@lru_cache(maxsize=4)
def _roots(path: Path, _changed: int) -> Roots:
    return tuple(x509.load_pem_x509_certificates(path.read_bytes()))


def read_stamp(answer: bytes, head_hash: bytes, roots: Roots, question: TimeStampRequest | None = None) -> Stamp:
    """Return what an answer says, once it is checked: granted, over this hash, to this question, signed by a trusted
    authority for time stamps whose certificate was valid at that time. Raises AuthorityError.
    """
    response = _read(answer)
    info = response.tst_info
    if (info.message_imprint.hash_algorithm, info.message_imprint.message) != (SHA256, head_hash):
        raise AuthorityError(StampFailure.OTHER, "the stamp is over another hash")
    if question is not None and info.nonce != question.nonce:
        raise AuthorityError(StampFailure.OTHER, "the stamp answers another question")
    signer, others = _signer(response)
    try:
        _check_trust(signer, others, roots, info.gen_time)
        builder = VerifierBuilder(roots=list(roots))
        builder.build().verify(response, head_hash)
    except (VerificationError, chains.VerificationError, ValueError) as error:
        raise AuthorityError(StampFailure.UNTRUSTED, error) from error
    return Stamp(info.gen_time, _name(signer))


def stamp_document(head: SignedHead) -> dict[str, Any] | None:
    """Return what the stamp of a head says, in JSON types, with the hash that it is over; None without a stamp."""
    if head.stamped_at is None:
        return None
    return {"at": moment_text(head.stamped_at), "by": head.stamped_by, "hash": head_hash_of(head).hex()}


def stamp_problem(head: SignedHead) -> str | None:
    """Return a sentence that says what is wrong with the stored stamp of a head, or None; None without a stamp."""
    if head.stamped_at is None or head.timestamp_token is None:
        return None
    roots: Roots = ()
    try:
        roots = trusted_roots()
        stamp = read_stamp(head.timestamp_token, head_hash_of(head), roots)
    except AuthorityError as error:
        if error.failure is StampFailure.UNTRUSTED and not roots:
            return _("Its time stamp cannot be checked: TIMESTAMP_CA does not name the authority's certificate.")
        return _PROBLEMS.get(error.failure, _unreadable)()
    if (stamp.at, stamp.by) != (head.stamped_at, head.stamped_by):
        return _("Its time stamp says another time, or another authority, than the records.")
    if stamp.at < head.made_at - CLOCKS_APART:
        return _("Its time stamp is from before it was made.")
    return None


def _unreadable() -> str:
    return _("Its time stamp cannot be read.")


_PROBLEMS = {
    StampFailure.OTHER: lambda: _("Its time stamp is of something else."),
    StampFailure.UNTRUSTED: lambda: _("Its time stamp was not signed by the authority that TIMESTAMP_CA trusts."),
}


def _read(answer: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(answer)
    except ValueError:
        try:
            response = decode_timestamp_response(with_sorted_certificates(answer))
        except (ValueError, IndexError) as error:
            raise AuthorityError(StampFailure.UNREADABLE, error) from error
    if response.status != 0:
        said = "; ".join(response.status_string)
        raise AuthorityError(StampFailure.REFUSED, f"status {response.status} {said[:200]}")
    return response


def _signer(response: TimeStampResponse) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """Return the signer's certificate and the others; two that could be the signer's are one too many."""
    try:
        certificates = [x509.load_der_x509_certificate(one) for one in response.signed_data.certificates]
        [wanted] = response.signed_data.signer_infos
        place = (wanted.issuer, wanted.serial_number)
        [signer] = [one for one in certificates if (one.issuer, one.serial_number) == place]
    except ValueError as error:
        raise AuthorityError(StampFailure.UNTRUSTED, f"not one signer with a certificate: {error}") from error
    return signer, [one for one in certificates if one != signer]


def _check_trust(signer: x509.Certificate, others: list[x509.Certificate], roots: Roots, at: datetime) -> None:
    """Raise when there is no chain from a root, valid at that time, to a signer that is for time stamps only."""
    if not roots:
        raise ValueError("no certificate is trusted")
    critical = chains.Criticality.CRITICAL
    for_signers = chains.ExtensionPolicy.permit_all().require_present(ExtendedKeyUsage, critical, _only_for_stamps)
    for_others = chains.ExtensionPolicy.permit_all().require_present(x509.BasicConstraints, critical, None)
    policy = chains.PolicyBuilder().store(chains.Store(list(roots))).time(at)
    policy = policy.extension_policies(ca_policy=for_others, ee_policy=for_signers)
    policy.build_client_verifier().verify(signer, others)


def _only_for_stamps(_policy: chains.Policy, _certificate: x509.Certificate, usage: ExtendedKeyUsage) -> None:
    """RFC 3161, 2.3."""
    if list(usage) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("the certificate is not for time stamps only")


def _name(certificate: x509.Certificate) -> str:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for found in certificate.subject.get_attributes_for_oid(kind):
            return str(found.value)[:200]
    return certificate.subject.rfc4514_string()[:200]
