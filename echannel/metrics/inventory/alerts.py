"""What goes wrong in the next 30 days unless something is done.

Four kinds of row: "run_out", "expire", "overstock", "supplier_late". Units and reporting currency, ex VAT;
days are local days since 1970-01-01.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.inventory.outlook import Outlook, outlook
from echannel.metrics.inventory.suppliers import overdue
from echannel.metrics.result import OK

DAYS = 30
MANY_YEARS = 3650  # days of cover from which their number says nothing more
_COLUMNS = [
    *(
        "kind",
        "product_id",
        "supplier_id",
        "purchase_id",
        "day",
        "value",
        "money",
        "cover_days",
        "limit_days",
    ),
    *("days_late", "why", "n", "status", "reason"),
]


def alerts(
    policies: pd.DataFrame,
    items: pd.DataFrame,
    position: pd.DataFrame,
    paths: pd.DataFrame,
    purchases: pd.DataFrame,
    received: pd.DataFrame,
    today: int,
    days: int = DAYS,
    over_cover_days: float = 90.0,
) -> pd.DataFrame:
    """All alerts, by kind and, within each, the most money first.

    Parameters
    ----------
    policies : see ``policy.policies``. position : see ``position.position``. paths : of the forecasts.
    received : wide, units delivered per day up to ``today``.
    over_cover_days : of cover beyond lead time, review and safety stock that make stock too much.

    Returns
    -------
    ``kind``, ``product_id``, ``supplier_id``, ``purchase_id`` (supplier late), ``day`` (on which it
    happens; for a late supplier, on which it was due), ``value`` (units: lacking by the end of the
    ``days``, expiring, too many, or still to come), ``money`` (margin at stake; else at cost; NaN
    unknown), ``cover_days`` and ``limit_days`` (overstock), ``days_late``, ``why`` (a catalogue key; its
    values are these columns), ``n``, ``status``, ``reason``.
    """
    plan = policies.reindex(items.index)
    lead, per_day = (plan[name].to_numpy("float64") for name in ("lead_time_days", "per_day"))
    ahead = outlook(items.index, position, paths, purchases, lead, per_day, today, days)
    parts = [
        will_run_out(ahead, plan, items),
        will_expire(ahead, plan, items, received),
        overstock(ahead, plan, items, over_cover_days),
        supplier_late(purchases, items, today),
    ]
    frame = pd.concat([part for part in parts if len(part)] or [parts[0]], ignore_index=True)
    return frame.reindex(columns=_COLUMNS)


def will_run_out(ahead: Outlook, policies: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Products with nothing left at the end of one of the days, deliveries on their way counted."""
    day = ahead.run_out_day
    lacking = np.maximum(-ahead.stock[:, -1], 0.0) if ahead.stock.shape[1] else np.zeros(len(day))
    margin = items["price_net"].to_numpy("float64") - items["unit_cost"].to_numpy("float64")
    here = np.isfinite(day) & (policies["status"] == OK).to_numpy() & items["active"].to_numpy(dtype=bool)
    today_out = day <= ahead.today
    columns = {
        "day": day,
        "value": lacking,
        "money": lacking * margin,
        "why": np.where(today_out, "reason.alert_is_out", "reason.alert_runs_out"),
    }
    return _rows("run_out", here, items, policies, columns)


