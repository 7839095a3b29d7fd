"""Stop the PostgreSQL of the tests, should a run have left it behind."""

from __future__ import annotations

from services.embedded_postgres import EmbeddedPostgres
from tests.support.database import SERVER_FOLDER

if __name__ == "__main__":
    EmbeddedPostgres(SERVER_FOLDER).stop()
