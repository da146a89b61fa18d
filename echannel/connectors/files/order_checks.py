"""Which rows of an order file cannot be read.

A row that cannot be read takes its whole order with it (reason "same order" for the other rows):
an order is read with all its lines or not at all, so nothing is counted by halves.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.connectors.files.cells import SAME_ORDER, Cells
from echannel.connectors.files.fields import FIELDS
from echannel.connectors.files.grouping import Grouped
from echannel.connectors.files.order_fields import currency_rows, fx_rows, status_rows

_NOT_MONEY = ("quantity", "fx_rate", "unit_cost", "platform_tax")
_MONEY = tuple(name for name, kind in FIELDS["orders"].items() if kind == "number" and name not in _NOT_MONEY)
_OF_ORDER = ("total", "goods", "goods_after_discount")
_OF_LINE = ("unit_price", "line_value", "line_total")


def refuse_unreadable(orders: Grouped) -> None:
    """Refuse the rows of every order that has a row which cannot be read."""
    cells, ids = orders.cells, orders.ids
    cells.refuse((ids == "").to_numpy(bool), "order_id", "reason.files.missing")
    moments = cells.moment("ordered_at", required=True)
    cells.refuse(_nowhere(~np.isnat(moments), ids), "ordered_at", "reason.files.missing")
    for name in cells.fields:
        if FIELDS["orders"][name] in ("number", "percent"):
            cells.number(name)
    for name, codes in (("status", status_rows(cells)), ("currency", currency_rows(cells))):
        unknown = ((cells.texts(name) != "") & codes.isna()).to_numpy(bool)
        cells.refuse(unknown, name, f"reason.files.unknown_{name}")
    cells.refuse(~(fx_rows(cells) > 0), "currency", "reason.files.no_fx_rate", currency=cells.firm.currency)
    _refuse_without_amount(cells, ids)
    _refuse_without_price(cells, ids)
    bad = set(ids[cells.refused]) - {""}
    cells.refuse(ids.isin(bad).to_numpy(bool), "order_id", SAME_ORDER)
    if cells.layout.rows == "orders":
        _refuse_repeated(cells, ids)
    elif "order_id" in cells.fields:
        _refuse_copies(cells, ids)


def _nowhere(there: np.ndarray, ids: pd.Series) -> np.ndarray:
    """Rows of orders where no row has what is asked for."""
    return ~pd.Series(there).groupby(ids).transform("any").to_numpy(bool)


def _refuse_without_amount(cells: Cells, ids: pd.Series) -> None:
    """Orders without any amount, but for carts and cancelled orders (Amazon empties their prices)."""
    fine = status_rows(cells).isin(["pending", "cancelled"]).to_numpy(bool)
    for name in _MONEY:
        if name in cells.fields:
            fine |= ~np.isnan(cells.number(name))
    cells.refuse(_nowhere(fine, ids), "", "reason.files.no_amount")


def _refuse_without_price(cells: Cells, ids: pd.Series) -> None:
    """Lines that sold something at no price, in orders whose goods are known from their lines only."""
    prices = [name for name in cells.fields if name.removesuffix("_net").removesuffix("_gross") in _OF_LINE]
    if not prices:
        return
    by_order = np.zeros(len(cells), dtype=bool)
    for name in cells.fields:
        if name.removesuffix("_net").removesuffix("_gross") in _OF_ORDER:
            by_order |= ~np.isnan(cells.number(name))
    priced = np.any([~np.isnan(cells.number(name)) for name in prices], axis=0)
    sold = np.nan_to_num(cells.number("quantity")) != 0
    fine = status_rows(cells).isin(["pending", "cancelled"]).to_numpy(bool)
    cells.refuse(sold & ~priced & _nowhere(by_order | fine, ids), prices[0], "reason.files.missing")


def _refuse_repeated(cells: Cells, ids: pd.Series) -> None:
    """Where one row is one order: an order that comes again further down counts as it stands there."""
    standing = pd.Series(np.where(cells.refused, np.nan, np.arange(len(cells))))
    last = standing.groupby(ids).transform("max").to_numpy()
    cells.refuse((standing < last).to_numpy(bool), "order_id", "reason.files.repeated")


def _refuse_copies(cells: Cells, ids: pd.Series) -> None:
    """Orders of several rows that come again, word for word, further down (one export below another).

    Equal rows one below the other are no copy: two of the same may well be sold in one order.
    """
    run = (ids != ids.shift()).cumsum().rename("run")
    again = (run.groupby(ids).transform("nunique") > 1) & (ids != "")
    if not again.any():
        return
    runs = run[again]
    hashes = pd.util.hash_pandas_object(cells.raw.rows[again.to_numpy(bool)], index=False)
    place = (2 * runs.groupby(runs).cumcount() + 1).astype("uint64")
    content = (hashes.set_axis(runs.index) * place).groupby(runs).sum()
    by_run = pd.DataFrame({"content": content, "order": ids[again].groupby(runs).first()})
    copied = by_run.groupby("order")["content"].transform("nunique") == 1
    last = by_run.index == by_run.reset_index().groupby("order")["run"].transform("max").to_numpy()
    earlier = set(by_run.index[copied & ~last])
    cells.refuse(run.isin(earlier).to_numpy(bool), "order_id", "reason.files.repeated")
