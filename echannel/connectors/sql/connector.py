"""The SQL connector: queries of a database become canonical batches; nothing is ever written there."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from echannel.connectors.base import (
    REJECTED_COLUMNS,
    Batch,
    Description,
    Finding,
    Given,
    Note,
    SourceContext,
)
from echannel.connectors.sql.database import Database
from echannel.connectors.sql.queries import SINCE, TableQuery, read_options
from echannel.connectors.sql.values import canonical
from echannel.errors import UserError
from echannel.tables import TABLES

_FILLED = ("local_day", "source")  # by the sync, and by this connector
_TOGETHER = ("orders", "order_lines")


class SqlConnector:
    """Reads the tables that an ``sql`` source has queries for (see ``SqlOptions``).

    A query without ``{since}`` is read from the start at every sync. Orders and their lines come in one
    batch, so that a refused order takes its lines with it. ``cursor`` holds the greatest value of each
    query's cursor column, or a hash of what a whole query gave.
    """

    describes: ClassVar[Description] = Description(
        platform="SQL",
        gives={name: Given() for name in TABLES},
        history="sql.history",
        tested=("live",),
        guide="sql",
        versions="SQLAlchemy 2",
        secrets=("url",),
    )

    def __init__(self, options: dict[str, Any], context: SourceContext) -> None:
        self.options = read_options(options)
        self.context = context
        self.timezone = self.options.timezone or context.sme.timezone

    @staticmethod
    def given(options: Mapping[str, Any]) -> dict[str, Given]:
        """The tables that a source with these options has queries for."""
        queries = read_options(dict(options)).tables
        return {name: Given(whole=queries[name].cursor is None) for name in TABLES if name in queries}

    def check(self) -> Iterator[Finding]:
        """Whether the database answers, and whether each query gives its table."""
        try:
            with self._open() as (database, connection):
                yield Finding("address", "works", Note("sql.check.connected", {"where": database.where}))
                for name, query in self.options.tables.items():
                    yield self._look(database, connection, name, query)
        except UserError as error:
            ours = error.key in ("error.sql.no_url", "error.sql.driver")
            said = Note(error.key, error.values)
            yield Finding("address", "blocks", said, turn="launch_pad" if ours else "sme")

    def _look(self, database: Database, connection: Connection, name: str, query: TableQuery) -> Finding:
        try:
            with closing(database.frames(connection, name, query, query.start, 1)) as frames:
                frame = next(frames)
            self._check_columns(name, query, frame)
        except UserError as error:
            said = Note("sql.check.refused", {"table": name, "why": error})
            return Finding("table", "lacks", said, turn="sme", tables=(name,))
        empty = tuple(
            column for column in TABLES[name].columns if column not in frame and column not in _FILLED
        )
        values = {"table": name, "fields": ", ".join(empty) or "–"}
        return Finding("table", "works", Note("sql.check.works", values), tables=(name,), fields=empty)

    def fetch(self, cursor: dict[str, str]) -> Iterator[Batch]:
        """One batch per table, in the order of the canonical tables; orders with their lines.

        Raises
        ------
        UserError
            The database cannot be reached, or a query fails or gives other columns than its table's.
        """
        wanted = [name for name in TABLES if name in self.options.tables]
        groups = [[name for name in wanted if name in _TOGETHER]]
        groups += [[name] for name in wanted if name not in _TOGETHER]
        with self._open() as (database, connection):
            for done, names in enumerate(filter(None, groups)):
                self.context.progress(names[0], done, len(groups))
                parts = [self._table(database, connection, name, cursor) for name in names]
                yield _joined(parts)
        self.context.progress("", len(groups), len(groups))

    @contextmanager
    def _open(self) -> Iterator[tuple[Database, Connection]]:
        if "url" not in self.context.secrets:
            raise UserError("error.sql.no_url", source=self.context.source_id)
        database = Database(self.context.secrets["url"], self.context.root)
        with database.connected() as connection:
            yield database, connection

    def _table(self, database: Database, connection: Connection, name: str, cursor: dict[str, str]) -> Batch:
        """All rows of one query, read in chunks and made canonical chunk by chunk."""
        table, query, key = TABLES[name], self.options.tables[name], f"{name}.since"
        known = cursor.get(key)
        since = query.start if known is None else _less(_value(known), query.overlap_minutes)
        greatest = None if known is None else _value(known)
        good, refused, read = [], [], 0
        for frame in database.frames(connection, name, query, since, self.options.chunk):
            self._check_columns(name, query, frame)
            read += len(frame)
            if query.cursor is not None:
                greatest = _greatest(greatest, frame[query.cursor.lower()], name)
            if "source" in table.columns:
                frame["source"] = self.context.source_id
            rows, bad = canonical(table, frame, self.timezone, self.context.pseudonym, query.pseudonymise)
            good.append(rows)
            refused.append(bad.assign(source=self.context.source_id))
        whole = _stacked(good) if good else pd.DataFrame()
        rejected = (
            pd.concat(refused, ignore_index=True) if refused else pd.DataFrame(columns=list(REJECTED_COLUMNS))
        )
        if query.cursor is None:
            after = {name: _hash(whole, rejected)}
        else:
            # A new value under the table's own name: what was refused of it before is forgotten.
            after = {name: "read"} | ({} if greatest is None else {key: _said(greatest)})
        return Batch({name: whole} if len(whole) else {}, rejected, after, read)

    def _check_columns(self, name: str, query: TableQuery, frame: pd.DataFrame) -> None:
        """Refuse columns that the table does not know, by name: what is not canonical is not read at all."""
        table = TABLES[name]
        own = {query.cursor.lower()} if query.cursor else set()
        twice = sorted(set(frame.columns[frame.columns.duplicated()]))
        unknown = [column for column in frame.columns if column not in table.columns and column not in own]
        unknown += [column for column in _FILLED if column in frame]
        missing = [
            column
            for column, spec in table.columns.items()
            if not spec.nullable and column not in frame and column not in _FILLED
        ]
        if twice:
            raise UserError("error.sql.twice", table=name, columns=", ".join(twice))
        if unknown:
            known = ", ".join(column for column in table.columns if column not in _FILLED)
            raise UserError("error.sql.unknown_columns", table=name, columns=", ".join(unknown), known=known)
        if missing:
            raise UserError("error.sql.missing_columns", table=name, columns=", ".join(missing))
        if own - set(frame.columns):
            raise UserError("error.sql.no_cursor", table=name, columns=", ".join(sorted(own)), since=SINCE)


def _joined(parts: list[Batch]) -> Batch:
    tables = {name: frame for part in parts for name, frame in part.tables.items()}
    rejected = pd.concat([part.rejected for part in parts], ignore_index=True)
    if len(parts) > 1 and len(rejected):  # lines of an order that is refused would stand alone
        lost = [
            json.loads(record).get("order_id")
            for record in rejected.loc[rejected["file"] == "orders", "record"]
        ]
        if lost and "order_lines" in tables:
            lines = tables["order_lines"]
            tables["order_lines"] = lines[~lines["order_id"].astype(str).isin(lost)].reset_index(drop=True)
    cursor = {key: value for part in parts for key, value in part.cursor.items()}
    return Batch(tables, rejected, cursor, sum(part.read for part in parts))


def _stacked(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Chunks one below the other; keys stay dictionary-encoded."""
    if len(frames) == 1:
        return frames[0].reset_index(drop=True)
    columns = {}
    for name in frames[0]:
        parts = [frame[name] for frame in frames]
        if isinstance(parts[0].dtype, pd.CategoricalDtype):
            columns[name] = pd.Series(pd.api.types.union_categoricals(parts))
        else:
            columns[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns)


