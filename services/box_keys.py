"""The life of an election's box key outside the key folder: recovery copy, destruction (design, section 3, rule 2)."""

from __future__ import annotations

import json

import nacl.utils
from flask_babel import gettext as _
from nacl.encoding import HexEncoder
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey
from nacl.secret import SecretBox

from models import Election, ElectionStatus
from services import audit_logger, ballots, sealed_file
from services.actor import Actor
from services.clock import utc_now, utc_text
from services.context import platform
from services.errors import Conflict, ValidationFailed
from services.security import KeyringError

FORMAT = "box-key-recovery/1"
MIN_PASSPHRASE = sealed_file.MIN_PASSPHRASE


def recovery_copy(election: Election, passphrase: str, actor: Actor) -> bytes:
    """Return the private box key, encrypted with the passphrase (Argon2id, XSalsa20-Poly1305), as a small JSON file.

    Raises ValidationFailed for a short passphrase, Conflict when the election has no key (any more).
    """
    _need_key(election)
    sealed_file.check_passphrase(passphrase)
    salt = nacl.utils.random(sealed_file.SALT_BYTES)
    try:
        box_key = platform().keyring.box_key(election.public_id)
    except KeyringError as error:
        raise Conflict(_("The box key is not in the key folder. Put it back from an earlier copy.")) from error
    sealed = SecretBox(sealed_file.key_of(passphrase, salt)).encrypt(bytes(box_key), encoder=HexEncoder)
    audit_logger.record("staff:box_key:copied", actor, election_id=election.id)
    content = {
        "format": FORMAT,
        "election": str(election.public_id),
        "title": election.title,
        "salt": salt.hex(),
        "sealed_key": sealed.decode("ascii"),
    }
    return json.dumps(content, indent=1).encode()


def restore_from_copy(election: Election, copy: bytes, passphrase: str, actor: Actor) -> None:
    """Put a lost box key back; raises ValidationFailed when the copy or the passphrase is not the right one."""
    try:
        content = json.loads(copy)
        salt, sealed = bytes.fromhex(content["salt"]), bytes.fromhex(content["sealed_key"])
        box_key = PrivateKey(SecretBox(sealed_file.key_of(passphrase, salt)).decrypt(sealed))
    except (ValueError, KeyError, TypeError, RecursionError, CryptoError) as error:
        raise ValidationFailed(_("This copy does not open with this passphrase.")) from error
    if bytes(box_key.public_key) != election.box_public_key:
        raise ValidationFailed(_("This copy belongs to another election."))
    if election.box_key_destroyed_at is not None:
        raise Conflict(_("The key of this election was destroyed. Its copies are not accepted any more."))
    platform().keyring.restore_box_key(election.public_id, box_key)
    audit_logger.record("staff:box_key:restored", actor, election_id=election.id)


def destroy(election: Election, actor: Actor) -> str:
    """Destroy the key of a counted election and return the certificate; raises Conflict while the box holds ballots."""
    _need_key(election)
    if election.status not in (ElectionStatus.CLOSED, ElectionStatus.ARCHIVED) or ballots.counts(election).box:
        raise Conflict(_("The key is needed until the election is closed and every ballot is sealed."))
    platform().keyring.destroy_box_key(election.public_id)
    election.box_key_destroyed_at = utc_now()
    public = (election.box_public_key or b"").hex()
    audit_logger.record("staff:box_key:destroyed", actor, election_id=election.id, fingerprint=public)
    return (
        f"Certificate of destruction\n\nElection: {election.title}\nElection id: {election.public_id}\n"
        f"Box public key: {public}\nDestroyed: {utc_text(election.box_key_destroyed_at)}\nBy: {actor}\n\n"
        "The private key was overwritten and removed from the key folder. Ballots in old backups of the database\n"
        "stay encrypted for good; recovery copies of this key are not accepted any more.\n"
    )


def _need_key(election: Election) -> None:
    if not election.is_secret or election.box_public_key is None:
        raise Conflict(_("This election has no ballot box."))
    if election.box_key_destroyed_at is not None:
        raise Conflict(_("The key of this election was destroyed."))
