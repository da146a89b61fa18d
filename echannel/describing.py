"""Help on tables and columns, for whoever explores an SME's data in a notebook.

>>> sme.describe()            # which tables there are, and how many rows each holds
>>> sme.describe("orders")    # what each column means, and how much of it is filled
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from echannel.errors import UserError
from echannel.locale import Speaker
from echannel.tables import TABLES, Column

if TYPE_CHECKING:
    from echannel.sme import Sme


def describe_tables(sme: Sme, say: Speaker) -> pd.DataFrame:
    """One row per table: its name, what it holds, its rows, and how to see its columns."""
    rows = [(name, say(f"table.{name}"), len(sme.table(name)), f'sme.describe("{name}")') for name in TABLES]
    heads = [say(f"columns.head.{head}") for head in ("table", "meaning", "rows", "call")]
    return pd.DataFrame(rows, columns=heads)


def describe_columns(sme: Sme, table: str, say: Speaker) -> pd.DataFrame:
    """One row per column of ``table``: its name, what it means and holds, and the share that is filled.

    Raises
    ------
    UserError
        There is no table of that name.
    """
    if table not in TABLES:
        raise UserError("columns.error.no_table", value=table, known=", ".join(TABLES))
    frame = sme.table(table)
    rows = [
        (
            name,
            say(f"column.{name}"),
            say(f"columns.holds.{_holds(column)}"),
            say.percent(float(frame[name].notna().mean()), 0) if len(frame) else say("common.unknown"),
        )
        for name, column in TABLES[table].columns.items()
    ]
    heads = [say(f"columns.head.{head}") for head in ("column", "meaning", "holds", "filled")]
    return pd.DataFrame(rows, columns=heads)


def _holds(column: Column) -> str:
    dtype = column.dtype.lower()
    if dtype.startswith("datetime"):
        return "moment" if "utc" in dtype else "day"
    if dtype.startswith("bool"):
        return "yes_no"
    if dtype == "category":
        return "code"
    return "text" if dtype == "string" else "number"
