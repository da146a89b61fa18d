"""Google Analytics 4's export files: comments, several tables in one file, days written in three ways."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files

import numpy as np
import pandas as pd
import yaml

from echannel.connectors.base import Note
from echannel.connectors.files.headers import normal
from echannel.connectors.files.reading import Raw
from echannel.errors import UserError

DAY, SOURCE, MEDIUM = "visit day", "visit source", "visit medium"
"""Columns that are added to the file's own."""


@lru_cache
def _words() -> dict[str, tuple[str, ...]]:
    text = (files("echannel.connectors.files") / "analytics.yml").read_text(encoding="utf-8")
    return {name: tuple(words) for name, words in yaml.safe_load(text).items()}


def ga4_table(raw: Raw, above: list[list[str]]) -> Raw:
    """The first table of a GA4 file that has days, with ``DAY``, ``SOURCE`` and ``MEDIUM`` as columns.

    ``above`` are the rows before its headers: comments, among them the first day, from which an "Nth day"
    counts. Comments, sums, and tables that follow are left out, the latter noted. Where the export breaks
    sessions down by event, only ``session_start`` counts: other events would count a session again.

    Raises
    ------
    UserError
        No column says which day a row is of: which dimension to add.
    """
    first = raw.rows.iloc[:, 0].astype(str).str.strip()
    comments = np.flatnonzero(first.str.startswith("#").to_numpy(bool))
    end = int(comments[0]) if len(comments) else len(raw.rows)
    rows = raw.rows.iloc[:end]
    sums = np.zeros(end, dtype=bool)
    for at in range(rows.shape[1]):
        sums |= rows.iloc[:, at].astype(str).map(normal).isin(_words()["sum"]).to_numpy(bool)
    event = _column(raw, "event")
    if event is not None:
        sums |= (event.iloc[:end] != "session_start").to_numpy(bool)
    kept = np.flatnonzero(~sums)
    table = replace(raw, rows=rows.iloc[kept].reset_index(drop=True), numbers=raw.numbers[kept], _stripped={})
    if table.rows.empty:
        raise UserError("error.files.no_rows", file=raw.file)
    source, medium = _source_and_medium(table)
    said = list(raw.said)
    later = end < len(raw.rows) and (~first.iloc[end:].str.startswith("#")).any()
    if later:
        said.append(Note("files.note.ga4_tables", {}))
    return with_columns(
        replace(table, said=tuple(said)), {DAY: _days(table, above), SOURCE: source, MEDIUM: medium}
    )


def with_columns(raw: Raw, more: dict[str, pd.Series]) -> Raw:
    """A file's rows with more columns at the end."""
    added = pd.DataFrame(
        {len(raw.headers) + at: cells.to_numpy(object) for at, cells in enumerate(more.values())}
    )
    own = raw.rows.iloc[:, : len(raw.headers)].reset_index(drop=True)
    own.columns = pd.RangeIndex(len(own.columns))
    rows = pd.concat(
        [own, added.set_axis(range(len(own.columns), len(own.columns) + len(more)), axis=1)], axis=1
    )
    return replace(raw, headers=(*raw.headers, *more), rows=rows, _stripped={})


def _column(raw: Raw, name: str) -> pd.Series | None:
    names = _words()[name]
    at = next((at for at, header in enumerate(raw.headers) if normal(header) in names), None)
    return None if at is None else raw.rows.iloc[:, at].astype(str).str.strip()


def _days(raw: Raw, above: list[list[str]]) -> pd.Series:
    day = _column(raw, "day")
    if day is not None:
        return day
    hour = _column(raw, "hour")
    if hour is not None:
        return hour.str[:8]
    nth = _column(raw, "nth_day")
    first_day = re.compile(rf"(?:{'|'.join(_words()['first_day'])}) (\d{{8}})")
    starts = [found[1] for row in above for cell in row if (found := first_day.search(normal(cell)))]
    if nth is None or not starts:
        raise UserError("error.files.ga4_no_days", file=raw.file, found=", ".join(raw.headers))
    first = pd.to_datetime(pd.Series(starts[-1], index=nth.index), format="%Y%m%d", errors="coerce")
    shift = pd.to_timedelta(pd.to_numeric(nth, errors="coerce"), unit="D")
    return (first + shift).dt.strftime("%Y-%m-%d").fillna(nth)


def _source_and_medium(raw: Raw) -> tuple[pd.Series, pd.Series]:
    """Source and medium out of the one cell that holds both: "google / organic"."""
    at = next(
        (
            at
            for at, header in enumerate(raw.headers)
            if any(name in normal(header) for name in _words()["source_medium"])
        ),
        None,
    )
    if at is None:
        nothing = pd.Series("", index=range(len(raw.rows)), dtype=object)
        return nothing, nothing
    parts = raw.rows.iloc[:, at].astype(str).str.split(" / ", n=1, expand=True).reindex(columns=[0, 1])
    return parts[0].fillna("").str.strip(), parts[1].fillna("").str.strip()
