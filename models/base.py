"""The session, its transaction and its database roles; the base of every table."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import BigInteger, DateTime, Enum, MetaData, Text, TypeDecorator
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

SERVER_GOES = ("57P01", "57P02", "08P01", "08006")
"""SQLSTATEs of a server, or a PgBouncer, that ends the connection."""

_role: ContextVar[str] = ContextVar("database_role", default="web")


class CommitLost(SQLAlchemyError):
    """The connection broke after COMMIT was sent and before its answer: nobody here knows whether it was saved."""


class UTCDateTime(TypeDecorator[datetime]):
    """`timestamptz` that refuses naive datetimes and always returns UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("A datetime without a zone cannot be stored.")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None


def text_enum(kind: type[enum.StrEnum]) -> Enum:
    """Return a VARCHAR column type with a CHECK that holds the values of a `StrEnum`."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


Base.registry.update_type_annotation_map({datetime: UTCDateTime(), int: BigInteger(), str: Text()})


class RoleSession(Session):
    """A session whose connection belongs to the database role chosen by `use_role()`."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        if kwargs.get("bind") is not None or self.bind is not None:
            return kwargs.get("bind") or self.bind  # type: ignore[return-value]
        engines = self._db.engines
        role = _role.get()
        return engines[None if role == "web" or role not in engines else role]


db = SQLAlchemy(model_class=Base, session_options={"class_": RoleSession})

if TYPE_CHECKING:
    Model = Base  # a type checker cannot follow an attribute that is made at run time
else:
    Model = db.Model


class TimestampMixin:
    created_at: Mapped[datetime] = mapped_column(server_default=db.func.now())


@contextmanager
def use_role(role: str) -> Iterator[None]:
    """Run the block as database role `owner`, `sealer`, `results` or `web`.

    The present transaction must be over: a connection belongs to one role.
    """
    token = _role.set(role)
    db.session.remove()
    try:
        yield
    finally:
        db.session.remove()
        _role.reset(token)


@contextmanager
def transaction() -> Iterator[Any]:
    """The one place that commits and rolls back: all of the block, or nothing of it.

    Raises CommitLost when the database went away while it was asked to commit.
    """
    try:
        yield db.session
        db.session.flush()  # what breaks here was certainly not saved
        _commit()
    except BaseException:
        db.session.rollback()
        raise


def _commit() -> None:
    try:
        db.session.commit()
    except DBAPIError as error:
        state = getattr(error.orig, "pgcode", None)
        if error.connection_invalidated or state is None or state in SERVER_GOES:
            raise CommitLost from error
        raise
