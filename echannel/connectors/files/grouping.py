"""Rows of a file grouped by order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from echannel.connectors.base import Note
from echannel.connectors.files.cells import Cells


@dataclass
class Grouped:
    """The rows of an order file by order. Values are handed over one per row of the file; only rows
    that are not refused count, so ask for orders after everything has been refused that must be.
    """

    cells: Cells

    @cached_property
    def ids(self) -> pd.Series:
        """The order id of each row of the file; empty: none."""
        cells = self.cells
        if not cells.has("order_id"):
            return self._made_up_ids()
        ids = cells.texts("order_id")
        continued = (ids == "") & (cells.texts("ordered_at") == "")
        if cells.layout.rows != "orders" and continued.any():
            ids = ids.where(~continued, None).ffill().fillna("")
        return ids

    def _made_up_ids(self) -> pd.Series:
        """Ids for a file without any: customer, day and a running number, the same at every reading."""
        cells = self.cells
        cells.notes.append(Note("files.note.ids_made_up", {}))
        moments = cells.moment("ordered_at", required=True, local_day=True)
        day = pd.Series(moments.astype("datetime64[D]").astype(str), dtype=object)
        customer = self.customer.fillna("").astype(str).str[:16]
        start = customer.where(customer == "", customer + "-") + day
        return start + "-" + (start.groupby(start).cumcount() + 1).astype(str)

    @cached_property
    def customer(self) -> pd.Series:
        """The pseudonym of each row's customer; None where no customer is named."""
        texts = self.cells.texts("customer")
        named = self.cells.firm.pseudonym(texts.where(texts != "", None))
        return pd.Series(named.to_numpy(dtype=object), dtype=object).where(texts != "", None)

    @cached_property
    def kept(self) -> np.ndarray:
        """Which rows are read."""
        return ~self.cells.refused

    @cached_property
    def _factorized(self) -> tuple[np.ndarray, np.ndarray]:
        codes, ids = pd.factorize(self.ids[self.kept])
        return codes, np.asarray(ids, dtype=object)

    @property
    def codes(self) -> np.ndarray:
        """The order (0, 1 …) of each kept row."""
        return self._factorized[0]

    @property
    def order_ids(self) -> np.ndarray:
        """The ids of the orders, in the order of the file."""
        return self._factorized[1]

    def __len__(self) -> int:
        return len(self.order_ids)

    def first(self, values: np.ndarray | pd.Series) -> np.ndarray:
        """The first value that is there, by order."""
        rows = np.asarray(values)[self.kept]
        at = np.flatnonzero(pd.notna(rows))[::-1]
        found = np.full(len(self), _nothing(rows.dtype), dtype=rows.dtype)
        found[self.codes[at]] = rows[at]
        return found

    def first_text(self, name: str) -> np.ndarray:
        """The first filled cell of a field, by order; None where all are empty."""
        texts = self.cells.texts(name)
        return self.first(texts.where(texts != "", None))

    def total(self, values: np.ndarray) -> np.ndarray:
        """The sum by order; NaN where no row has a value."""
        return self.sum_rows(values[self.kept])

    def sum_rows(self, rows: np.ndarray) -> np.ndarray:
        """The sum by order of one value per kept row; NaN where no row has a value."""
        known = self.count(~np.isnan(rows)) > 0
        return np.where(known, np.bincount(self.codes, np.nan_to_num(rows), len(self)), np.nan)

    def count(self, chosen: np.ndarray) -> np.ndarray:
        """How many kept rows are chosen, by order."""
        return np.bincount(self.codes, chosen.astype("float64"), len(self)).astype("int64")


def _nothing(dtype: np.dtype) -> object:
    if dtype.kind == "M":
        return np.datetime64("NaT")
    return None if dtype.kind == "O" else np.nan
