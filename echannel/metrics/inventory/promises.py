"""B2B: what can be promised when, and products that hang on few customers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.counting import divided
from echannel.metrics.inventory.outlook import incoming_units
from echannel.metrics.inventory.panels import places_in
from echannel.metrics.result import INPUT_MISSING, OK, judged

FEWEST_ORDERS = 4
FEW_CUSTOMERS = 3
LARGE_SHARE = 0.5  # of a year's units that one customer takes
_YEAR = 365


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


def few_customers(lines: pd.DataFrame, products: pd.Index, today: int) -> pd.DataFrame:
    """How far each product's demand of the last 12 months hangs on single customers.

    Parameters
    ----------
    lines : ``Sales.lines``.

    Returns
    -------
    Index ``product_id``: ``value`` (the largest customer's share of units), ``customers``, ``units``,
    ``largest_order`` (share of units in the largest order), ``hangs_on_few`` (half of it or more from one
    customer, or no more than three customers), ``n`` (orders), ``status``, ``reason``. Orders without a known
    customer count as one customer each.
    """
    recent = lines[(lines["entry"] == "sale").to_numpy() & (lines["day"] > today - _YEAR).to_numpy()]
    order = recent["order_id"].astype(str)
    customer = recent["customer_id"].astype(object)
    frame = pd.DataFrame(
        {
            "row": places_in(products, recent["product_id"]),
            "customer": customer.where(customer.notna(), "order " + order).astype(str),
            "order": order,
            "units": recent["quantity"].to_numpy("float64"),
        }
    )
    frame = frame[(frame["row"] >= 0) & (frame["units"] > 0)]
    size = len(products)
    units = np.bincount(frame["row"], frame["units"], size)
    by_customer = frame.groupby(["row", "customer"])["units"].sum()
    by_order = frame.groupby(["row", "order"])["units"].sum()

    def per_product(sums: pd.Series, how: str) -> np.ndarray:
        return sums.groupby("row").agg(how).reindex(range(size)).fillna(0).to_numpy("float64")

    largest = divided(per_product(by_customer, "max"), units)
    customers = per_product(by_customer, "size")
    result = pd.DataFrame(
        {
            "value": largest,
            "customers": customers,
            "units": units,
            "largest_order": divided(per_product(by_order, "max"), units),
            "n": per_product(by_order, "size").astype("int64"),
        },
        index=products,
    )
    told = judged(result, FEWEST_ORDERS, "reason.few_sales")
    few = (told["status"] == OK) & ((told["value"] >= LARGE_SHARE) | (told["customers"] <= FEW_CUSTOMERS))
    return told.assign(hangs_on_few=few)
