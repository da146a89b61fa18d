"""The tables that the SQL box can name: the subjects, and the canonical tables that none of them shows."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pyarrow as pa

from echannel.asking.subjects import Subject, subjects_of
from echannel.sme import Sme

_CANONICAL = ("order_lines", "products", "customers", "suppliers", "supplier_prices", "stock_levels")
_DAYS = ("day", "local_day")

Tables = dict[str, tuple[tuple[str, ...], Callable[[], pa.Table]]]


def tables_of(sme: Sme) -> Tables:
    """By name: its columns, and a way to its rows as Arrow (days as dates); empty tables are left out."""
    found: Tables = {
        name: (tuple(field.name for field in subject.fields), _from_subject(subject))
        for name, subject in subjects_of(sme).items()
    }
    for name in _CANONICAL:
        frame = sme.table(name)
        if len(frame):
            found[name] = (tuple(frame.columns), _from_table(sme, name))
    return found


def _from_subject(subject: Subject) -> Callable[[], pa.Table]:
    return lambda: in_arrow(subject.frame)


def _from_table(sme: Sme, name: str) -> Callable[[], pa.Table]:
    return lambda: in_arrow(sme.table(name))


def in_arrow(frame: pd.DataFrame) -> pa.Table:
    """The frame as an Arrow table whose days are dates."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for name in _DAYS:
        if name in frame:
            days = pa.array(frame[name].to_numpy().astype("int32")).cast(pa.date32())
            table = table.set_column(table.schema.get_field_index(name), name, days)
    return table
