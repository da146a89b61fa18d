"""The database behind the register: a file in the workspace, or what ``ECHANNEL_REGISTER_URL`` names."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine, create_engine, event, select, update
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from echannel.errors import UserError
from echannel.register.brokered import remote_register
from echannel.register.models import Base, SchemaVersion
from echannel.workspace import Workspace

ADDRESS = "ECHANNEL_REGISTER_URL"
# 2: people who may sign in, and who opened what. 3: opinions that were dealt with.
# So far every step up only adds tables.
VERSION = 3
_TRIES = 5


class Register:
    """One register, its tables made on first use. What reads or writes it names the SME, always."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: all of it or nothing. What goes wrong with the database is a ``UserError``."""
        try:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                yield session
        except DBAPIError:
            # The library's own message may quote the address, with its password.
            raise UserError("reference.error.register_out_of_reach") from None


def open_register(workspace: Workspace) -> Register:
    """The workspace's register; its address may be a database server's (``ECHANNEL_REGISTER_URL``).

    In a confined kernel: the server's answers for the kernel's own SME (see ``echannel.register.brokered``).
    """
    remote = remote_register()
    if remote is not None:
        return cast(Register, remote)
    named = os.environ.get(ADDRESS)
    if named:
        return Register(named)
    path = _file(workspace)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise UserError("reference.error.register_out_of_reach") from None
    return Register(f"sqlite:///{path}")


def existing_register(workspace: Workspace) -> Register | None:
    """The register where there is one already: pages that only read make none."""
    there = remote_register() or os.environ.get(ADDRESS) or _file(workspace).is_file()
    return open_register(workspace) if there else None


def owner(sme: str) -> str:
    """The SME a row belongs to; a call without one is a mistake of the program's, and never "all of them"."""
    if not sme:
        raise ValueError("every call of the register names its SME")
    return sme


def _file(workspace: Workspace) -> Path:
    return workspace.root / "data" / "register.sqlite"


def _engine(url: str) -> Engine:
    try:
        engine = create_engine(url, pool_pre_ping=True)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _for_several_writers)
        _prepare(engine)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        raise UserError("reference.error.register_address", name=ADDRESS) from None
    except DBAPIError:
        raise UserError("reference.error.register_out_of_reach") from None
    return engine


def _prepare(engine: Engine) -> None:
    """Makes what tables are missing; another process may be making the same ones just now."""
    if _is_current(engine):
        return
    for left in reversed(range(_TRIES)):
        try:
            Base.metadata.create_all(engine)
            _check_version(engine)
            return
        except (OperationalError, IntegrityError):
            if not left or engine.dialect.name != "sqlite":
                raise
            time.sleep(0.1)


def _is_current(engine: Engine) -> bool:
    """Whether the register says that it is of this version: that is written once all its tables are there."""
    try:
        with engine.connect() as connection:
            return connection.execute(select(SchemaVersion.version)).scalar() == VERSION
    except DBAPIError:  # no such table yet; a database out of reach says so again at the next step
        return False


def _check_version(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        found = session.scalar(select(SchemaVersion))
        if found is None:
            session.add(SchemaVersion(version=VERSION))
        elif found.version > VERSION:
            raise UserError("reference.error.register_newer", found=str(found.version), known=str(VERSION))
        else:
            # The tables that were missing have just been made; another process may say so at the same time.
            older = SchemaVersion.version < VERSION
            session.execute(update(SchemaVersion).where(older).values(version=VERSION))


def _for_several_writers(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
