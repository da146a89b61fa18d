"""Plan against actual: what came otherwise than planned, split into volume, price, mix and cost.

The plan's turnover is that of an adopted plan, or what a forecast made a year before would have planned; its
goods are those of the same month of the year before, scaled to that turnover, at that month's prices and
costs. All money is in the reporting currency, ex VAT; refunds count on their own day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from echannel.metrics.counting import codes_of, totals
from echannel.metrics.price_volume_mix import product_parts
from echannel.metrics.result import INPUT_MISSING, OK
from echannel.metrics.turnover import Sales

PARTS = ("volume", "price", "mix", "cost", "other")
_YEAR = 12


@dataclass(frozen=True)
class _Sold:
    """What was sold by item (last axis): units, turnover, and cost of all units (NaN: not known)."""

    units: np.ndarray
    net: np.ndarray
    cost: np.ndarray


def variance(planned: pd.DataFrame, actual: pd.DataFrame) -> pd.DataFrame:
    """The difference of actual from plan by part, in turnover and in gross margin: parts sum to it exactly.

    Over goods in both, Q units, P price and C cost per unit, 0 planned, 1 actual: price = Σ Q1 (P1 − P0);
    cost = −Σ Q1 (C1 − C0); volume = (ΣQ1 − ΣQ0) × ΣQ0 (P0 − C0) / ΣQ0; mix = the rest of what was sold: other
    goods than planned, new and dropped ones included (turnover: the same with C = 0). ``other``: amounts
    without goods (carriage, refunds, what no line explains).

    Parameters
    ----------
    planned, actual : one row per item with the same ``item`` in both: ``units``, ``net``, ``cost`` (of all
        units; NaN: not known). Rows with 0 units are amounts without goods.

    Returns
    -------
    One row per name in ``PARTS``: ``part``, ``turnover``, ``value`` (gross margin; goods whose cost is
    unknown on either side count with their turnover), ``n`` (items), ``costed`` (share of the actual
    turnover whose cost is known), ``status``, ``reason``.
    """
    both = planned.merge(actual, on="item", how="outer", suffixes=("_0", "_1"))
    then, now = (
        _Sold(
            both[f"units_{side}"].fillna(0.0).to_numpy("float64"),
            both[f"net_{side}"].fillna(0.0).to_numpy("float64"),
            both[f"cost_{side}"].to_numpy("float64"),
        )
        for side in (0, 1)
    )
    return pd.DataFrame(_by_part(then, now))


def against_plan(
    sales: Sales, planned: pd.DataFrame, months: Iterable[int], purchases: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Plan against actual for each month whose plan is known and whose month a year before was sold in.

    Parameters
    ----------
    planned : ``month``, ``turnover`` (as planned: goods and carriage, ex VAT). purchases : the canonical
        table: goods bought in the year before both months cost what was paid for them then (mean by
        quantity); others what the sales lines say.

    Returns
    -------
    The rows of :func:`variance` per month, in order: ``month`` and its columns, with ``planned`` and
    ``actual`` (turnover), ``planned_margin`` and ``actual_margin`` (turnover less the known cost of goods).
    The parts of a month sum to actual less planned, in turnover and in margin.
    """
    wanted = dict(zip(planned["month"].astype(int), planned["turnover"].astype(float), strict=True))
    asked = np.array(
        [month for month in dict.fromkeys(months) if np.isfinite(wanted.get(month, np.nan))], int
    )
    codes, names = codes_of(sales.lines["product_id"])
    every = np.union1d(asked - _YEAR, asked)
    sold = _sold(sales, codes, len(names), every)
    then, now = np.searchsorted(every, asked - _YEAR), np.searchsorted(every, asked)
    whole = sold.net.sum(axis=-1)[then]
    some = whole > 0
    asked, whole, then, now = asked[some], whole[some], then[some], now[some]
    before, actual = _of_months(sold, then), _of_months(sold, now)
    if purchases is not None:
        paid = _paid(purchases, names, every)
        before, actual = _at_cost(before, actual, paid[then], paid[now])
    factor = (np.array([wanted[month] for month in asked]) / whole)[:, np.newaxis]
    plan = _Sold(before.units * factor, before.net * factor, before.cost * factor)
    costed = np.isfinite(plan.cost) & np.isfinite(actual.cost)
    of_months = {
        "month": asked,
        "planned": plan.net.sum(axis=-1),
        "actual": actual.net.sum(axis=-1),
        "planned_margin": plan.net.sum(axis=-1) - plan.cost.sum(axis=-1, where=costed),
        "actual_margin": actual.net.sum(axis=-1) - actual.cost.sum(axis=-1, where=costed),
    }
    repeated = {name: np.repeat(values, len(PARTS)) for name, values in of_months.items()}
    return pd.DataFrame({**_by_part(plan, actual), **repeated})


