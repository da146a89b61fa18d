"""Exceptionally large orders: goods are bought for them, not kept in stock for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from echannel.metrics.counting import codes_of
from echannel.metrics.inventory.panels import places_in, wide

if TYPE_CHECKING:
    from echannel.metrics.inventory import Inventory

EXCEPTIONAL = 10.0  # times the median quantity that an order takes of the product
FEWEST_ORDERS = 5  # fewer do not say what is usual


def exceptional_units(
    lines: pd.DataFrame, products: pd.Index, first_day: int, last_day: int, known_until: int | None = None
) -> pd.DataFrame:
    """Units, per product and local day, by which single orders exceed ten times the product's median order.

    A day of many ordinary orders (Black Friday) has none. Orders after ``known_until`` are judged by the
    median of those before. A product with fewer than five orders has no exceptions.

    Parameters
    ----------
    lines : ``Sales.lines``.
    """
    row = places_in(products, lines["product_id"])
    order, names = codes_of(lines["order_id"])
    quantity, day = lines["quantity"].to_numpy("float64"), lines["day"].to_numpy("int64")
    sold = (row >= 0) & (lines["entry"] == "sale").to_numpy() & (quantity > 0)
    each = np.where(order >= 0, order, len(names) + np.arange(len(order)))  # unnumbered: each for itself
    pairs, first, place = np.unique(
        row[sold] * (len(names) + len(order) + 1) + each[sold], return_index=True, return_inverse=True
    )
    units = np.bincount(place, quantity[sold], len(pairs))
    product, on = row[sold][first], day[sold][first]
    known = on <= (last_day if known_until is None else known_until)
    excess = np.maximum(
        units - EXCEPTIONAL * _median(product[known], units[known], len(products))[product], 0.0
    )
    inside = (on >= first_day) & (on <= last_day) & (excess > 0)
    width = max(last_day - first_day + 1, 0)
    cells = np.bincount(
        product[inside] * width + (on[inside] - first_day), excess[inside], len(products) * width
    )
    return wide(cells.reshape(len(products), width), products, first_day)


def stocked_units(inventory: Inventory, known_until: int | None = None) -> pd.DataFrame:
    """Units sold per product and day without what was exceptional: the demand that stock is kept for."""
    units = inventory.units
    beyond = exceptional_units(
        inventory.lines, units.index, inventory.first_day, inventory.today, known_until
    )
    return units - np.minimum(beyond, units)


def _median(product: np.ndarray, units: np.ndarray, size: int) -> np.ndarray:
    """The median order of each product; ∞ where there are too few."""
    ordered = units[np.lexsort((units, product))]
    count = np.bincount(product, minlength=size)
    start = np.cumsum(count) - count
    result = np.full(size, np.inf)
    enough = count >= FEWEST_ORDERS
    low, high = ((start + (count - back) // 2)[enough] for back in (1, 0))
    result[enough] = (ordered[low] + ordered[high]) / 2
    return result
