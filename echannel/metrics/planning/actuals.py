"""Plan against actual: what came otherwise than planned, split into volume, price, mix and cost.

The plan's turnover is that of an adopted plan, or what a forecast made a year before would have planned; its
goods are those of the same month of the year before, scaled to that turnover, at that month's prices and
costs. All money is in the reporting currency, ex VAT; refunds count on their own day.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from echannel.metrics.counting import codes_of, totals
from echannel.metrics.price_volume_mix import product_parts
from echannel.metrics.result import INPUT_MISSING, OK
from echannel.metrics.turnover import Sales

PARTS = ("volume", "price", "mix", "cost", "other")
_YEAR = 12


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
    units, before, net, net_before = (
        both[name].fillna(0.0).to_numpy("float64") for name in ("units_1", "units_0", "net_1", "net_0")
    )
    sold_now, sold_then = units > 0, before > 0
    cost, cost_before = both["cost_1"].to_numpy("float64"), both["cost_0"].to_numpy("float64")
    known = (np.isfinite(cost) | ~sold_now) & (np.isfinite(cost_before) | ~sold_then)
    cost = np.where(known & sold_now, cost, 0.0)
    cost_before = np.where(known & sold_then, cost_before, 0.0)
    of_net = product_parts(units, net, before, net_before)
    of_cost = product_parts(units, cost, before, cost_before)
    sums = {name: float(values.sum()) for name, values in of_net.items()}
    costs = {name: float(values.sum()) for name, values in of_cost.items()}
    turnover = {
        "volume": sums["volume"],
        "price": sums["price"],
        "mix": sums["mix"] + sums["new_items"] + sums["lost_items"],
        "cost": 0.0,
        "other": sums["unitemised"],
    }
    margin = {
        "volume": sums["volume"] - costs["volume"],
        "price": sums["price"],
        "mix": turnover["mix"] - costs["mix"] - costs["new_items"] - costs["lost_items"],
        "cost": -costs["price"],
        "other": sums["unitemised"],
    }
    whole = net[sold_now].sum()
    costed = float(net[sold_now & known].sum() / whole) if whole else float("nan")
    count = int((sold_now | sold_then).sum())
    unknown = count == 0
    return pd.DataFrame(
        {
            "part": PARTS,
            "turnover": [turnover[name] for name in PARTS],
            "value": [margin[name] for name in PARTS],
            "n": count,
            "costed": costed,
            "status": INPUT_MISSING if unknown else OK,
            "reason": "reason.products_unknown" if unknown else "",
        }
    )


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
    bought = None if purchases is None else _bought(purchases)
    parts = []
    for month in months:
        before = _items(sales, month - _YEAR)
        sold = float(before["net"].sum())
        if month not in wanted or not np.isfinite(wanted[month]) or sold <= 0:
            continue
        factor = wanted[month] / sold
        actual = _items(sales, month)
        if bought is not None:
            before, actual = _at_cost(before, actual, _paid(bought, month - _YEAR), _paid(bought, month))
        plan = before.assign(**{name: before[name] * factor for name in ("units", "net", "cost")})
        found = variance(plan, actual)
        margins = [_margin(one, _costless(plan, actual)) for one in (plan, actual)]
        parts.append(
            found.assign(
                month=month,
                planned=float(plan["net"].sum()),
                actual=float(actual["net"].sum()),
                planned_margin=margins[0],
                actual_margin=margins[1],
            )
        )
    if not parts:
        columns = ["part", "turnover", "value", "n", "costed", "status", "reason", "month"]
        return pd.DataFrame(columns=[*columns, "planned", "actual", "planned_margin", "actual_margin"])
    return pd.concat(parts, ignore_index=True)


def _items(sales: Sales, month: int) -> pd.DataFrame:
    """What was sold in a month by product, and one row for amounts without goods."""
    lines = sales.lines
    inside = (lines["month"].to_numpy() == month) & (lines["entry"] == "sale").to_numpy()
    codes, names = codes_of(lines["product_id"])
    named = inside & (codes >= 0)
    at = codes[named]
    units, net, cost = (
        totals(at, lines[name].to_numpy("float64")[named], len(names)) for name in ("quantity", "net", "cost")
    )
    frame = pd.DataFrame({"item": pd.Series(names, dtype=object), "units": units, "net": net, "cost": cost})
    frame = frame[np.bincount(at, minlength=len(names)) > 0]
    entries = sales.entries
    invoiced = entries["net_invoiced"].to_numpy()[entries["month"].to_numpy() == month].sum()
    rest = {"item": "", "units": 0.0, "net": float(invoiced - frame["net"].sum()), "cost": 0.0}
    return pd.concat([frame, pd.DataFrame([rest])], ignore_index=True)


def _bought(purchases: pd.DataFrame) -> pd.DataFrame:
    """What was received with a price: ``item``, ``month``, ``quantity``, ``paid``."""
    quantity = purchases["received_quantity"].fillna(purchases["quantity"]).to_numpy("float64")
    cost = purchases["unit_cost"].to_numpy("float64")
    came = purchases["received_on"].notna().to_numpy() & np.isfinite(cost) & (quantity > 0)
    on = purchases["received_on"].to_numpy()[came].astype("datetime64[M]").astype("int64")
    item = purchases["product_id"].astype(object).to_numpy()[came]
    return pd.DataFrame(
        {"item": item, "month": on, "quantity": quantity[came], "paid": (quantity * cost)[came]}
    )


def _paid(bought: pd.DataFrame, month: int) -> pd.Series:
    """Mean cost per unit of what came in the twelve months up to ``month``, by item."""
    inside = bought[(bought["month"] > month - _YEAR).to_numpy() & (bought["month"] <= month).to_numpy()]
    sums = inside.groupby("item")[["quantity", "paid"]].sum()
    return sums["paid"] / sums["quantity"]


def _at_cost(
    before: pd.DataFrame, actual: pd.DataFrame, cost_before: pd.Series, cost: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both months at what was paid for the goods, where that is known of both."""
    known = cost_before.index.intersection(cost.index)
    priced = []
    for frame, paid in ((before, cost_before), (actual, cost)):
        own = frame["item"].map(paid.reindex(known)).to_numpy("float64")
        value = np.where(np.isfinite(own), frame["units"] * own, frame["cost"])
        priced.append(frame.assign(cost=value))
    return priced[0], priced[1]


def _costless(plan: pd.DataFrame, actual: pd.DataFrame) -> set[object]:
    """Goods whose cost is not known in one of both."""
    return {
        item
        for frame in (plan, actual)
        for item in frame.loc[~np.isfinite(frame["cost"].to_numpy("float64")), "item"]
    }


def _margin(frame: pd.DataFrame, costless: set[object]) -> float:
    cost = frame["cost"].where(~frame["item"].isin(costless), 0.0)
    return float(frame["net"].sum() - cost.sum())
