"""The proof: the SME's own last 12 months again, day by day, under the proposed policy.

One side is what happened: observed stock, with what was asked for in vain estimated from the weeks in stock.
The other starts from the same stock and meets the same demand, but orders by the policy, which is measured
anew every 28 days from what was known then (see ``past``). Exceptionally large orders are bought for.
Deliveries take what the supplier's deliveries took, drawn with a fixed seed; one order's goods come
together. A customer who finds nothing does not wait.

Per product and day, on both sides: stock = stock before + receipts − sales + returns − losses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from echannel.metrics.inventory.items import InventorySettings
from echannel.metrics.inventory.past import Past
from echannel.metrics.inventory.policy import WhatIf, decisions
from echannel.metrics.result import OK, TOO_FEW

TODAY, PROPOSED = "today", "proposed"
SUBSTITUTION = (0.5, 0.0)  # of those who find nothing, how many wait or take something else: from … to
_LONGEST = 240


@dataclass(frozen=True)
class Run:
    """One side's year: arrays of days × products, and the ``start``.

    ``orders`` (to suppliers) and ``order_lines`` are counts; ``change`` is returns − losses.
    """

    start: np.ndarray
    stock: np.ndarray
    receipts: np.ndarray
    sales: np.ndarray
    change: np.ndarray
    ordered: np.ndarray
    orders: float
    order_lines: float


@dataclass(frozen=True)
class Replay:
    """Both sides of the comparison.

    Attributes
    ----------
    summary : a row per ``side`` ("today", "proposed"): ``value`` (mean stock value, reporting currency at
        cost, ex VAT), ``stock_out_days`` (product-days that could not serve, parts of days too),
        ``lost_units``, ``lost_margin_low``, ``lost_margin_high`` (half, and none, of the customers wait or
        take something else), ``units_sold``, ``special_units`` (of them in orders so large that
        they are bought for: both sides serve them, neither stocks for them), ``fill_rate``, ``orders``
        (supplier × day; NaN: no purchases on record), ``order_lines``, ``n`` (products), ``left_out``,
    ``unpriced`` (products in no money figure), ``status``, ``reason``. daily : ``day``, ``today``,
    ``proposed``: stock value at the end of each day.
    products : index ``product_id``; mean stock value, stock-out days and lost units of both sides, by suffix.
    today, proposed : the sides themselves.
    """

    summary: pd.DataFrame
    daily: pd.DataFrame
    products: pd.DataFrame
    today: Run
    proposed: Run


def replay(
    past: Past,
    settings: InventorySettings,
    what_if: WhatIf | None = None,
    budget: float | None = None,
    seed: int = 20_241,
) -> Replay:
    """The past under the policy that ``settings`` and ``what_if`` make, beside what happened.

    ``budget``: the most that the orders of one day may cost together (reporting currency, ex VAT); where it
    does not do, the product whose stock is the lowest against its need, by margin per money, comes first.
    Quantity discounts are not taken: past prices are not known.
    """
    tried = what_if or WhatIf()
    point, quantity, per_day = _policies(past, settings, tried)
    leads = _lead_draws(past, tried.longer, seed)
    proposed = _simulated(past, point, quantity, per_day, leads, budget)
    today = _observed(past)
    return _compared(past, today, proposed)


def _policies(past: Past, settings: InventorySettings, tried: WhatIf) -> tuple[np.ndarray, ...]:
    """Reorder points, order quantities and demand per day: refits × products."""
    size, refits = past.per_day.shape
    stacked = past.items.take(np.tile(np.arange(size), refits)).reset_index(drop=True)
    # Products share an order's cost with those of their supplier on the same day, not with other days'.
    supplier, fit = stacked["supplier_id"].astype(str), np.repeat(np.arange(refits), size).astype(str)
    stacked["supplier_id"] = np.where(supplier == "", "", supplier + " " + fit)
    known = pd.DataFrame(
        {
            "per_day": past.per_day.T.ravel(),
            "sd_day": past.sd_day.T.ravel(),
            "n": past.sales.T.ravel(),
            "status": OK,
            "reason": "",
        }
    )
    found = decisions(stacked, known, pd.Series(np.tile(past.abc, refits)), settings, tried)
    names = ("reorder_point", "order_quantity", "per_day")
    return tuple(found[name].to_numpy().reshape(refits, size) for name in names)


def _lead_draws(past: Past, longer: float, seed: int) -> np.ndarray:
    """Days that an order placed on each day takes (days × products): one draw per supplier and day."""
    size, days = past.demand.shape
    rng = np.random.default_rng(seed)
    mean = np.maximum(past.items["lead_time_days"].to_numpy("float64"), 0.5)
    sd = np.maximum(past.items["lead_time_sd_days"].to_numpy("float64"), 1e-6)
    draws = np.empty((days, size))
    suppliers, codes = np.unique(past.items["supplier_id"].to_numpy(dtype=str), return_inverse=True)
    for code, supplier in enumerate(suppliers):
        mine = codes == code
        record = past.lead_record.get(str(supplier))
        if record is not None:
            draws[:, mine] = rng.choice(record, size=days)[:, None]
        else:
            # One chance a day for all its goods, each by its own mean and spread.
            chance = rng.random((days, 1))
            shape = np.minimum((mean / sd) ** 2, 1e6)[mine]
            draws[:, mine] = gammaincinv(shape, chance) * mean[mine] / shape
    return np.clip(np.round(draws + longer), 1, _LONGEST).astype("int64")


def _simulated(
    past: Past,
    point: np.ndarray,
    quantity: np.ndarray,
    per_day: np.ndarray,
    leads: np.ndarray,
    budget: float | None,
) -> Run:
    size, days = past.demand.shape
    wished, change = (np.ascontiguousarray(one.T) for one in (past.demand - past.special, past.change))
    coming = _already_ordered(past)
    on_order = coming.sum(axis=0)
    stock = past.start.copy()
    review = np.maximum(np.round(past.items["review_days"].to_numpy("float64")), 1).astype("int64")
    supplier = np.unique(past.items["supplier_id"].to_numpy(dtype=str), return_inverse=True)[1]
    stocks, receipts, sales, changes, ordered = (np.zeros((days, size)) for _ in range(5))
    orders = lines = 0
    fit = np.searchsorted(past.refit_days, np.arange(days), side="right") - 1
    everyone = np.arange(size)
    for day in range(days):
        receipts[day] = coming[day]
        stock = stock + coming[day]
        on_order -= coming[day]
        sales[day] = np.minimum(stock, wished[day])
        stock -= sales[day]
        after = np.maximum(stock + change[day], 0.0)
        changes[day], stock = after - stock, after
        stocks[day] = stock
        due = (day % review == 0) & (stock + on_order <= point[fit[day]]) & (per_day[fit[day]] > 0)
        if not due.any():
            continue
        rows = everyone[due]
        step = quantity[fit[day], rows]
        stands = stock[rows] + on_order[rows]
        bought = (np.floor((point[fit[day], rows] - stands) / step) + 1) * step
        if budget is not None:
            need = 1 - stands / np.maximum(point[fit[day], rows], 1e-9)
            bought = _within(budget, bought, need, past.items.iloc[rows])
            rows, bought = rows[bought > 0], bought[bought > 0]
        np.add.at(coming, (np.minimum(day + leads[day, rows], len(coming) - 1), rows), bought)
        on_order[rows] += bought
        ordered[day, rows] = bought
        orders += len(np.unique(supplier[rows]))
        lines += len(rows)
    special = past.special.T
    return Run(past.start, stocks, receipts + special, sales + special, changes, ordered, orders, lines)


def _already_ordered(past: Past) -> np.ndarray:
    """Deliveries to come on each day (days × products): at first, what was really delivered within the
    lead time after the first day, which must have been ordered before it."""
    size, days = past.demand.shape
    coming = np.zeros((days + _LONGEST + 1, size))
    within = np.arange(days)[:, None] < past.items["lead_time_days"].to_numpy("float64")[None, :]
    coming[:days] = np.where(within, np.maximum(past.received.T - past.special.T, 0.0), 0.0)
    return coming


def _within(budget: float, bought: np.ndarray, need: np.ndarray, items: pd.DataFrame) -> np.ndarray:
    """Whole packs for no more than ``budget``, the greatest need by margin per money first."""
    cost = items["unit_cost"].to_numpy("float64")
    pack = np.maximum(items["order_quantity_multiple"].to_numpy("float64"), 1e-9)
    least = items["order_quantity_min"].to_numpy("float64")
    gain = (items["price_net"].to_numpy("float64") - cost) / cost
    order = np.argsort(-np.nan_to_num(need * gain, nan=-1e9), kind="stable")
    left = budget
    result = np.zeros(len(bought))
    for row in order:
        if not np.isfinite(cost[row]):
            continue
        units = min(bought[row], np.floor(left / cost[row] / pack[row] + 1e-9) * pack[row])
        if units >= least[row]:
            result[row] = units
            left -= units * cost[row]
    return result


def _observed(past: Past) -> Run:
    return Run(
        past.start,
        past.on_hand.T,
        past.received.T,
        past.units.T,
        past.change.T,
        past.received.T,
        past.orders,
        past.order_lines,
    )


def _compared(past: Past, today: Run, proposed: Run) -> Replay:
    cost = past.items["unit_cost"].to_numpy("float64")
    margin = np.maximum(past.items["price_net"].to_numpy("float64") - cost, 0.0)
    wished = past.demand.T
    out = {
        TODAY: 1 - past.in_stock.T,
        PROPOSED: _share_out(proposed, wished),
    }
    rows, each = [], {}
    for side, run in ((TODAY, today), (PROPOSED, proposed)):
        lost = wished - run.sales
        value = np.nansum(run.stock * cost, axis=1)
        missed = float(np.nansum(lost.sum(axis=0) * margin))
        low, high = (missed * (1 - share) for share in SUBSTITUTION)
        rows.append(
            {
                "side": side,
                "value": float(value.mean()) if len(value) else np.nan,
                "stock_out_days": float(out[side].sum()),
                "lost_units": float(lost.sum()),
                "lost_margin_low": low,
                "lost_margin_high": high,
                "units_sold": float(run.sales.sum()),
                "special_units": float(past.special.sum()),
                "fill_rate": float(run.sales.sum() / wished.sum()) if wished.sum() > 0 else np.nan,
                "orders": run.orders,
                "order_lines": run.order_lines,
            }
        )
        each[f"value_{side}"] = run.stock.mean(axis=0) * cost if len(run.stock) else cost * np.nan
        each[f"stock_out_days_{side}"] = out[side].sum(axis=0)
        each[f"lost_units_{side}"] = lost.sum(axis=0)
        each[f"day_{side}"] = value
    daily = {side: each.pop(f"day_{side}") for side in (TODAY, PROPOSED)}
    days = past.first_day + np.arange(len(wished))
    return Replay(
        _judged(pd.DataFrame(rows), past, cost),
        pd.DataFrame({"day": days, **daily}),
        pd.DataFrame(each, index=past.items.index).assign(n=past.sales[:, 0], status=OK, reason=""),
        today,
        proposed,
    )


def _share_out(run: Run, wished: np.ndarray) -> np.ndarray:
    """The part of each day on which nothing could be bought: what of the day's demand was not served, or
    the whole day where it began and ended with nothing."""
    unserved = np.divide(wished - run.sales, wished, out=np.zeros(wished.shape), where=wished > 0)
    empty = (wished <= 0) & (run.stock <= 0) & (run.receipts <= 0)
    return np.where(empty, 1.0, unserved)


def _judged(summary: pd.DataFrame, past: Past, cost: np.ndarray) -> pd.DataFrame:
    none = len(past.items) == 0 or not np.isfinite(cost).any()
    if none:
        summary = summary[["side"]].reindex(columns=summary.columns)
    return summary.assign(
        n=len(past.items),
        left_out=past.left_out,
        inferred_share=np.where(summary["side"] == TODAY, past.inferred_share, 0.0),
        unpriced=int(np.isnan(cost).sum()),
        status=TOO_FEW if none else OK,
        reason="reason.nothing_to_replay" if none else "",
    )
