"""The accounts at the database, and its clock."""

from __future__ import annotations

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from models import db
from services import clock_skew
from services.production_check.rows import Row, judged

SETTING_OF = {None: "DB_URL", "owner": "DB_OWNER_URL", "sealer": "DB_SEALER_URL", "results": "DB_RESULTS_URL"}
NOT_KEPT = (
    "The kernel says that nobody keeps this machine's clock: timedatectl set-ntp true (chrony: rtcsync in chrony.conf)."
)
UNKNOWN = "Whether NTP keeps this machine's clock could not be asked: look yourself (timedatectl, or chronyc tracking)."
RIGHTS = text(
    "SELECT current_user, rolsuper, rolbypassrls OR rolcreaterole OR rolreplication AS much"
    " FROM pg_roles WHERE rolname = current_user"
)


def roles(name: str) -> list[Row]:
    """Judge the account of every address: none may be a superuser, and no two the same."""
    users, problems = {}, []
    for bind, setting in SETTING_OF.items():
        engine = db.engines.get(bind)
        if engine is None:
            continue
        try:
            user, is_super, much = _rights(engine)
        except SQLAlchemyError:
            problems.append(f"{setting}: the database does not let it in.")
            continue
        users[setting] = user
        if is_super:
            problems.append(f"{setting} signs in as a superuser, {user}: give it the login of its own role.")
        elif much and bind != "owner":
            problems.append(f"{setting}: {user} may make roles, replicate or pass row rules: take that away.")
    twice = [setting for setting, user in users.items() if list(users.values()).count(user) > 1]
    if twice:
        problems.append(f"{', '.join(twice)} sign in as one account: secrecy needs one for each role.")
    return judged(name, "four accounts, no superuser", problems)


def ballot_box(name: str) -> list[Row]:
    """Judge whether the web role is kept out of the ballot box."""
    query = text("SELECT coalesce(has_table_privilege(to_regclass('ballot_box'), 'SELECT'), false)")
    try:
        with db.engines[None].connect() as connection:
            reads = connection.scalar(query)
    except SQLAlchemyError:
        return judged(name, "", ["The database does not answer."])
    words = ["The account of DB_URL reads the ballot box: give it the role sv_web only."] if reads else []
    return judged(name, "closed to the web role", words)


def clock(name: str) -> list[Row]:
    """Judge how far this machine's clock is from the database's, and whether somebody keeps it."""
    try:
        with db.engines[None].connect() as connection:
            connection.scalar(text("SELECT 1"))  # So that signing in is no part of the time of asking.
            apart = clock_skew.apart_words(clock_skew.of_database(connection))
    except SQLAlchemyError:
        return judged(name, "", ["The database does not answer."])
    kept = clock_skew.is_kept()
    fine = "with the database's, kept by NTP" if kept else "with the database's"
    return judged(name, fine, [apart] if apart else [], [] if kept else [NOT_KEPT if kept is False else UNKNOWN])


def _rights(engine: Engine) -> tuple[str, bool, bool]:
    with engine.connect() as connection:
        row = connection.execute(RIGHTS).one()
        return row[0], row[1], row[2]
