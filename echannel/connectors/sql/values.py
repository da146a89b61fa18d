"""Values of a database in the types of the canonical tables; what does not fit is refused by row."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pandas as pd

from echannel.connectors.base import REJECTED_COLUMNS
from echannel.connectors.files import dates, numbers, words
from echannel.connectors.files.connector import in_canonical_types
from echannel.tables import Column, Table

IDENTITIES = ("customer_id", "company_id", "person_id")
"""Columns that always go through the keyed hash, whatever the query calls them for."""


def canonical(
    table: Table,
    frame: pd.DataFrame,
    timezone: str,
    pseudonym: Callable[[pd.Series], pd.Series],
    more: tuple[str, ...],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows in the table's types, and those that cannot be (``REJECTED_COLUMNS`` but for the source)."""
    identities = {*IDENTITIES, *more}
    columns: dict[str, pd.Series] = {}
    refused: list[pd.DataFrame] = []
    for name, column in table.columns.items():
        if name not in frame:
            continue
        if name in identities:
            columns[name] = pseudonym(_texts(frame[name])).astype(object)
            continue
        values, wrong, reason = _read(frame[name], column, timezone)
        empty = pd.isna(values).to_numpy(bool) & ~wrong
        if column.dtype in ("int32", "bool") and not column.nullable:
            refused.append(_refusals(table, frame, empty, name, "sync.reason.empty", identities))
        refused.append(_refusals(table, frame, wrong, name, reason, identities))
        columns[name] = values
    rejected = pd.concat(refused).groupby(level=0).first() if any(map(len, refused)) else pd.DataFrame()
    good = pd.DataFrame(columns, index=frame.index).drop(index=rejected.index)
    if rejected.empty:
        rejected = pd.DataFrame(columns=list(REJECTED_COLUMNS))
    return in_canonical_types(table.name, good), rejected.reindex(columns=list(REJECTED_COLUMNS))


def _read(cells: pd.Series, column: Column, timezone: str) -> tuple[pd.Series, np.ndarray, str]:
    """A column in its type, which cells are wrong, and why."""
    if column.dtype.startswith("datetime64"):
        return (*_moments(cells, timezone, local="UTC" not in column.dtype), "reason.files.not_a_date")
    if column.dtype in ("float64", "int32"):
        return (*_numbers(cells), "reason.files.not_a_number")
    if column.dtype in ("bool", "boolean"):
        return (*_flags(cells), "reason.sql.not_yes_or_no")
    texts = _texts(cells)
    if column.allowed:
        texts = texts.map(str.lower, na_action="ignore")
    elif column.pattern and "A-Z" in column.pattern:
        texts = texts.map(str.upper, na_action="ignore")
    return texts.astype(object), np.zeros(len(cells), dtype=bool), ""


def _texts(cells: pd.Series) -> pd.Series:
    """Texts; whole numbers without a point, empty texts as nothing."""
    found = cells.astype(object)
    known = {value: _text(value) for value in found.dropna().unique()}
    return found.map(known).astype(object).where(found.notna(), None)


def _text(value: object) -> str | None:
    if isinstance(value, float | Decimal) and value == value and value == int(value):
        return str(int(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value).strip() or None


def _numbers(cells: pd.Series) -> tuple[pd.Series, np.ndarray]:
    found = pd.to_numeric(cells, errors="coerce").astype("float64")
    lacking = found.isna() & cells.notna() & (cells.astype(str).str.strip() != "")
    if not lacking.any():
        return found, np.zeros(len(cells), dtype=bool)
    texts = cells[lacking].astype(str)
    values, wrong = numbers.number_column(texts).values(".")
    found[lacking] = values
    bad = np.zeros(len(cells), dtype=bool)
    bad[lacking.to_numpy(bool)] = wrong | ~np.isfinite(values)
    return found, bad


def _flags(cells: pd.Series) -> tuple[pd.Series, np.ndarray]:
    said = words.flags(_texts(cells).fillna("").astype(str))
    filled = (cells.notna() & (cells.astype(str).str.strip() != "")).to_numpy(bool)
    return said, filled & said.isna().to_numpy(bool)


def _moments(cells: pd.Series, timezone: str, local: bool) -> tuple[pd.Series, np.ndarray]:
    """Moments in UTC, or local days; times without a zone are those of ``timezone``.

    In the hour that comes twice in autumn the first is taken.
    """
    texts = cells.astype(object).map(_iso, na_action="ignore").fillna("").astype(str)
    column = dates.date_column(texts)
    values, wrong = (column.local if local else column.utc)("ymd", timezone)
    return pd.Series(values, index=cells.index), wrong


def _iso(value: object) -> str:
    if isinstance(value, dt.datetime):  # pandas' own timestamps too
        return value.isoformat(" ", "microseconds") if value == value else ""
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value).strip()


def _refusals(
    table: Table, frame: pd.DataFrame, wrong: np.ndarray, name: str, reason: str, identities: set[str]
) -> pd.DataFrame:
    """Refused rows, indexed as the frame: what stands in ``name``, and the keys that find the row again."""
    rows = frame[wrong]
    keys = [key for key in table.key if key in frame and key not in identities]
    records = rows[keys].astype(str).to_dict("records") if keys else [{}] * len(rows)
    value = rows[name].astype(str).where(lambda text: text.str.len() <= 40, "…")
    return pd.DataFrame(
        {
            "file": table.name,
            "row": 0,
            "field": name,
            "value": value.where(~value.str.contains("@", regex=False), "…"),
            "reason": reason,
            "reason_values": "{}",
            "record": [
                json.dumps({str(key): text for key, text in one.items()}, ensure_ascii=False)
                for one in records
            ],
        },
        index=rows.index,
    )
