"""How old the stock is, and the cash tied up in stock that does not move or is too much."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.counting import divided
from echannel.metrics.inventory import Inventory
from echannel.metrics.inventory.grouping import YEAR, By, Groups, lacks, rests_on_sales, told
from echannel.metrics.inventory.stock import daily_rate, unit_value

AGES = (30, 60, 90, 180, 365)  # days, upper ends
BUCKETS = ("0_30", "31_60", "61_90", "91_180", "181_365", "over_365", "unknown")
VERDICTS = ("dead", "slow", "over", "new", "moving", "none", "unknown")


def layers(inventory: Inventory) -> np.ndarray:
    """Units in stock today by age (products × ``BUCKETS``), first in, first out; NaN where stock is unknown.

    What is in stock came last: the newest deliveries (recorded, inferred, or found at a count), back to
    where they make up the stock. What no known delivery explains is older than the known history: over
    365 days if that goes back so far, else of unknown age.
    """
    stock = inventory.position["on_hand"].to_numpy()
    came = inventory.received.to_numpy() + inventory.inferred.to_numpy()
    came = came + np.maximum(-inventory.losses.to_numpy(), 0.0)
    width = came.shape[1]
    running = np.hstack([np.zeros((len(came), 1)), np.cumsum(came[:, ::-1], axis=1)])
    up_to = [np.minimum(stock, running[:, min(age + 1, width)]) for age in AGES]
    every = np.minimum(stock, running[:, width])
    known_days = inventory.today - inventory.basis["known_since"].to_numpy()
    old_rest = np.where(known_days > AGES[-1], stock - every, 0.0)
    edges = np.column_stack([np.zeros(len(stock)), *up_to, every + old_rest, stock])
    return np.diff(edges, axis=1)


def ageing(inventory: Inventory, by: By = None) -> pd.DataFrame:
    """Stock by age (FIFO, see :func:`layers`): 0–30, 31–60, 61–90, 91–180, 181–365 days, over, unknown.

    Returns
    -------
    One row per group and bucket: ``bucket``, ``value`` (at cost, of units with a known cost), ``units``,
    ``share`` (of the group's units), ``n`` (products with units in the bucket), ``status``, ``reason``.
    """
    groups, units = Groups(inventory, by), layers(inventory)
    cost = unit_value(inventory, "cost")
    unknown = groups.count(np.isfinite(units[:, 0])) == 0
    whole = groups.sum(units.sum(axis=1))
    parts = []
    for place, bucket in enumerate(BUCKETS):
        held = units[:, place]
        total = groups.sum(held)
        priced = groups.sum(np.where(np.isfinite(cost), held, 0.0))
        frame = groups.frame(
            {
                "bucket": np.full(len(whole), bucket, dtype=object),
                "value": groups.sum(held * cost),
                "units": total,
                "share": divided(total, whole),
                "n": groups.count(held > 0),
            }
        )
        unpriced = (priced == 0) & (total > 0)
        parts.append(
            told(frame, lacks(unknown, "reason.stock_missing"), lacks(unpriced, "reason.cost_unknown"))
        )
    return pd.concat(parts, ignore_index=True)


@rests_on_sales
def idle_stock(inventory: Inventory, safety_days: pd.Series | None = None) -> pd.DataFrame:
    """What stock is dead, slow or too much, and the cash it ties up at cost.

    Over days of cover = available / daily units on in-stock days of the last 12 months. Of each product
    the first that holds:

    - ``unknown``: stock not known; ``none``: nothing in stock;
    - ``dead``: no sale for ``dead_after_days`` (180), though in stock for as long: all of it;
    - ``new``: in the data for fewer days than that and not sold yet;
    - ``slow``: cover above ``slow_cover_days`` (180): what is above;
    - ``over``: cover above lead time + review + safety stock (``safety_days``, per product) +
      ``over_cover_days`` (90): what is above;
    - ``moving``: the rest.

    Returns
    -------
    One row per product, most cash first: ``product_id``, ``verdict``, ``value`` (cash tied up: the
    ``excess`` units at cost), ``units`` (in stock), ``excess``, ``cover`` (days; inf = no sale),
    ``days_since_sale`` (NaN = never sold in the data), ``n`` (days in stock), ``status``, ``reason``.
    """
    position, basis, chosen = inventory.position, inventory.basis, inventory.settings
    stock = position["on_hand"].to_numpy()
    rate = daily_rate(inventory, YEAR)
    per_day = divided(rate["numerator"], rate["denominator"])
    free = np.maximum(position["available"].to_numpy(), 0.0)
    cover = np.where(per_day > 0, free / np.where(per_day > 0, per_day, 1.0), np.inf)
    since_sale = inventory.today - basis["last_sale"].to_numpy()
    there = (inventory.in_stock.to_numpy() > 0).sum(axis=1)
    silent = ~(since_sale < chosen.dead_after_days)  # never sold is silent too
    limit = _most_cover(inventory, safety_days)
    verdict = np.select(
        [
            np.isnan(stock),
            stock <= 0,
            silent & (there >= chosen.dead_after_days),
            ~(per_day > 0),
            cover > chosen.slow_cover_days,
            cover > limit,
        ],
        ["unknown", "none", "dead", "new", "slow", "over"],
        "moving",
    )
    kept = np.where(verdict == "slow", chosen.slow_cover_days, limit) * np.nan_to_num(per_day)
    above = np.where(np.isin(verdict, ["slow", "over"]), free - kept, 0.0)
    excess = np.where(np.isnan(stock), np.nan, np.where(verdict == "dead", stock, above))
    cost = unit_value(inventory, "cost")
    frame = pd.DataFrame(
        {
            "product_id": inventory.units.index,
            "verdict": verdict,
            "value": np.where(excess == 0, 0.0, excess * cost),
            "units": stock,
            "excess": excess,
            "cover": np.where(np.isnan(stock), np.nan, cover),
            "days_since_sale": since_sale,
            "n": there,
        }
    )
    unpriced = np.isnan(cost) & (np.nan_to_num(excess) > 0)
    frame = told(
        frame, lacks(np.isnan(stock), "reason.stock_missing"), lacks(unpriced, "reason.cost_unknown")
    )
    return frame.sort_values("value", ascending=False, kind="stable", ignore_index=True)


def _most_cover(inventory: Inventory, safety_days: pd.Series | None) -> np.ndarray:
    """Days of cover beyond which stock is too much."""
    items = inventory.items
    safety = 0.0 if safety_days is None else safety_days.reindex(items.index).fillna(0.0).to_numpy()
    needed = items["lead_time_days"].to_numpy() + items["review_days"].to_numpy() + safety
    return needed + inventory.settings.over_cover_days


@rests_on_sales
def cash_tied_up(inventory: Inventory, safety_days: pd.Series | None = None) -> pd.DataFrame:
    """The cash in dead, slow and too much stock, and the value of all stock by verdict.

    Returns
    -------
    One row per name in ``VERDICTS`` but ``none``: ``verdict``, ``value`` (excess at cost), ``stock`` (all
    units of these products at cost), ``units``, ``n`` (products), ``status``, ``reason``.
    """
    each = idle_stock(inventory, safety_days)
    cost = inventory.items["unit_cost"].reindex(each["product_id"]).to_numpy()
    rows = []
    for verdict in VERDICTS:
        if verdict == "none":
            continue
        of = (each["verdict"] == verdict).to_numpy()
        priced = of & (each["status"] == "ok").to_numpy()
        rows.append(
            {
                "verdict": verdict,
                "value": each["value"].to_numpy()[priced].sum(),
                "stock": np.nansum((each["units"].to_numpy() * cost)[of]),
                "units": np.nansum(each["units"].to_numpy()[of]),
                "n": int(of.sum()),
                "priced": bool(priced.any() or not of.any()),
            }
        )
    frame = pd.DataFrame(rows)
    unpriced = ~frame.pop("priced").to_numpy()
    unknown = unpriced & (frame["verdict"] == "unknown").to_numpy()
    return told(frame, lacks(unknown, "reason.stock_missing"), lacks(unpriced, "reason.cost_unknown"))
