"""The means of all voters: encrypted in `face_means`, in clear only in this process's gallery, which follows the table.

What another process enrols, withdraws or erases is seen by the next search: it compares the number of rows and the
sum of their versions with what the gallery holds, loads what is newer, and lists all versions when that is not
enough. Opening 100,000 rows takes some seconds; a search before that is done waits for it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from cryptography.fernet import InvalidToken
from sqlalchemy import cast, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.types import Numeric

from models.base import db
from models.faces import FaceMean
from services.face_service import matching
from services.face_service.engine import Encoding
from services.face_service.gallery import Gallery, Near
from services.face_service.liveness import Encryptor
from services.face_service.sealing import MEAN, open_encoding, seal_encoding

log = logging.getLogger(__name__)

CHUNK = 2000
ENROL_LOCK = 0x46414345
"""Advisory lock under which means are written: two enrolments at once must see each other, and versions rise."""
DUPLICATE_THRESHOLD = 0.45
"""face.md, section 5: with 100,000 enrolled, 0.50 would flag strangers. Means of three pictures: the same person lies
at most .364 apart, two people at least .613 (face.md, section 1; few people: a bound, not a proof)."""
MOST_SHOWN = 5
WORTH_WARMING = 1000


class Means:
    """Save, erase and search; works in the transaction of the caller and never commits."""

    def __init__(self, encryptor: Encryptor, gallery: Gallery | None = None) -> None:
        self._encryptor = encryptor
        self.gallery = gallery or Gallery()

    def save(self, voter_id: int, encodings: Sequence[Encoding]) -> None:
        """Keep the mean of a voter's encodings; until the transaction ends nobody else writes one."""
        db.session.execute(select(func.pg_advisory_xact_lock(ENROL_LOCK)))
        sealed = seal_encoding(voter_id, matching.mean_template(encodings), self._encryptor, MEAN)
        fresh = {"encoding": sealed, "version": text("nextval('face_means_version_seq')")}
        statement = insert(FaceMean).values(voter_id=voter_id, **fresh)
        db.session.execute(statement.on_conflict_do_update(index_elements=["voter_id"], set_=fresh))

    def erase(self, voter_ids: Iterable[int]) -> int:
        """Delete the means of these voters and forget them here; return how many there were."""
        gone = db.session.scalars(
            delete(FaceMean).where(FaceMean.voter_id.in_(list(voter_ids))).returning(FaceMean.voter_id)
        ).all()
        for voter_id in gone:
            self.gallery.drop(voter_id)
        return len(gone)

    def near_voter(self, voter_id: int) -> list[Near]:
        """Return the other voters whose face is near this voter's, the nearest first; empty without a mean."""
        row = db.session.get(FaceMean, voter_id, populate_existing=True)
        own = None if row is None else self._opened(voter_id, row.encoding)
        if own is None:
            return []
        return self.near(own, besides=voter_id)

    def near(self, encoding: Encoding, besides: int | None = None) -> list[Near]:
        """Return the voters whose face is near this one, the nearest first, without the voter `besides`."""
        self.refresh()
        return self.gallery.nearest(encoding, DUPLICATE_THRESHOLD, MOST_SHOWN, besides)

    def is_cold(self) -> bool:
        """Tell whether so much is not opened yet that a search would wait."""
        return self._state()[0] - self.gallery.count > WORTH_WARMING

    def refresh(self) -> None:
        """Let the gallery hold what the table holds."""
        state = self._state()
        if self._holds(state):
            return
        self._load_newer()
        if not self._holds(state):
            self._reconcile()

    def _state(self) -> tuple[int, int]:
        total = cast(func.coalesce(func.sum(cast(FaceMean.version, Numeric)), 0), Numeric)
        count, versions = db.session.execute(select(func.count(), total).select_from(FaceMean)).one()
        return int(count), int(versions)

    def _holds(self, state: tuple[int, int]) -> bool:
        with self.gallery.lock:
            return (self.gallery.count, self.gallery.version_sum) == state

    def _load_newer(self) -> None:
        while True:
            columns = select(FaceMean.voter_id, FaceMean.version, FaceMean.encoding)
            newer = columns.where(FaceMean.version > self.gallery.newest).order_by(FaceMean.version).limit(CHUNK)
            rows = db.session.execute(newer).all()
            for voter_id, version, sealed in rows:
                self.gallery.put(voter_id, version, self._opened(voter_id, sealed))
            if len(rows) < CHUNK:
                return

    def _reconcile(self) -> None:
        present = {row[0]: row[1] for row in db.session.execute(select(FaceMean.voter_id, FaceMean.version))}
        with self.gallery.lock:
            for voter_id in [held for held in self.gallery.versions if held not in present]:
                self.gallery.drop(voter_id)
            other = [one for one, version in present.items() if self.gallery.versions.get(one) != version]
        for start in range(0, len(other), CHUNK):
            some = FaceMean.voter_id.in_(other[start : start + CHUNK])
            for row in db.session.execute(select(FaceMean.voter_id, FaceMean.version, FaceMean.encoding).where(some)):
                self.gallery.put(row[0], row[1], self._opened(row[0], row[2]))

    def _opened(self, voter_id: int, sealed: bytes) -> Encoding | None:
        try:
            return open_encoding(voter_id, sealed, self._encryptor, MEAN)
        except (ValueError, InvalidToken):
            log.error("The mean face of voter row %s cannot be opened", voter_id)
            return None