def _by_part(then: _Sold, now: _Sold) -> dict[str, np.ndarray]:
    """The columns of :func:`variance`; one month after the other where there is an axis of months."""
    sold_now, sold_then = now.units > 0, then.units > 0
    known = (np.isfinite(now.cost) | ~sold_now) & (np.isfinite(then.cost) | ~sold_then)
    cost, cost_then = np.where(known & sold_now, now.cost, 0.0), np.where(known & sold_then, then.cost, 0.0)
    of_net, of_cost = (
        {name: values.sum(axis=-1) for name, values in parts.items()}
        for parts in (
            product_parts(now.units, now.net, then.units, then.net),
            product_parts(now.units, cost, then.units, cost_then),
        )
    )
    mix, mix_of_cost = (one["mix"] + one["new_items"] + one["lost_items"] for one in (of_net, of_cost))
    turnover = {
        "volume": of_net["volume"],
        "price": of_net["price"],
        "mix": mix,
        "cost": np.zeros(np.shape(mix)),
        "other": of_net["unitemised"],
    }
    margin = {
        "volume": of_net["volume"] - of_cost["volume"],
        "price": of_net["price"],
        "mix": mix - mix_of_cost,
        "cost": -of_cost["price"],
        "other": of_net["unitemised"],
    }
    whole = now.net.sum(axis=-1, where=sold_now)
    costed = np.divide(
        now.net.sum(axis=-1, where=sold_now & known),
        whole,
        out=np.full(np.shape(whole), np.nan),
        where=whole != 0,
    )
    count = (sold_now | sold_then).sum(axis=-1)
    of_all = {
        "n": count,
        "costed": costed,
        "status": np.where(count == 0, INPUT_MISSING, OK).astype(object),
        "reason": np.where(count == 0, "reason.products_unknown", "").astype(object),
    }
    return {
        "part": np.tile(np.array(PARTS, dtype=object), np.size(mix)),
        "turnover": np.stack([turnover[name] for name in PARTS], axis=-1).ravel(),
        "value": np.stack([margin[name] for name in PARTS], axis=-1).ravel(),
        **{name: np.repeat(values, len(PARTS)) for name, values in of_all.items()},
    }


def _sold(sales: Sales, codes: np.ndarray, products: int, months: np.ndarray) -> _Sold:
    """What was sold by month and product (``codes``: of each line); last, as an item of its own, what no line
    explains."""
    lines, entries, wanted = sales.lines, sales.entries, pd.Index(months)
    named = (codes >= 0) & (lines["entry"] == "sale").to_numpy()
    row = wanted.get_indexer(lines["month"].to_numpy()[named])
    at = np.where(row >= 0, row * products + codes[named], -1)
    units, net, cost = (
        totals(at, lines[name].to_numpy("float64")[named], len(months) * products).reshape(
            len(months), products
        )
        for name in ("quantity", "net", "cost")
    )
    row = wanted.get_indexer(entries["month"].to_numpy())
    rest = totals(row, entries["net_invoiced"].to_numpy("float64"), len(months)) - net.sum(axis=-1)
    nothing = np.zeros(len(months))
    last = (nothing, rest, nothing)
    return _Sold(*(np.column_stack(pair) for pair in zip((units, net, cost), last, strict=True)))


def _of_months(sold: _Sold, chosen: np.ndarray) -> _Sold:
    return _Sold(sold.units[chosen], sold.net[chosen], sold.cost[chosen])


def _paid(purchases: pd.DataFrame, names: pd.Index, months: np.ndarray) -> np.ndarray:
    """Mean cost per unit of what came in the twelve months up to each month, by item (NaN: nothing came)."""
    quantity = purchases["received_quantity"].fillna(purchases["quantity"]).to_numpy("float64")
    cost = purchases["unit_cost"].to_numpy("float64")
    item = names.get_indexer(pd.Index(purchases["product_id"].astype(object)))
    came = purchases["received_on"].notna().to_numpy() & np.isfinite(cost) & (quantity > 0) & (item >= 0)
    item, quantity, cost = item[came], quantity[came], cost[came]
    on = purchases["received_on"].to_numpy()[came].astype("datetime64[M]").astype("int64")
    means = np.full((len(months), len(names) + 1), np.nan)
    for row, month in zip(means, months, strict=True):
        inside = (on > month - _YEAR) & (on <= month)
        bought = totals(item[inside], quantity[inside], len(row))
        paid = totals(item[inside], (quantity * cost)[inside], len(row))
        np.divide(paid, bought, out=row, where=bought > 0)
    return means


def _at_cost(before: _Sold, actual: _Sold, paid_before: np.ndarray, paid: np.ndarray) -> tuple[_Sold, _Sold]:
    """Both months at what was paid for the goods, where that is known of both."""
    known = np.isfinite(paid_before) & np.isfinite(paid)
    return (
        replace(before, cost=np.where(known, before.units * paid_before, before.cost)),
        replace(actual, cost=np.where(known, actual.units * paid, actual.cost)),
    )
