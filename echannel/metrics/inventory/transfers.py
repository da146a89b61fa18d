"""From one location to another before anything is ordered: what is short here and idle there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.inventory.panels import day_or_none, places_in
from echannel.metrics.result import OK

_COLUMNS = [
    *("product_id", "from_location", "to_location", "value", "from_available", "to_available", "to_days"),
    *("saves", "n", "status", "reason"),
]
_SHARES = ["product_id", "location", "value", "n", "share_from", "status", "reason"]


def outflow_shares(levels: pd.DataFrame, products: pd.Index) -> pd.DataFrame:
    """Which share of each product's demand each location serves, by what its counts fell by.

    No order says where it was packed; between two counts, what a location lost it sold (or passed on). A
    product whose counts never fell takes the shares of the whole shop. ``product_id``, ``location``,
    ``value`` (0 … 1, adding up to 1), ``n`` (falls seen), ``share_from`` ("product", "shop"), ``status``,
    ``reason``; no row where no count ever fell.
    """
    frame = pd.DataFrame(
        {
            "row": places_in(products, levels["product_id"]),
            "location": levels["location"].astype(str).to_numpy(dtype=object),
            "day": day_or_none(levels["as_of"]),
            "on_hand": levels["on_hand"].to_numpy("float64"),
        }
    )
    frame = frame[frame["row"] >= 0].sort_values(["row", "location", "day"], kind="stable")
    fall = -frame.groupby(["row", "location"])["on_hand"].diff()
    frame = frame.assign(fall=fall.clip(lower=0.0).fillna(0.0), falls=fall.gt(0))
    each = frame.groupby(["row", "location"], as_index=False).agg(fall=("fall", "sum"), n=("falls", "sum"))
    shop = each.groupby("location")["fall"].sum()
    if not shop.sum() > 0:
        return pd.DataFrame(
            columns=["product_id", "location", "value", "n", "share_from", "status", "reason"]
        )
    own = each.groupby("row")["fall"].transform("sum").to_numpy()
    general = each["location"].map(shop).astype("float64")
    general = general / general.groupby(each["row"]).transform("sum").replace(0, np.nan)
    count = each.groupby("row")["location"].transform("size").to_numpy()
    share = np.where(own > 0, each["fall"] / np.where(own > 0, own, 1), general.fillna(1 / pd.Series(count)))
    return pd.DataFrame(
        {
            "product_id": products.to_numpy()[each["row"]],
            "location": each["location"],
            "value": share,
            "n": each["n"],
            "share_from": np.where(own > 0, "product", "shop"),
            "status": OK,
            "reason": "",
        }
    )


def transfers(
    locations: pd.DataFrame, shares: pd.DataFrame, policies: pd.DataFrame, items: pd.DataFrame
) -> pd.DataFrame:
    """Units to send from where they are idle to where they will be missing before a delivery could come.

    A location is short where what it has is less than its share of the lead time's demand; it is filled up to
    its share of the reorder point. Another gives what it has above its own share of the reorder point. Units
    are whole; what is given is what is got.

    Parameters
    ----------
    locations : ``product_id``, ``location``, ``available`` (see ``position.location_position``).
    shares : see :func:`outflow_shares`; or the SME's own.

    Returns
    -------
    ``product_id``, ``from_location``, ``to_location``, ``value`` (units), ``from_available`` and
    ``to_available`` (now), ``to_days`` (until the receiver is empty), ``saves`` (cost of the units, which
    need not be bought; NaN unknown), ``n`` (falls of the receiver's counts), ``status``, ``reason``.
    """
    frame = locations.merge(shares[["product_id", "location", "value", "n"]], on=["product_id", "location"])
    plan = policies.reindex(frame["product_id"])
    known = (plan["status"] == OK).to_numpy()
    share, have = frame["value"].to_numpy("float64"), frame["available"].to_numpy("float64")
    rate = share * np.where(known, plan["per_day"].to_numpy("float64"), np.nan)
    point = share * np.where(known, plan["reorder_point"].to_numpy("float64"), np.nan)
    with np.errstate(invalid="ignore"):
        short = (have < rate * plan["lead_time_days"].to_numpy("float64")) & (rate > 0)
    lacks = np.where(short, np.ceil(np.maximum(point - have, 0.0)), 0.0)
    spare = np.where(known & ~short, np.floor(np.maximum(np.nan_to_num(have - point), 0.0)), 0.0)
    product = pd.factorize(frame["product_id"])[0]
    giver, taker, units = _matched(product, spare, lacks)
    cost = items["unit_cost"].reindex(frame["product_id"]).to_numpy("float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        days = np.maximum(have, 0.0) / rate
    result = pd.DataFrame(
        {
            "product_id": frame["product_id"].to_numpy()[taker],
            "from_location": frame["location"].to_numpy()[giver],
            "to_location": frame["location"].to_numpy()[taker],
            "value": units,
            "from_available": have[giver],
            "to_available": have[taker],
            "to_days": days[taker],
            "saves": units * cost[taker],
            "n": frame["n"].to_numpy()[taker],
            "status": OK,
            "reason": "",
        },
        columns=_COLUMNS,
    )
    return result.sort_values("to_days", kind="stable", ignore_index=True)


def _matched(
    product: np.ndarray, spare: np.ndarray, lacks: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who gives whom how many: per product, the most idle to the most short, until one side is done."""
    size = int(product.max()) + 1 if len(product) else 0
    moved = np.minimum(np.bincount(product, spare, size), np.bincount(product, lacks, size))
    base = np.cumsum(moved) - moved
    givers, given_until = _laid_out(product, spare, moved, base)
    takers, taken_until = _laid_out(product, lacks, moved, base)
    ends = np.unique(np.r_[given_until, taken_until])
    units = np.diff(np.r_[0.0, ends])
    return (
        givers[np.searchsorted(given_until, ends)],
        takers[np.searchsorted(taken_until, ends)],
        units,
    )


def _laid_out(
    product: np.ndarray, amount: np.ndarray, moved: np.ndarray, base: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows that take part, one after another on a line where each product has its own stretch."""
    order = np.lexsort((-amount, product))
    order = order[amount[order] > 0]
    running = np.cumsum(amount[order])
    first = np.searchsorted(product[order], product[order])
    before = (running - amount[order])[first]
    within = np.minimum(running - before, moved[product[order]])
    start = np.minimum(running - before - amount[order], moved[product[order]])
    used = within > start
    return order[used], (base[product[order]] + within)[used]
