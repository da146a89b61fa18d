"""The order quantity of each product: economic, in whole packs, within a year, shelf life and cash."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.inventory.quantities import (
    discounted_quantity,
    economic_order_quantity,
    nearest_packs,
    price_at,
    price_steps,
    rounded,
)

YEAR = 365


@dataclass(frozen=True)
class Order:
    """An order quantity, what set it, its unit cost, the economic quantity before rounding, and the price
    breaks and prices of each product (None: no price list)."""

    quantity: np.ndarray
    limit: np.ndarray
    unit_cost: np.ndarray
    economic: np.ndarray
    steps: tuple[np.ndarray, np.ndarray] | None = None


def order_of(
    items: pd.DataFrame,
    per_day: np.ndarray,
    review: np.ndarray,
    prices: pd.DataFrame | None,
    cash: float | None,
    known: np.ndarray,
) -> Order:
    """The economic quantity (of all prices), in whole packs and above the minimum; a year's demand at most.

    Where it does not last until the next review, ordering costs too little to wait: one pack is the step,
    and an order is whatever was sold since the last. So too where no cost is known.
    """
    rate, least, pack = (
        items[name].to_numpy("float64")
        for name in ("holding_rate", "order_quantity_min", "order_quantity_multiple")
    )
    yearly = per_day * YEAR
    single = items["unit_cost"].to_numpy("float64")
    bought = known & items["active"].to_numpy(dtype=bool)
    fixed = _order_cost(items, np.where(bought, rate * single * yearly, 0.0))
    economic, unit_cost = economic_order_quantity(fixed, rate * single, yearly), single
    discounted, steps = np.zeros(len(items), dtype=bool), None
    if prices is not None and len(prices):
        steps = price_steps(prices, items)
        best, unit_cost, _ = discounted_quantity(fixed, rate, yearly, *steps)
        discounted = (best > economic * 1.01) & (unit_cost < price_at(economic, *steps))
        economic = best
    economic = np.where(np.isfinite(unit_cost), economic, np.nan)
    step = rounded(0.0, least, pack)
    with np.errstate(invalid="ignore"):
        lasts = economic > np.maximum(per_day * review, step)
    near = nearest_packs(np.nan_to_num(economic), least, pack, fixed, rate * unit_cost, yearly)
    near = np.where(discounted, rounded(np.nan_to_num(economic), least, pack), near)
    longest = np.maximum(rounded(yearly, least, pack, up=False), step)
    quantity = np.where(lasts, np.minimum(near, longest), step)
    limit = np.select(
        [lasts & (near > longest), lasts & discounted, lasts, step > np.maximum(per_day * review, pack)],
        ["year", "discount", "economic", "minimum"],
        "review",
    )
    if cash is not None:
        dear = quantity * unit_cost > cash
        highest = np.fmax(unit_cost, _priced(step, unit_cost, steps))  # less may miss a price break
        fits = rounded(np.floor(cash / np.maximum(highest, 1e-9)), least, pack, up=False)
        quantity, limit = np.where(dear, fits, quantity), np.where(dear, "cash", limit)
    return Order(quantity, limit, _priced(quantity, unit_cost, steps), economic, steps)


def within_shelf_life(
    items: pd.DataFrame, order: Order, per_day: np.ndarray, safety: np.ndarray
) -> tuple[Order, np.ndarray]:
    """No more at once than sells, after the safety stock, before it expires; but one pack or the minimum."""
    life = items["shelf_life_days"].to_numpy("float64")
    pack, least = (items[f"order_quantity_{name}"].to_numpy("float64") for name in ("multiple", "min"))
    most = np.maximum(per_day * life - np.maximum(safety, 0.0), 0.0)
    with np.errstate(invalid="ignore"):
        long = np.isfinite(most) & (order.quantity > most)
    capped = np.where(long, rounded(np.nan_to_num(most), least, pack, up=False), order.quantity)
    limit = np.where(long, "shelf_life", order.limit)
    unit_cost = _priced(capped, order.unit_cost, order.steps)
    return Order(capped, limit, unit_cost, order.economic, order.steps), long


def _priced(
    quantity: np.ndarray, unit_cost: np.ndarray, steps: tuple[np.ndarray, np.ndarray] | None
) -> np.ndarray:
    return unit_cost if steps is None else price_at(quantity, *steps)


def _order_cost(items: pd.DataFrame, held: np.ndarray) -> np.ndarray:
    """Each product's part of what an order to its supplier costs, whatever is in it.

    Shared by what holding a year's demand costs: then √(2·K·D/h) gives all of the supplier's products the
    same rhythm, the best one for ordering them together: T = √(2·K/Σ h·D) (joint replenishment; Silver, Pyke
    and Thomas 2017, chapter 10). A product alone, or of an unknown supplier, bears it whole.
    """
    cost = items["order_cost"].to_numpy("float64")
    supplier = items["supplier_id"].astype(str).to_numpy()
    codes = np.unique(supplier, return_inverse=True)[1]
    weight = np.nan_to_num(held)
    total = np.bincount(codes, weight, len(codes))[codes]
    share = np.divide(weight, total, out=np.ones(len(cost)), where=total > 0)
    return np.where((supplier == "") | (share <= 0), cost, cost * share)
