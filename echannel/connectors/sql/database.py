"""The database behind an address: opened to read only, its failures in plain words without the password."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, create_engine, exc, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from echannel.connectors.sql.queries import SINCE, TableQuery
from echannel.errors import UserError

_MAIL = re.compile(r"[^\s@]+@[^\s@]+")


class Database:
    """One database. ``where`` says which, without account and password."""

    def __init__(self, url: SecretStr, root: Path) -> None:
        try:
            self._url = make_url(url.get_secret_value().strip())
        except (exc.ArgumentError, ValueError):
            raise UserError("error.sql.url") from None
        self._root = root
        self.where = "/".join(str(part) for part in (self._url.host, self._url.database) if part) or (
            self._url.get_backend_name()
        )

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A connection whose transaction can only read, and is rolled back at the end.

        Raises
        ------
        UserError
            The address is none, its driver is not installed, or the database does not answer.
        """
        engine = self._engine()
        try:
            try:
                connection = engine.connect()
            except (exc.SQLAlchemyError, OSError, sqlite3.Error) as failed:
                raise UserError("error.sql.connect", where=self.where, why=self._plain(failed)) from None
            try:
                connection = self._reading(connection)
                yield connection
            finally:
                connection.rollback()
                connection.close()
        finally:
            engine.dispose()

    def frames(
        self, connection: Connection, table: str, query: TableQuery, since: Any, chunk: int
    ) -> Generator[pd.DataFrame, None, None]:
        """The rows of a query in chunks, columns in lower case; an empty frame where there is no row.

        Raises
        ------
        UserError
            The database refuses the query: says what it said.
        """
        statement = text(query.query.replace(":", r"\:").replace(SINCE, ":since"))
        values = {"since": since} if query.cursor is not None else {}
        try:
            streaming = connection.execution_options(stream_results=True, yield_per=chunk)
            result = streaming.execute(statement, values)
            with result:
                columns = [str(name).lower() for name in tuple(result.keys())]
                yielded = False
                for rows in result.partitions(chunk):
                    yielded = True
                    yield pd.DataFrame([tuple(row) for row in rows], columns=columns, dtype=object)
                if not yielded:
                    yield pd.DataFrame(columns=columns, dtype=object)
        except (exc.SQLAlchemyError, sqlite3.Error) as failed:
            raise UserError("error.sql.query", table=table, why=self._plain(failed)) from None

    def _engine(self) -> Engine:
        name = self._url.get_backend_name()
        try:
            if name == "sqlite" and self._url.database not in (None, "", ":memory:"):
                return self._sqlite(self._root / str(self._url.database))
            return create_engine(self._url, poolclass=NullPool)
        except exc.NoSuchModuleError:
            raise UserError("error.sql.kind", value=self._url.drivername) from None
        except ModuleNotFoundError as missing:
            raise UserError(
                "error.sql.driver", value=self._url.drivername, package=str(missing.name)
            ) from None
        except (exc.SQLAlchemyError, TypeError, ValueError):
            raise UserError("error.sql.url") from None

    def _sqlite(self, path: Path) -> Engine:
        """A file, opened to read only: SQLite would make one that is not there."""
        if not path.is_file():
            raise UserError("error.sql.no_file", file=path.name)
        location = f"{path.resolve().as_uri()}?mode=ro"
        return create_engine(
            "sqlite://", creator=lambda: sqlite3.connect(location, uri=True), poolclass=NullPool
        )

    def _reading(self, connection: Connection) -> Connection:
        """The connection as the database itself keeps from writing, where it can."""
        name = connection.dialect.name
        try:
            if name == "postgresql":
                return connection.execution_options(postgresql_readonly=True)
            if name in ("mysql", "mariadb"):
                older = getattr(connection.dialect, "is_mariadb", False)
                variable = "tx_read_only" if older else "transaction_read_only"
                connection.execute(text(f"SET @@session.{variable} = 1"))
            if name == "sqlite":
                connection.execute(text("PRAGMA query_only = ON"))
        except exc.SQLAlchemyError as failed:
            raise UserError("error.sql.connect", where=self.where, why=self._plain(failed)) from None
        return connection

    def _plain(self, failed: Exception) -> str:
        """What the driver said, its first line, without account, password and anybody's e-mail."""
        said = str(getattr(failed, "orig", None) or failed).strip().splitlines()
        line = said[0] if said else type(failed).__name__
        for hidden in (
            self._url.render_as_string(hide_password=False),
            self._url.password,
            self._url.username,
        ):
            if hidden:
                line = line.replace(str(hidden), "…")
        return _MAIL.sub("…", line)[:200]
