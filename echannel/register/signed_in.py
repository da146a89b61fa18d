"""Browsers that are signed in: kept here, so that they can be ended from here."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from echannel.register.database import Register
from echannel.register.models import SignedIn, User
from echannel.register.users import Account, account_of, hash_token

IDLE = timedelta(hours=2)  # without a request
LONGEST = timedelta(hours=12)  # whatever happens
_SEEN_EVERY = timedelta(minutes=1)


def sign_in(register: Register, account: Account, now: datetime | None = None) -> str:
    """A new secret for the cookie of a browser whose user has just proved who they are."""
    token, at = secrets.token_urlsafe(32), now or datetime.now(UTC)
    with register.session() as session:
        session.execute(delete(SignedIn).where(SignedIn.since < at - LONGEST))
        session.add(SignedIn(token_hash=hash_token(token), user_id=account.id, since=at, seen_at=at))
    return token


def who_is(register: Register, token: str, now: datetime | None = None) -> Account | None:
    """Who is signed in with a cookie's secret; None where nobody is, or no longer."""
    at = now or datetime.now(UTC)
    with register.session() as session:
        row = session.get(SignedIn, hash_token(token))
        if row is None:
            return None
        if _is_over(row, at):
            session.delete(row)
            return None
        if at - row.seen_at > _SEEN_EVERY:
            row.seen_at = at
        return account_of(session.get_one(User, row.user_id))


def sign_out(register: Register, token: str) -> None:
    """Ends one browser's; nothing happens where it has ended already."""
    with register.session() as session:
        session.execute(delete(SignedIn).where(SignedIn.token_hash == hash_token(token)))


def still_signed_in(register: Register, now: datetime | None = None) -> set[str]:
    """The hashes of all secrets that count at this moment."""
    at = now or datetime.now(UTC)
    with register.session() as session:
        return {row.token_hash for row in session.scalars(select(SignedIn)) if not _is_over(row, at)}


def _is_over(row: SignedIn, at: datetime) -> bool:
    return at - row.seen_at > IDLE or at - row.since > LONGEST
