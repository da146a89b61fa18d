"""The people who may sign in, and the links by which they choose their password."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from echannel.errors import UserError
from echannel.register.database import Register
from echannel.register.models import PasswordLink, SignedIn, User
from echannel.register.passwords import check_password, hash_password, is_outdated, is_password

Role = Literal["member", "manager", "coordinator", "partner"]
ROLES: tuple[Role, ...] = get_args(Role)
Purpose = Literal["invite", "reset"]
VALID_FOR = {"invite": timedelta(days=7), "reset": timedelta(hours=24)}
_ADDRESS = re.compile(r"[^@\s<>\"',;:\\]{1,64}@[^@\s<>\"',;:\\]{1,189}")


@dataclass(frozen=True)
class Account:
    """A person who may sign in, without anything secret."""

    id: int
    email: str
    name: str
    role: Role
    scope: str  # member: an SME; manager: a launch pad; partner: a cohort; coordinator: empty
    language: str
    has_password: bool


def as_email(text: str) -> str:
    """An address as it is kept; raises ``UserError`` where it cannot be one."""
    email = text.strip().lower()
    if not _ADDRESS.fullmatch(email):
        raise UserError("login.error.email", value=text)
    return email


def hash_token(token: str) -> str:
    """What is kept of a link or a cookie: whoever reads the register cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def add_user(
    register: Register, email: str, name: str, role: Role, scope: str = "", language: str = ""
) -> Account:
    """Adds a person, who cannot sign in until they have chosen a password by a link.

    Raises
    ------
    UserError
        When the address is none, or is there already.
    """
    if role not in ROLES:
        raise ValueError(f"unknown role {role!r}")
    row = User(
        email=as_email(email),
        name=name.strip() or as_email(email).partition("@")[0],
        role=role,
        scope=scope,
        language=language,
        created_at=datetime.now(UTC),
    )
    with register.session() as session:
        if session.scalar(_by_email(row.email)) is not None:
            raise UserError("login.error.user_exists", email=row.email)
        session.add(row)
        session.flush()
        return account_of(row)


def users(register: Register) -> list[Account]:
    """Everybody who may sign in, by address."""
    with register.session() as session:
        return [account_of(row) for row in session.scalars(select(User).order_by(User.email))]


def has_users(register: Register) -> bool:
    """Whether there is anybody to sign in."""
    with register.session() as session:
        return bool(session.scalar(select(func.count()).select_from(User)))


def find_user(register: Register, email: str) -> Account:
    """The person of an address; raises ``UserError`` when there is none."""
    with register.session() as session:
        return account_of(_known(session, email))


def remove_user(register: Register, email: str) -> None:
    """Removes a person; whatever is open in their name ends. What they opened stays in the audit trail."""
    with register.session() as session:
        row = _known(session, email)
        _end_everything(session, row.id)
        session.delete(row)


def make_link(register: Register, email: str, purpose: Purpose, now: datetime | None = None) -> str:
    """A secret that lets its holder choose the person's password, once; earlier ones no longer do.

    A reset also ends whatever is signed in, and the password of before: it may be in the wrong hands.
    """
    token = secrets.token_urlsafe(32)
    with register.session() as session:
        row = _known(session, email)
        session.execute(delete(PasswordLink).where(PasswordLink.user_id == row.id))
        if purpose == "reset":
            _end_everything(session, row.id)
            row.password_hash = None
        session.add(
            PasswordLink(
                token_hash=hash_token(token),
                user_id=row.id,
                purpose=purpose,
                expires_at=(now or datetime.now(UTC)) + VALID_FOR[purpose],
            )
        )
    return token


def link_holder(register: Register, token: str, now: datetime | None = None) -> Account | None:
    """Whose password a link may choose; None when it was used, has run out, or never was one."""
    with register.session() as session:
        link = _valid_link(session, token, now)
        return account_of(session.get_one(User, link.user_id)) if link else None


def choose_password(register: Register, token: str, password: str, now: datetime | None = None) -> Account:
    """Sets the password by a link, which is used up; whoever was signed in with the old one is out.

    Raises
    ------
    UserError
        When the link is not valid, or the password not accepted (the link then stays valid).
    """
    holder = link_holder(register, token, now)
    if holder is None:
        raise UserError("login.error.link")
    check_password(password, holder.email, holder.name, holder.scope)
    kept = hash_password(password)
    with register.session() as session:
        used = delete(PasswordLink).where(PasswordLink.token_hash == hash_token(token))
        if not session.execute(used).rowcount:  # type: ignore[attr-defined]
            raise UserError("login.error.link")
        row = session.get_one(User, holder.id)
        _end_everything(session, row.id)
        row.password_hash = kept
        return account_of(row)


def check_sign_in(register: Register, email: str, password: str) -> Account | None:
    """The person, where address and password are right; takes as long where there is no such person."""
    with register.session() as session:
        row = session.scalar(_by_email(email.strip().lower()[:254]))
        kept, account = (row.password_hash, account_of(row)) if row else (None, None)
    if not is_password(kept, password) or account is None or kept is None:
        return None
    if is_outdated(kept):
        with register.session() as session:
            session.get_one(User, account.id).password_hash = hash_password(password)
    return account


def account_of(row: User) -> Account:
    """A row of the users' table, without anything secret."""
    return Account(
        row.id,
        row.email,
        row.name,
        row.role,  # type: ignore[arg-type]
        row.scope,
        row.language,
        row.password_hash is not None,
    )


def _known(session: Session, email: str) -> User:
    row = session.scalar(_by_email(email.strip().lower()))
    if row is None:
        raise UserError("login.error.no_user", email=email)
    return row


def _by_email(email: str):  # type: ignore[no-untyped-def]
    return select(User).where(User.email == email)


def _valid_link(session: Session, token: str, now: datetime | None) -> PasswordLink | None:
    link = session.get(PasswordLink, hash_token(token))
    return link if link is not None and link.expires_at > (now or datetime.now(UTC)) else None


def _end_everything(session: Session, user_id: int) -> None:
    session.execute(delete(SignedIn).where(SignedIn.user_id == user_id))
    session.execute(delete(PasswordLink).where(PasswordLink.user_id == user_id))
