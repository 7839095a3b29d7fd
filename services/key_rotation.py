"""Another signing key while elections run: what was signed stays signed, and who holds the old key signs no more."""

from __future__ import annotations

from services import audit_logger
from services.actor import Actor
from services.clock import utc_now
from services.context import platform
from services.security import Handover


def rotate_signing_key(actor: Actor) -> Handover:
    """Make a new signing key, let the old one hand over to it, and destroy the old one.

    Web server and worker sign with the new key from their next signature on. Run it in a transaction: its row in the
    audit log is missing when the machine stops between the two; the hand-over itself is in the key folder then.
    """
    made = platform().keyring.signing_keys.rotate(utc_now())
    audit_logger.record("operator:signing_key:rotated", actor, fingerprint=platform().keyring.fingerprints()["signing"])
    return made
