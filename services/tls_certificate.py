"""A self-signed certificate for kiosks in a local network: browsers give no camera to plain HTTP."""

from __future__ import annotations

import ipaddress
import socket
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.clock import utc_now
from services.private_file import write_private

LIFETIME = timedelta(days=365)
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - the name of "every address", which no certificate can hold
DOCUMENTATION_ADDRESS = ("192.0.2.1", 9)
"""RFC 5737; choosing the way to it tells which address is ours."""


def ensure_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """Return the paths of certificate and key (PEM), made once for this machine's names and addresses."""
    certificate, key_file = folder / "certificate.pem", folder / "key.pem"
    if certificate.exists() and key_file.exists():
        return certificate, key_file
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Smart Voting demo")])
    now = utc_now()
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(key_file, pem.decode())
    write_private(certificate, built.public_bytes(serialization.Encoding.PEM).decode())
    return certificate, key_file


def _names(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.DNSName(socket.gethostname())]
    for address in {"127.0.0.1", host, *own_addresses()} - {ANY_ADDRESS}:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(address)))
        except ValueError:
            names.append(x509.DNSName(address))
    return names


def own_addresses() -> list[str]:
    """Return this machine's address in the local network, if it has one; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(DOCUMENTATION_ADDRESS)
        except OSError:
            return []
        return [str(probe.getsockname()[0])]