def _hash(*frames: pd.DataFrame) -> str:
    """What some frames hold, in short, whatever the order of their rows."""
    total = 0
    for frame in frames:
        plain = frame.astype(str)
        total += (
            int(pd.util.hash_pandas_object(plain, index=False).to_numpy(np.uint64).sum()) if len(plain) else 0
        )
    return f"{total % 2**64:016x}"


def _greatest(known: Any, cells: pd.Series, table: str) -> Any:
    """The greatest value of a cursor column so far, as the database gives it."""
    values = [value for value in cells.tolist() if value is not None and value == value]
    try:
        return max([*values, *([] if known is None else [known])], default=None)
    except TypeError:
        raise UserError("error.sql.mixed_cursor", table=table, columns=str(cells.name)) from None


def _said(value: Any) -> str:
    """A cursor's value with its type, as text."""
    for kind, known in (("datetime", dt.datetime), ("date", dt.date)):
        if isinstance(value, known):
            return json.dumps([kind, value.isoformat()])
    if isinstance(value, int | float | str):
        return json.dumps(["plain", value])
    return json.dumps(["decimal" if isinstance(value, Decimal) else "text", str(value)])


def _value(said: str) -> Any:
    kind, value = json.loads(said)
    if kind == "datetime":
        return dt.datetime.fromisoformat(value)
    if kind == "date":
        return dt.date.fromisoformat(value)
    return Decimal(value) if kind == "decimal" else value


def _less(value: Any, minutes: int) -> Any:
    """A moment some minutes earlier, in the form that it has; anything else as it is."""
    if not minutes:
        return value
    gap = dt.timedelta(minutes=minutes)
    if isinstance(value, dt.datetime):
        return value - gap
    if isinstance(value, str):
        try:
            earlier = dt.datetime.fromisoformat(value) - gap
        except ValueError:
            return value
        return earlier.isoformat("T" if "T" in value else " ")
    return value
