"""A PostgreSQL server of our own for a fresh machine: set up, started, recovered and stopped without an administrator.

`binaries` finds the programs and the account that runs them, `process` starts and stops, `server` is the database.
"""

from services.embedded_postgres.binaries import EmbeddedPostgresError, program
from services.embedded_postgres.server import DATABASE, LOGIN_ROLES, OWNER, DatabaseUrls, EmbeddedPostgres

__all__ = ["DATABASE", "LOGIN_ROLES", "OWNER", "DatabaseUrls", "EmbeddedPostgres", "EmbeddedPostgresError", "program"]
