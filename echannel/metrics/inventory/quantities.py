"""How many to order: the economic order quantity, quantity discounts, packs, minima, shelf life, cash.

Demand and holding cost must be of the same time unit; costs in the reporting currency, ex VAT.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from echannel.metrics.inventory.service import Numbers, unit_loss


def economic_order_quantity(order_cost: Numbers, holding_cost: Numbers, demand: Numbers) -> np.ndarray:
    """√(2·K·D/h) (Harris 1913; in French: formule de Wilson), units.

    ``order_cost`` of one order, ``holding_cost`` of one unit over the time that ``demand`` counts.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(2 * np.asarray(order_cost) * demand / np.asarray(holding_cost))


def yearly_order_cost(
    quantity: Numbers, order_cost: Numbers, holding_cost: Numbers, demand: Numbers
) -> np.ndarray:
    """K·D/Q + h·Q/2: what ordering and holding the order quantity cost."""
    quantity = np.asarray(quantity, dtype="float64")
    return np.asarray(order_cost) * demand / quantity + np.asarray(holding_cost) * quantity / 2


def rounded(quantity: Numbers, least: Numbers, multiple: Numbers, up: bool = True) -> np.ndarray:
    """Whole packs: at least ``least`` (raised to whole packs), rounded up, or down to it at most."""
    pack = np.maximum(np.asarray(multiple, dtype="float64"), 1e-9)
    packs = np.asarray(quantity, dtype="float64") / pack
    whole = np.ceil(packs - 1e-9) if up else np.floor(packs + 1e-9)
    return np.maximum(np.maximum(whole, np.ceil(np.asarray(least) / pack - 1e-9)), 1.0) * pack


def nearest_packs(
    quantity: Numbers,
    least: Numbers,
    multiple: Numbers,
    order_cost: Numbers,
    holding: Numbers,
    demand: Numbers,
) -> np.ndarray:
    """Of the whole packs below and above ``quantity`` the cheaper: costs are flat, but not symmetric."""
    below, above = (rounded(quantity, least, multiple, up=up) for up in (False, True))
    with np.errstate(divide="ignore", invalid="ignore"):
        cheaper = yearly_order_cost(below, order_cost, holding, demand) <= yearly_order_cost(
            above, order_cost, holding, demand
        )
    return np.where(cheaper, below, above)


def discounted_quantity(
    order_cost: Numbers, holding_rate: Numbers, demand: Numbers, breaks: np.ndarray, unit_costs: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All-units quantity discounts: the cheapest of the economic quantity of each price and of its break.

    ``breaks`` and ``unit_costs``: products × prices, the least quantity of each price; NaN: no such price.

    Returns
    -------
    Quantity, unit cost at it, and cost over the time of ``demand``: D·c + K·D/Q + i·c·Q/2.
    """
    breaks, costs = np.atleast_2d(breaks).astype("float64"), np.atleast_2d(unit_costs).astype("float64")
    column = [
        np.asarray(value, dtype="float64").reshape(-1, 1) for value in (order_cost, holding_rate, demand)
    ]
    fixed, rate, sold = column
    holding = rate * costs
    candidates = np.maximum(economic_order_quantity(fixed, holding, sold), np.maximum(breaks, 1e-9))
    # A quantity beyond the next break is bought at the next price: that price's own candidate covers it.
    total = sold * costs + yearly_order_cost(candidates, fixed, holding, sold)
    priced = np.where(np.isfinite(total), total, np.inf)
    best = np.argmin(priced, axis=1)
    rows = np.arange(len(priced))
    return candidates[rows, best], costs[rows, best], priced[rows, best]


def price_steps(prices: pd.DataFrame, items: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Price breaks of each product at its own supplier, as products × steps (NaN where there are fewer).

    ``prices``: the canonical supplier prices. A product without any is bought at its ``unit_cost``.
    """
    keyed = pd.DataFrame(
        {
            "product_id": prices["product_id"].astype(str).to_numpy(),
            "supplier_id": prices["supplier_id"].astype(str).to_numpy(),
            "from": prices["quantity_from"].to_numpy(dtype="float64"),
            "cost": prices["unit_cost"].to_numpy(dtype="float64"),
        }
    )
    row = items.index.get_indexer(pd.Index(keyed["product_id"]))
    own = items["supplier_id"].to_numpy(dtype=object)[row]
    keyed = keyed.assign(row=row)[(row >= 0) & (own == keyed["supplier_id"]) & (keyed["cost"] > 0)]
    keyed = keyed.sort_values(["row", "from"]).drop_duplicates(["row", "from"], keep="last")
    step = keyed.groupby("row").cumcount().to_numpy()
    width = int(step.max()) + 1 if len(step) else 1
    breaks, costs = (np.full((len(items), width), np.nan) for _ in range(2))
    breaks[keyed["row"], step], costs[keyed["row"], step] = keyed["from"], keyed["cost"]
    none = np.isnan(costs[:, 0])
    breaks[none, 0], costs[none, 0] = 0.0, items["unit_cost"].to_numpy(dtype="float64")[none]
    return breaks, costs


def price_at(quantity: np.ndarray, breaks: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """The unit cost of an order of ``quantity``: of the highest break it reaches, else of the lowest."""
    reached = breaks <= np.asarray(quantity)[:, None] + 1e-9
    last = np.maximum(reached.sum(axis=1) - 1, 0)
    return costs[np.arange(len(costs)), last]


@dataclass(frozen=True)
class PointAndQuantity:
    """A reorder point and an order quantity chosen together; ``cost`` per time."""

    reorder_point: np.ndarray
    quantity: np.ndarray
    cost: np.ndarray


def point_and_quantity(
    holding_cost: Numbers,
    shortage_cost: Numbers,
    order_cost: Numbers,
    demand: Numbers,
    mean: Numbers,
    sd: Numbers,
    most: int = 200,
) -> PointAndQuantity:
    """Reorder point and quantity of the least cost, where every unit short costs ``shortage_cost``.

    The expected-inventory-level approximation (Whitin 1953; Hadley and Whitin 1963): in turn
    r = F⁻¹(1 − Q·h/(p·D)) and Q = √(2·D·(K + p·n(r))/h), from the economic order quantity on.
    Demand over the lead time is normal with ``mean`` and ``sd``. Where even a stock that is always short
    is cheaper than holding (Q·h ≥ p·D) there is no such point: NaN.
    """
    holding, shortage, fixed, sold, mean, sd = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(v, dtype="float64")) for v in (holding_cost, shortage_cost, order_cost)),
        *(np.atleast_1d(np.asarray(v, dtype="float64")) for v in (demand, mean, sd)),
    )
    quantity = economic_order_quantity(fixed, holding, sold)
    z = np.full(quantity.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(most):
            before, z_before = quantity, z
            z = ndtri(1 - quantity * holding / (shortage * sold))
            quantity = np.sqrt(2 * sold * (fixed + shortage * sd * unit_loss(z)) / holding)
            moved = np.abs(quantity - before) + np.abs((z - z_before) * sd)
            if not (moved > 1e-9).any() and np.isfinite(z_before).any():
                break
        short = sd * unit_loss(z)
        cost = holding * (z * sd + quantity / 2) + (fixed + shortage * short) * sold / quantity
    found = np.isfinite(z)
    return PointAndQuantity(
        np.where(found, mean + z * sd, np.nan),
        np.where(found, quantity, np.nan),
        np.where(found, cost, np.nan),
    )