def will_expire(
    ahead: Outlook, policies: pd.DataFrame, items: pd.DataFrame, received: pd.DataFrame
) -> pd.DataFrame:
    """Units that will not be sold before their shelf life ends, the oldest sold first.

    The age of what is in stock is that of the last deliveries which make it up; what no delivery explains is
    taken as older, sold first, and not itself counted as expiring.
    """
    life = items["shelf_life_days"].to_numpy("float64")
    perishable = np.nonzero(np.isfinite(life) & (np.nan_to_num(ahead.available) > 0))[0]
    days = ahead.demand.shape[1]
    came = received.reindex(items.index[perishable]).to_numpy("float64")
    came = np.nan_to_num(came)[:, ::-1]  # the last day first
    held = np.maximum(ahead.available[perishable], 0.0)[:, None]
    newer = np.cumsum(came, axis=1) - came
    left = np.clip(held - newer, 0.0, came)
    age = np.arange(came.shape[1])
    ends = np.ceil(life[perishable])[:, None] - age  # days from today
    at = np.clip(ends, 1, days + 1).astype("int64") - 1
    expiring = np.zeros((len(perishable), days + 1))
    np.add.at(expiring, (np.arange(len(perishable))[:, None], at), left)
    unknown = held[:, 0] - left.sum(axis=1)
    ending = np.cumsum(expiring[:, :days], axis=1)
    asked = np.cumsum(np.nan_to_num(ahead.demand[perishable]), axis=1)
    lost = np.clip(ending + unknown[:, None] - asked, 0.0, ending)
    lost = np.maximum.accumulate(np.floor(lost + 1e-9), axis=1) if days else lost
    units, day = np.zeros(len(items)), np.full(len(items), np.nan)
    if days:
        units[perishable] = lost[:, -1]
        day[perishable] = ahead.today + 1 + np.argmax(lost > 0, axis=1)
    here = (units > 0) & np.isfinite(ahead.demand).all(axis=1)
    cost = units * items["unit_cost"].to_numpy("float64")
    return _rows(
        "expire",
        here,
        items,
        policies,
        {"day": day, "value": units, "money": cost, "why": "reason.alert_expires"},
    )


def overstock(
    ahead: Outlook, policies: pd.DataFrame, items: pd.DataFrame, over_cover_days: float
) -> pd.DataFrame:
    """What lasts longer than lead time, review, safety stock and ``over_cover_days``: cash to free."""
    per_day = policies["per_day"].to_numpy("float64")
    known = (policies["status"] == OK).to_numpy() & (per_day > 0)
    rate = np.where(known, per_day, np.nan)
    safety = np.maximum(policies["safety_stock"].to_numpy("float64"), 0.0) / rate
    limit = policies["lead_time_days"] + policies["review_days"] + safety + over_cover_days
    cover = ahead.available / rate
    units = np.floor(ahead.available - limit.to_numpy("float64") * rate)
    columns = {
        "day": np.full(len(items), np.nan),
        "value": units,
        "money": units * items["unit_cost"].to_numpy("float64"),
        "cover_days": cover,
        "limit_days": limit.to_numpy("float64"),
        "why": np.where(cover > MANY_YEARS, "reason.alert_overstock_years", "reason.alert_overstock"),
    }
    return _rows("overstock", known & (np.nan_to_num(units) >= 1), items, policies, columns)


def supplier_late(purchases: pd.DataFrame, items: pd.DataFrame, today: int) -> pd.DataFrame:
    """Open purchases past their day, or open for longer than 9 in 10 of the supplier's deliveries."""
    late = overdue(purchases, today)
    late = late[~late["stale"].to_numpy(dtype=bool)]
    cost = items["unit_cost"].reindex(late["product_id"]).to_numpy("float64")
    against = late["against"].to_numpy()
    return pd.DataFrame(
        {
            "kind": "supplier_late",
            **{name: late[name].to_numpy() for name in ("product_id", "supplier_id", "purchase_id")},
            "day": late["due_day"].to_numpy("float64"),
            "value": late["quantity"].to_numpy("float64"),
            "money": late["quantity"].to_numpy("float64") * cost,
            "days_late": late["value"].to_numpy("float64"),
            "why": np.where(against == "expected", "reason.alert_late", "reason.alert_slow"),
            "n": late["n"].to_numpy("float64"),
            "status": OK,
            "reason": "",
        }
    )


def _rows(
    kind: str, here: np.ndarray, items: pd.DataFrame, policies: pd.DataFrame, columns: dict[str, object]
) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"product_id": items.index, "supplier_id": items["supplier_id"].to_numpy(), **columns}
    )
    frame = frame.assign(kind=kind, n=policies["n"].to_numpy("float64"), status=OK, reason="")[here]
    return frame.sort_values("money", ascending=False, na_position="last", kind="stable")
