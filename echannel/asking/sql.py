"""A box for SQL that can read an SME's tables and do nothing else.

DuckDB runs over the tables in memory, with no way to files, the network, extensions or Python's own
variables, and its settings locked before the text is looked at (DuckDB's manual, "Securing DuckDB"). Only
one statement is taken, and only a SELECT. Rows, time and memory are bounded.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb
import pandas as pd
import pyarrow as pa

from echannel.errors import UserError

ROWS = 1_000
SECONDS = 10.0
MEMORY = "512MB"
LETTERS = 10_000  # of one text

_LOCKED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": MEMORY,
    "threads": "1",
    "lock_configuration": "true",
}


@dataclass(frozen=True)
class Found:
    """What a query found: at most :data:`ROWS` rows; ``cut`` where there were more."""

    frame: pd.DataFrame
    cut: bool


def ask_in_sql(
    text: str, tables: Mapping[str, Callable[[], pa.Table]], rows: int = ROWS, seconds: float = SECONDS
) -> Found:
    """Runs one SELECT over ``tables``, each made only when the text names it.

    Raises
    ------
    UserError
        The text is empty, too long, no single SELECT, cannot be understood, names what is not there, takes
        too long or too much memory.
    """
    if not text.strip():
        raise UserError("ask.error.empty")
    if len(text) > LETTERS:
        raise UserError("ask.error.too_long", most=LETTERS)
    with duckdb.connect(":memory:", config=dict(_LOCKED)) as database:
        asked = _one_select(database, text)
        for name, make in tables.items():
            if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE):
                database.register(name, make())
        return _run(database, asked, rows, seconds, tuple(tables))


def _one_select(database: duckdb.DuckDBPyConnection, text: str) -> str:
    try:
        statements = database.extract_statements(text)
    except duckdb.Error as error:
        raise _not_understood(error) from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UserError("ask.error.only_select")
    return str(statements[0].query)


def _run(
    database: duckdb.DuckDBPyConnection, asked: str, rows: int, seconds: float, known: tuple[str, ...]
) -> Found:
    late = threading.Event()

    def stop() -> None:
        late.set()
        database.interrupt()

    timer = threading.Timer(seconds, stop)
    timer.start()
    try:
        # Their own SELECT, in a database that holds nothing but their own tables.
        bounded = f"SELECT * FROM ({asked.rstrip().rstrip(';')}\n) LIMIT {rows + 1}"  # noqa: S608
        found = database.execute(bounded).df()
    except duckdb.InterruptException:
        raise UserError("ask.error.too_slow", seconds=round(seconds)) from None
    except duckdb.OutOfMemoryException:
        raise UserError("ask.error.too_much") from None
    except duckdb.PermissionException:
        raise UserError("ask.error.only_tables") from None
    except duckdb.CatalogException as error:
        raise UserError("ask.error.not_there", detail=_first_line(error), known=", ".join(known)) from None
    except duckdb.Error as error:
        if late.is_set():
            raise UserError("ask.error.too_slow", seconds=round(seconds)) from None
        raise _not_understood(error) from None
    finally:
        timer.cancel()
    return Found(found.head(rows), len(found) > rows)


def _not_understood(error: duckdb.Error) -> UserError:
    return UserError("ask.error.not_understood", detail=_first_line(error))


def _first_line(error: duckdb.Error) -> str:
    return next(iter(str(error).splitlines()), "")[:300]
