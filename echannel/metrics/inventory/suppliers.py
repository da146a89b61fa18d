"""Suppliers by their own record: how long they take, how often they are late, what they charge.

All from the purchases; dates are the SME's own calendar days. A line that comes in two deliveries is two
lines. Prices are unit costs in the reporting currency, ex VAT.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from echannel.metrics.counting import divided
from echannel.metrics.inventory.grouping import YEAR, few, lacks, told
from echannel.metrics.inventory.items import FEWEST_DELIVERIES, delivery_days, supplier_names
from echannel.metrics.inventory.panels import day_or_none, received_quantity
from echannel.metrics.inventory.position import is_open

Of = Literal["supplier_id", "product_id"]
_P90 = 0.9


def lead_times(purchases: pd.DataFrame, by: Of | tuple[Of, ...] = "supplier_id") -> pd.DataFrame:
    """Days from order to receipt, per supplier, product or both: one case per delivery.

    Returns
    -------
    One row per group: its keys, ``value`` (median days), ``mean``, ``p90``, ``sd`` (n − 1), ``n``
    (deliveries; under 3 too few), ``status``, ``reason``.
    """
    keys = [by] if isinstance(by, str) else list(by)
    days = delivery_days(purchases)
    once = days.drop_duplicates(["purchase_id", "received_day", *keys])
    grouped = once.groupby(keys)["days"]
    frame = pd.DataFrame(
        {
            "value": grouped.median(),
            "mean": grouped.mean(),
            "p90": grouped.quantile(_P90),
            "sd": grouped.std(),
            "n": grouped.size(),
        }
    ).reset_index()
    return told(frame, few((frame["n"] < FEWEST_DELIVERIES).to_numpy(), "reason.deliveries_few"))


def punctuality(purchases: pd.DataFrame) -> pd.DataFrame:
    """Share of deliveries that came after the day they were expected on.

    Returns
    -------
    One row per supplier: ``supplier_id``, ``value`` (share late), ``numerator``, ``denominator``
    (deliveries with a day expected), ``days_late`` (median of the late ones), ``n``, ``status``,
    ``reason``.
    """
    frame = pd.DataFrame(
        {
            "purchase_id": purchases["purchase_id"].astype(str).to_numpy(dtype=object),
            "supplier_id": supplier_names(purchases),
            "received": day_or_none(purchases["received_on"]),
            "expected": day_or_none(purchases["expected_on"]),
        }
    )
    frame = frame[np.isfinite(frame["received"]) & (received_quantity(purchases) > 0)]
    once = frame.drop_duplicates(["purchase_id", "supplier_id", "received", "expected"])
    late = (once["received"] - once["expected"]).where(lambda days: days > 0)
    once = once.assign(late=late, due=once["expected"].notna())
    grouped = once.groupby("supplier_id")
    result = grouped.agg(
        numerator=("late", "count"), denominator=("due", "sum"), days_late=("late", "median")
    )
    result = result.reset_index()
    result.insert(1, "value", divided(result["numerator"], result["denominator"]))
    n = result["denominator"].to_numpy()
    return told(
        result.assign(n=n),
        lacks(n == 0, "reason.expected_missing"),
        few(n < FEWEST_DELIVERIES, "reason.deliveries_few"),
    )


def price_drift(purchases: pd.DataFrame, today: int, days: int = YEAR) -> pd.DataFrame:
    """What the last ``days``' purchases cost against the prices of the same products in the period before.

    Σ quantity × cost now / Σ quantity × cost before − 1, over products bought in both (mean cost of
    each period, quantities of the last one: Paasche).

    Returns
    -------
    One row per supplier: ``supplier_id``, ``value`` (0.03 = 3 % dearer), ``numerator``, ``denominator``
    (money), ``n`` (products), ``status``, ``reason``.
    """
    on = day_or_none(purchases["ordered_on"].fillna(purchases["received_on"]))
    frame = pd.DataFrame(
        {
            "supplier_id": supplier_names(purchases),
            "product_id": purchases["product_id"].astype(str).to_numpy(dtype=object),
            "now": on > today - days,
            "quantity": purchases["quantity"].to_numpy(dtype="float64"),
            "cost": purchases["unit_cost"].to_numpy(dtype="float64"),
        }
    )
    within = (on > today - 2 * days) & (on <= today)
    suppliers = np.unique(frame["supplier_id"].to_numpy()[within].astype(str)).astype(object)
    frame = frame[within & (frame["cost"] > 0) & (frame["quantity"] > 0)]
    frame = frame.assign(money=frame["quantity"] * frame["cost"])
    keys = ["supplier_id", "product_id"]
    now, earlier = (
        frame[frame["now"] == which].groupby(keys)[["quantity", "money"]].sum() for which in (True, False)
    )
    both = now.join(earlier, how="inner", rsuffix="_before")
    before = both["money_before"] / both["quantity_before"] * both["quantity"]
    parts = pd.DataFrame({"numerator": both["money"], "denominator": before, "n": 1})
    result = parts.groupby(level="supplier_id").sum().reindex(suppliers, fill_value=0)
    result = (
        result.rename_axis("supplier_id").reset_index().astype({"numerator": float, "denominator": float})
    )
    result.insert(1, "value", divided(result["numerator"], result["denominator"]) - 1)
    return told(result, few((result["n"] == 0).to_numpy(), "reason.not_bought_twice"))


def overdue(purchases: pd.DataFrame, today: int) -> pd.DataFrame:
    """Open purchase lines that should have come: by the day expected, else by the supplier's own record.

    Without a day expected a line is overdue when it has waited longer than nine in ten of the supplier's
    deliveries took. Lines ordered over a year ago are ``stale``: rather never closed than late.

    Returns
    -------
    One row per overdue line, latest first: ``purchase_id``, ``line_no``, ``supplier_id``, ``product_id``,
    ``quantity`` (still to come), ``ordered_day``, ``due_day``, ``against`` ("expected", "record"),
    ``value`` (days late), ``stale``, ``n`` (deliveries that the record rests on), ``status``, ``reason``.
    """
    record = lead_times(purchases)
    record = record[record["status"] == "ok"].set_index("supplier_id")
    supplier = supplier_names(purchases)
    ordered, expected = day_or_none(purchases["ordered_on"]), day_or_none(purchases["expected_on"])
    usual = np.floor(ordered + record["p90"].reindex(supplier).to_numpy(dtype="float64"))
    due = np.where(np.isfinite(expected), expected, usual)
    left = purchases["quantity"].to_numpy(dtype="float64") - received_quantity(purchases)
    waiting = purchases["received_on"].isna().to_numpy() & (left > 0) & (due < today)
    frame = pd.DataFrame(
        {
            "purchase_id": purchases["purchase_id"].astype(str).to_numpy(dtype=object),
            "line_no": purchases["line_no"].to_numpy(),
            "supplier_id": supplier,
            "product_id": purchases["product_id"].astype(str).to_numpy(dtype=object),
            "quantity": left,
            "ordered_day": ordered,
            "due_day": due,
            "against": np.where(np.isfinite(expected), "expected", "record"),
            "value": today - due,
            "stale": ~is_open(purchases, today),
            "n": np.nan_to_num(record["n"].reindex(supplier).to_numpy(dtype="float64")).astype("int64"),
        }
    )[waiting]
    return told(frame.sort_values("value", ascending=False, kind="stable", ignore_index=True))


def supplier_record(purchases: pd.DataFrame, suppliers: pd.DataFrame, today: int) -> pd.DataFrame:
    """One row per supplier, of the list or of the purchases, with its whole record.

    Returns
    -------
    ``supplier_id``, ``name`` ("" unknown), ``country``, ``value`` (median days from order to receipt),
    ``mean``, ``p90``, ``sd``, ``agreed`` (days as agreed), ``late_share``, ``late_n``, ``days_late``,
    ``price_drift``, ``price_n``, ``spend`` (ordered in the last 12 months), ``open_lines``,
    ``overdue_lines``, ``n`` (deliveries), ``status``, ``reason`` (of the lead time; the other figures are
    NaN where unknown).
    """
    listed = suppliers.drop_duplicates("supplier_id", keep="last")
    listed = listed.set_axis(listed["supplier_id"].astype(str), axis=0)
    bought = supplier_names(purchases)
    every = sorted({*listed.index, *bought} - {""})
    index = pd.Index(every, dtype=object, name="supplier_id")
    lead = lead_times(purchases).set_index("supplier_id").reindex(index)
    late = punctuality(purchases).set_index("supplier_id").reindex(index)
    drift = price_drift(purchases, today).set_index("supplier_id").reindex(index)
    own = listed.reindex(index)
    place = index.get_indexer(bought)
    on = day_or_none(purchases["ordered_on"].fillna(purchases["received_on"]))
    money = (purchases["quantity"] * purchases["unit_cost"]).to_numpy(dtype="float64")
    recent = (place >= 0) & (on > today - YEAR) & (on <= today) & np.isfinite(money)
    waits = (place >= 0) & is_open(purchases, today)
    delayed = overdue(purchases, today)
    delayed = delayed[~delayed["stale"]]
    size = len(index)
    frame = pd.DataFrame(
        {
            "name": own["name"].astype(object).where(own["name"].notna(), "").to_numpy(dtype=object),
            "country": own["country"].astype(object).where(own["country"].notna(), "").to_numpy(dtype=object),
            **{name: lead[name].to_numpy(dtype="float64") for name in ("value", "mean", "p90", "sd")},
            "agreed": own["lead_time_days"].to_numpy(dtype="float64"),
            "late_share": late["value"].to_numpy(dtype="float64"),
            "late_n": late["n"].fillna(0).to_numpy(dtype="int64"),
            "days_late": late["days_late"].to_numpy(dtype="float64"),
            "price_drift": drift["value"].to_numpy(dtype="float64"),
            "price_n": drift["n"].fillna(0).to_numpy(dtype="int64"),
            "spend": np.bincount(place[recent], money[recent], size).astype("float64"),
            "open_lines": np.bincount(place[waits], minlength=size),
            "overdue_lines": delayed["supplier_id"].value_counts().reindex(index, fill_value=0).to_numpy(),
            "n": lead["n"].fillna(0).to_numpy(dtype="int64"),
        },
        index=index,
    ).reset_index()
    n = frame["n"].to_numpy()
    return told(
        frame,
        lacks(n == 0, "reason.deliveries_unknown"),
        few(n < FEWEST_DELIVERIES, "reason.deliveries_few"),
    )
