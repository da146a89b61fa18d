"""What to order now, of whom, how many, by when, why, and what it costs when.

Money is in the reporting currency, ex VAT; days are local days since 1970-01-01.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.counting import divided
from echannel.metrics.inventory.budget import packs_of, within_budget
from echannel.metrics.inventory.outlook import Outlook, outlook
from echannel.metrics.inventory.panels import WEEK
from echannel.metrics.inventory.quantities import price_at, price_steps, rounded
from echannel.metrics.inventory.service import Protection
from echannel.metrics.result import OK

_SHOWN = (
    *(
        "reorder_point",
        "safety_stock",
        "order_quantity",
        "order_up_to",
        "z",
        "service_target",
        "cycle_service",
    ),
    *("fill_rate", "distribution", "lead_time_days", "lead_time_sd_days", "review_days", "assumed"),
)


def propose(
    policies: pd.DataFrame,
    items: pd.DataFrame,
    position: pd.DataFrame,
    paths: pd.DataFrame,
    prices: pd.DataFrame,
    purchases: pd.DataFrame,
    today: int,
    budget: float | None = None,
) -> pd.DataFrame:
    """One row per product that is still sold; those that are ``due`` now first, the dearest wait on top.

    Due is what stands at or below its reorder point (available + on order). It is ordered in whole order
    quantities until it stands above. With a ``budget``, packs are bought by the lost margin they avoid per
    money (see ``budget``): ``wanted`` is what the policy asks for, ``quantity`` what the money allows.

    Parameters
    ----------
    policies : see ``policy.policies``. position : see ``position.position``. paths : of the forecasts.
    prices, purchases : the canonical supplier prices and purchases.

    Returns
    -------
    Index ``product_id``: ``supplier_id``, ``name``, ``due``, ``value`` (= ``quantity``, units; 0 not due),
    ``wanted``, ``unit_cost`` (at that quantity), ``cost``, ``priority`` (1 = first; by lost margin avoided
    per money), ``avoided_margin``, ``order_by`` (the last day to order so that it comes before the safety
    stock is touched; today at the earliest), ``delivery_day``, ``cash_day`` (delivery + payment terms),
    ``run_out_day`` (NaN: not within half a year), ``position``, ``per_week``, ``why`` (a catalogue key; its
    values are the columns of this frame), ``lead_time_from``, ``lead_time_n``, ``customs_unknown``,
    the policy's own columns, ``n``, ``status``, ``reason``. Without known stock or demand: no number.
    """
    sold = items["active"].to_numpy(dtype=bool)
    goods, policy = items[sold], policies.loc[items.index[sold]]
    lead = policy["lead_time_days"].to_numpy("float64")
    per_day = policy["per_day"].to_numpy("float64")
    ahead = outlook(goods.index, position, paths, purchases, lead, per_day, today)
    held = position.reindex(goods.index)
    stands = held["available"].to_numpy("float64") + held["on_order"].fillna(0).to_numpy("float64")
    known = (policy["status"] == OK).to_numpy() & np.isfinite(stands)
    point, step = policy["reorder_point"].to_numpy("float64"), policy["order_quantity"].to_numpy("float64")
    with np.errstate(invalid="ignore"):
        due = known & (stands <= point) & (per_day > 0)
        times = np.floor((point - stands) / step) + 1
    wanted = np.where(due, times * step, np.where(known, 0.0, np.nan))
    breaks, costs = price_steps(prices, goods)
    frame = pd.DataFrame(
        {
            "supplier_id": goods["supplier_id"],
            "name": goods["name"],
            "due": due,
            "wanted": wanted,
            "position": stands,
            "available": held["available"],
            "per_week": per_day * WEEK,
            "run_out_day": np.where(known, ahead.run_out_day, np.nan),
        },
        index=goods.index,
    )
    frame = _afforded(frame, goods, policy, breaks, costs, budget)
    frame = _dated(frame, goods, policy, ahead, known, today)
    stockless = (policy["status"] == OK).to_numpy() & ~known
    frame = frame.assign(
        why=_why(frame, today),
        lead_time_from=goods["lead_time_days_from"],
        lead_time_n=goods["lead_time_n"],
        customs_unknown=goods["customs_unknown"],
        **{name: policy[name] for name in _SHOWN},
        n=policy["n"],
        status=np.where(stockless, held["status"].fillna("input_missing"), policy["status"]),
        reason=np.where(stockless, "reason.stock_missing", policy["reason"]),
    )
    return frame.sort_values(["due", "priority", "order_by"], ascending=[False, True, True], kind="stable")


def by_supplier(lines: pd.DataFrame, items: pd.DataFrame, suppliers: pd.DataFrame) -> pd.DataFrame:
    """One row per supplier with a due line: what its order costs, and whether it reaches the minimum.

    Returns
    -------
    Index ``supplier_id``: ``lines``, ``units``, ``value`` (= cost), ``order_value_min``, ``lacking``
    (money up to the minimum; 0 reached), ``order_by`` (the earliest), ``cash_day`` (the earliest),
    ``unpriced`` (lines without a cost: the sum leaves them out), ``n`` (lines), ``status``, ``reason``.
    """
    due = lines[lines["due"] & (lines["value"] > 0)]
    groups = due.groupby("supplier_id", sort=True)
    frame = groups.agg(
        lines=("value", "size"),
        units=("value", "sum"),
        value=("cost", "sum"),
        order_by=("order_by", "min"),
        cash_day=("cash_day", "min"),
        unpriced=("cost", lambda cost: int(cost.isna().sum())),
    )
    least = suppliers.drop_duplicates("supplier_id", keep="last")
    minimum = least.set_axis(least["supplier_id"].astype(str), axis=0)["order_value_min"].reindex(frame.index)
    minimum = minimum.fillna(0.0).astype("float64")
    bare = (frame["unpriced"] == frame["lines"]).to_numpy()
    return frame.assign(
        value=frame["value"].where(~bare),
        order_value_min=minimum,
        lacking=(minimum - frame["value"]).clip(lower=0.0).where(~bare),
        n=frame["lines"],
        status=np.where(bare, "input_missing", OK),
        reason=np.where(bare, "reason.order_cost_unknown", ""),
    )


def fill_up(lines: pd.DataFrame, items: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """What would fill an order up to its supplier's minimum: what must be ordered there soonest anyway.

    Returns
    -------
    Rows of ``lines`` that are not due, of suppliers whose order is ``lacking``, in the order of ``order_by``,
    until the minimum is reached: ``quantity`` (one order quantity), ``cost``, ``reaches`` (the order's value
    with it and those before it), ``supplier_id``, ``order_by``, ``name``.
    """
    short = groups[groups["lacking"] > 0]
    spare = lines[~lines["due"] & (lines["status"] == OK) & lines["supplier_id"].isin(short.index)]
    spare = spare[spare["order_by"].notna() & (spare["per_week"] > 0)].sort_values("order_by", kind="stable")
    cost = spare["order_quantity"] * items["unit_cost"].reindex(spare.index)
    frame = spare.assign(quantity=spare["order_quantity"], cost=cost)[cost.notna().to_numpy()]
    before = frame.groupby("supplier_id")["cost"].cumsum() - frame["cost"]
    needed = frame["supplier_id"].map(short["lacking"]).astype("float64")
    base = frame["supplier_id"].map(short["value"]).astype("float64")
    frame = frame.assign(reaches=base + before + frame["cost"])
    return frame.loc[before < needed, ["supplier_id", "name", "quantity", "cost", "reaches", "order_by"]]


def _afforded(
    frame: pd.DataFrame,
    items: pd.DataFrame,
    policy: pd.DataFrame,
    breaks: np.ndarray,
    costs: np.ndarray,
    budget: float | None,
) -> pd.DataFrame:
    """``value`` (units to order), cost, what it avoids, and the order of importance."""
    due = frame["due"].to_numpy()
    wanted = np.where(due, frame["wanted"].to_numpy(), 0.0)
    names = ("per_day", "sd_day", "lead_time_days", "lead_time_sd_days", "review_days")
    inputs = [np.where(due, policy[name].to_numpy("float64"), 1.0) for name in names]
    cycle = Protection.of(*inputs).cycle
    least, pack = (items[f"order_quantity_{name}"].to_numpy("float64") for name in ("min", "multiple"))
    # A smaller order may miss a price break: it is reckoned at the price of the least quantity.
    highest = price_at(rounded(0.0, least, pack), breaks, costs)
    full = price_at(wanted, breaks, costs)
    reckoned = full if budget is None else np.fmax(full, highest)
    margin = items["price_net"].to_numpy("float64") - full
    stands = np.nan_to_num(frame["position"].to_numpy())
    packs = packs_of(wanted, least, pack, stands, cycle, margin, reckoned)
    taken = np.ones(len(packs.row), dtype=bool) if budget is None else within_budget(packs, budget)
    size = len(frame)
    bought = np.bincount(packs.row[taken], packs.units[taken], size)
    avoided = np.bincount(packs.row[taken], packs.avoided[taken], size)
    could = np.bincount(packs.row, packs.avoided, size)
    unpriced = np.bincount(packs.row, minlength=size) == 0
    quantity = np.where(unpriced, wanted if budget is None else 0.0, bought)
    unit_cost = price_at(np.where(quantity > 0, quantity, wanted), breaks, costs)
    worth = divided(could, wanted * full)
    order = np.lexsort((-np.nan_to_num(worth, nan=-1.0), ~due))
    priority = np.empty(size)
    priority[order] = np.arange(1, size + 1)
    known = np.isfinite(frame["wanted"].to_numpy())
    return frame.assign(
        value=np.where(known, quantity, np.nan),
        quantity=np.where(known, quantity, np.nan),
        unit_cost=unit_cost,
        cost=np.where(known, quantity * unit_cost, np.nan),
        avoided_margin=np.where(unpriced, np.nan, avoided),
        priority=np.where(due, priority, np.nan),
    )


def _dated(
    frame: pd.DataFrame,
    items: pd.DataFrame,
    policy: pd.DataFrame,
    ahead: Outlook,
    known: np.ndarray,
    today: int,
) -> pd.DataFrame:
    lead = policy["lead_time_days"].to_numpy("float64")
    touched = ahead.first_day_at_or_below(np.maximum(policy["safety_stock"].to_numpy("float64"), 0.0))
    latest = np.maximum(np.floor(touched - lead), today)
    delivery = np.where(frame["due"], today, latest) + np.ceil(lead)
    return frame.assign(
        order_by=np.where(known, latest, np.nan),
        delivery_day=np.where(known, delivery, np.nan),
        cash_day=np.where(known, delivery + items["payment_days"].to_numpy("float64"), np.nan),
    )


def _why(frame: pd.DataFrame, today: int) -> np.ndarray:
    """The reason of a due line, as a catalogue key."""
    out = (frame["available"] <= 0).to_numpy()
    with np.errstate(invalid="ignore"):
        before = frame["run_out_day"].to_numpy() < frame["delivery_day"].to_numpy()
    keys = np.select(
        [out, before], ["reason.order_out_of_stock", "reason.order_before_delivery"], "reason.order_at_point"
    )
    return np.where(frame["due"], keys, "")
