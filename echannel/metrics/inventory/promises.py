"""B2B: what can be promised when."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.inventory.outlook import incoming_units
from echannel.metrics.result import INPUT_MISSING, OK


def available_to_promise(
    items: pd.DataFrame, position: pd.DataFrame, purchases: pd.DataFrame, today: int, days: int = 60
) -> pd.DataFrame:
    """Units that can be promised by each day: on hand − reserved + what open purchases bring until then.

    Forecast demand is not taken off: a promise is first come, first served.

    Returns
    -------
    One row per product and day on which it changes (the first is today): ``product_id``, ``day``, ``value``
    (units, never below 0: what is owed comes first), ``incoming`` (units of that day), ``n`` (products'
    locations counted), ``status``, ``reason``; a product without a count has one row without a number.
    """
    held = position.reindex(items.index)
    lead = items["lead_time_days"].to_numpy("float64")
    incoming = incoming_units(items.index, purchases, held["on_order"].to_numpy("float64"), lead, today, days)
    available = held["available"].to_numpy("float64")
    units = np.column_stack([available, available[:, None] + np.cumsum(incoming, axis=1)])
    steps = np.column_stack(
        [np.ones(len(items), dtype=bool), (incoming > 0) & np.isfinite(available)[:, None]]
    )
    row, column = np.nonzero(steps)
    value = np.maximum(units[row, column], 0.0)
    known = np.isfinite(value)
    return pd.DataFrame(
        {
            "product_id": items.index.to_numpy()[row],
            "day": today + column,
            "value": value,
            "incoming": np.column_stack([np.zeros(len(items)), incoming])[row, column],
            "n": held["n"].fillna(0).to_numpy("int64")[row] if "n" in held else 1,
            "status": np.where(known, OK, INPUT_MISSING),
            "reason": np.where(known, "", "reason.stock_missing"),
        }
    )


def delivery_promise(
    promises: pd.DataFrame, items: pd.DataFrame, product_id: str, quantity: float, today: int
) -> int | None:
    """The first day by which ``quantity`` of a product can be promised.

    Where what is here and on its way does not do, a lead time from today; None where stock is unknown.
    """
    mine = promises[(promises["product_id"] == product_id) & (promises["status"] == OK)]
    if mine.empty:
        return None
    enough = mine[mine["value"] >= quantity]
    if len(enough):
        return int(enough["day"].min())
    return today + int(np.ceil(items["lead_time_days"].loc[product_id]))
