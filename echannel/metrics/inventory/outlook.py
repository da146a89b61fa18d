"""Stock of the days to come if nothing more is ordered: what can be sold − forecasts + deliveries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.inventory.facts import daily_path
from echannel.metrics.inventory.panels import day_or_none, places_in, received_quantity
from echannel.metrics.inventory.position import is_open

DAYS = 182


@dataclass(frozen=True)
class Outlook:
    """Arrays of products × days; the first day is tomorrow.

    Attributes
    ----------
    available : on hand − reserved today, per product; NaN unknown.
    incoming : units that open purchases bring. demand : expected units. stock : of the end of each day;
        below 0 where customers would have to wait; NaN where stock or demand is unknown.
    """

    products: pd.Index
    today: int
    available: np.ndarray
    incoming: np.ndarray
    demand: np.ndarray
    stock: np.ndarray

    def first_day_at_or_below(self, level: np.ndarray | float) -> np.ndarray:
        """The first day (today is one) on which stock is no more than ``level``; NaN: not in these days."""
        bound = np.broadcast_to(np.asarray(level, dtype="float64"), self.available.shape)
        with np.errstate(invalid="ignore"):
            low = np.column_stack([self.available, self.stock]) <= bound[:, None] + 1e-9
        asked = np.nansum(self.demand, axis=1) > 0
        return np.where(low.any(axis=1) & asked, self.today + np.argmax(low, axis=1), np.nan)

    @property
    def run_out_day(self) -> np.ndarray:
        """The first day at whose end nothing is left; NaN: not in these days."""
        return self.first_day_at_or_below(0.0)


def outlook(
    products: pd.Index,
    position: pd.DataFrame,
    paths: pd.DataFrame,
    purchases: pd.DataFrame,
    lead_time: np.ndarray,
    per_day: np.ndarray,
    today: int,
    days: int = DAYS,
) -> Outlook:
    """Stock of the next ``days`` days of each product.

    Parameters
    ----------
    position : see ``position.position``. paths : forecasts per week; products without any take ``per_day``.
    lead_time : days, for open purchases without an expected day, and for units on order that no purchase
    names.
    """
    held = position.reindex(products)
    incoming = incoming_units(
        products, purchases, held["on_order"].to_numpy("float64"), lead_time, today, days
    )
    demand = daily_path(paths, products, today, days, per_day)
    available = held["available"].to_numpy("float64")
    stock = available[:, None] + np.cumsum(incoming - demand, axis=1)
    return Outlook(products, today, available, incoming, demand, stock)


def incoming_units(
    products: pd.Index,
    purchases: pd.DataFrame,
    on_order: np.ndarray,
    lead_time: np.ndarray,
    today: int,
    days: int,
) -> np.ndarray:
    """Units that are to come each day (products × days; the first is tomorrow).

    On the expected day, else a lead time after the order; what is overdue is taken to come tomorrow.
    """
    table = np.zeros((len(products), days))
    lead = np.ceil(np.nan_to_num(np.asarray(lead_time, dtype="float64"), nan=0.0))
    named: np.ndarray = np.zeros(len(products))
    if len(purchases):
        row = places_in(products, purchases["product_id"])
        mine = (row >= 0) & is_open(purchases, today)
        row = row[mine]
        lines = purchases[mine]
        left = lines["quantity"].to_numpy("float64") - received_quantity(lines)
        expected = day_or_none(lines["expected_on"])
        due = np.where(np.isfinite(expected), expected, day_or_none(lines["ordered_on"]) + lead[row])
        at = np.maximum(np.nan_to_num(due, nan=today + 1) - today - 1, 0).astype("int64")
        left = np.maximum(left, 0.0)
        named = np.bincount(row, left, len(products))
        inside = at < days
        np.add.at(table, (row[inside], at[inside]), left[inside])
    rest = np.maximum(np.nan_to_num(on_order) - named, 0.0)
    at = np.maximum(lead - 1, 0).astype("int64")
    late = np.nonzero((rest > 0) & (at < days))[0]
    table[late, at[late]] += rest[late]
    return table
