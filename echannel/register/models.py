"""The register's tables: what is noted down of SMEs (who and when, UTC), and the people who may sign in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets time zones, so they are put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What all tables of the register have in common."""


class SchemaVersion(Base):
    """One row: the version of the tables, so that an older program leaves a newer register alone."""

    __tablename__ = "schema_version"
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class DutyState(Base):
    """How far an SME is with one duty in one market; the newest row counts, older ones are its history."""

    __tablename__ = "duty_states"
    id: Mapped[int] = mapped_column(primary_key=True)
    sme: Mapped[str] = mapped_column(String(64), index=True)
    market: Mapped[str] = mapped_column(String(2))
    duty: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(128), default="")
    at: Mapped[datetime] = mapped_column(Moment)


class CompetitorPrice(Base):
    """A competitor's price for what competes with one product, as somebody saw it."""

    __tablename__ = "competitor_prices"
    id: Mapped[int] = mapped_column(primary_key=True)
    sme: Mapped[str] = mapped_column(String(64), index=True)
    market: Mapped[str] = mapped_column(String(2))
    product: Mapped[str] = mapped_column(String(128))
    competitor: Mapped[str] = mapped_column(String(128))
    price: Mapped[float] = mapped_column(Float)  # as shown to the customer there
    currency: Mapped[str] = mapped_column(String(3))
    note: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(128), default="")
    at: Mapped[datetime] = mapped_column(Moment)


class SavedScenario(Base):
    """A scenario by name, kept for another tool; saving under the same name replaces it."""

    __tablename__ = "saved_scenarios"
    __table_args__ = (UniqueConstraint("sme", "tool", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    sme: Mapped[str] = mapped_column(String(64), index=True)
    tool: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(128))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    by: Mapped[str] = mapped_column(String(128), default="")
    at: Mapped[datetime] = mapped_column(Moment)


class User(Base):
    """A person who may sign in. What ``scope`` names depends on the role: an SME, a launch pad, a cohort."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)  # in small letters
    name: Mapped[str] = mapped_column(String(128))
    role: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str] = mapped_column(String(64), default="")
    language: Mapped[str] = mapped_column(String(2), default="")
    password_hash: Mapped[str | None] = mapped_column(String(255), default=None)  # none: not chosen yet
    created_at: Mapped[datetime] = mapped_column(Moment)


class PasswordLink(Base):
    """A link that lets its holder choose a password, once; only the hash of what it says is kept."""

    __tablename__ = "password_links"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(8))  # invite, reset
    expires_at: Mapped[datetime] = mapped_column(Moment)


class SignedIn(Base):
    """One browser that is signed in; only the hash of what its cookie says is kept."""

    __tablename__ = "signed_in"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    since: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)


class Opened(Base):
    """Who looked at what: one row for each page, report or file of an SME that somebody opened."""

    __tablename__ = "opened"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    who: Mapped[str] = mapped_column(String(254))  # the address; stays when the person is removed
    role: Mapped[str] = mapped_column(String(16))
    sme: Mapped[str] = mapped_column(String(64), index=True)
    what: Mapped[str] = mapped_column(String(16))  # page, report, export
    name: Mapped[str] = mapped_column(String(128))
