"""Canonical frames brought into one form, and put together: new rows replace old ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from echannel.tables import CODE, Table


def normalised(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the table's columns and dtypes, one row per key (the last one wins), in a fixed order.

    Two frames that hold the same rows come out equal (``DataFrame.equals``), whatever order
    or categories they came with: rows are sorted by day and key, categories by name.
    A nullable column that is missing is added empty.
    """
    whole = frame.reindex(columns=list(table.columns)).astype(
        {name: spec.dtype for name, spec in table.columns.items() if spec.dtype != CODE}
    )
    for name, spec in table.columns.items():
        if spec.dtype == CODE:
            whole[name] = _sorted_categories(whole[name])
    whole = whole.drop_duplicates(list(table.key), keep="last")
    order = [table.local_day_of, *table.key] if table.local_day_of else list(table.key)
    whole = whole.sort_values(order, kind="stable", ignore_index=True)
    for name, spec in table.columns.items():
        if spec.dtype == CODE:
            whole[name] = whole[name].cat.remove_unused_categories()
    return whole


def _sorted_categories(values: pd.Series) -> pd.Series:
    """Categories are plain text, sorted: codes of equal columns are equal."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object).where(values.notna(), None).astype("category")
    names = np.asarray(values.cat.categories.astype(str), dtype=object)
    if len(names) and (names[:-1] >= names[1:]).any():
        values = values.cat.rename_categories(pd.Index(names, dtype=object))
        return values.cat.reorder_categories(sorted(names))
    return values.cat.rename_categories(pd.Index(names, dtype=object))


def upserted(table: Table, old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """``old`` with the rows of ``new`` put in: by group (``replace_by``) or row by row (``key``).

    ``old`` is :func:`normalised`, and so is the result.
    """
    new = normalised(table, new)
    if old.empty:
        return new
    if new.empty:
        return old
    by = [table.replace_by] if table.replace_by else list(table.key)
    kept = old[~_occurs(old, new, by)]
    return normalised(table, stacked(table, [kept, new]))


def changed_rows(table: Table, old: pd.DataFrame, new: pd.DataFrame) -> int:
    """How many rows differ between two normalised frames: came in, went, or hold other values."""
    if old.equals(new):
        return 0
    before, after = _row_hashes(old), _row_hashes(new)
    keys_before, keys_after = _key_hashes(table, old), _key_hashes(table, new)
    same = pd.Series(before, index=keys_before).reindex(keys_after).to_numpy() == after
    gone = ~np.isin(keys_before, keys_after)
    return int((~same).sum() + gone.sum())


def _row_hashes(frame: pd.DataFrame) -> np.ndarray:
    return pd.util.hash_pandas_object(frame, index=False).to_numpy()


def _key_hashes(table: Table, frame: pd.DataFrame) -> np.ndarray:
    return pd.util.hash_pandas_object(frame[list(table.key)], index=False).to_numpy()


def _occurs(old: pd.DataFrame, new: pd.DataFrame, by: list[str]) -> np.ndarray:
    """Which rows of ``old`` have their key (or group) among those of ``new``."""
    if len(by) == 1:
        return old[by[0]].isin(new[by[0]].dropna().unique()).to_numpy()
    wanted = pd.MultiIndex.from_frame(new[by].astype(object))
    return pd.MultiIndex.from_frame(old[by].astype(object)).isin(wanted)


def stacked(table: Table, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames below each other; categoricals (of plain text) stay so, over the union of their values."""
    columns = {}
    for name, spec in table.columns.items():
        parts = [frame[name] for frame in frames]
        if spec.dtype == CODE:
            columns[name] = pd.Series(union_categoricals(parts))
        else:
            columns[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns)


def _with_plain_codes(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    codes = [name for name, spec in table.columns.items() if spec.dtype == CODE]
    return frame.assign(**{name: _sorted_categories(frame[name]) for name in codes})


def merged(
    table: Table, frames: Sequence[pd.DataFrame], emptied: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """Frames that came one after the other as one, :func:`normalised`: later rows go over earlier ones.

    ``emptied`` says of groups (``Table.replace_by``) from which frame on they have no row but those of it and
    of later ones.
    """
    if len(frames) == 1 and not emptied:
        return normalised(table, frames[0])
    whole = stacked(table, [_with_plain_codes(table, frame) for frame in frames])
    if table.replace_by:
        turn = np.repeat(np.arange(len(frames)), [len(frame) for frame in frames])
        groups = whole[table.replace_by].cat.codes.to_numpy()
        names = whole[table.replace_by].cat.categories
        latest = np.full(len(names), -1)
        np.maximum.at(latest, groups[groups >= 0], turn[groups >= 0])
        if emptied:
            latest = np.maximum(latest, pd.Series(names).map(emptied).fillna(-1).to_numpy("int64"))
        whole = whole[(groups < 0) | (turn == latest[groups])]
    return normalised(table, whole)
