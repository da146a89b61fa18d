"""From visit to order, and what an order or a customer costs to win.

``visits`` is the canonical table (sessions and spend per day, source, medium, country, device; as the
analytics tool counted them: visitors who refuse cookies are missing there). Orders and customers
are the shop's own counted ones (frames of ``Sales``), own_shop only where they are set against sessions.
Spend is ex VAT in the reporting currency, turnover net goods ex VAT.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.counting import codes_of, divided
from echannel.metrics.periods import Period, of
from echannel.metrics.result import INPUT_MISSING, OK, RESULT_COLUMNS, TOO_FEW, judged, missing, ratio
from echannel.metrics.turnover import day_number, month_number, month_periods

STEPS = ("sessions", "product_views", "add_to_carts", "checkouts", "orders")
FEWEST_SESSIONS = 100  # below, a rate of a few per cent rests on a handful of orders
FEWEST_CUSTOMERS = 5
OWN_SHOP = "own_shop"

_FUNNEL_COLUMNS = ["step", "value", "from_previous", "from_sessions", "tracked", "n", "status", "reason"]
_CONVERSION_COLUMNS = ["numerator", "denominator", "value", "low", "high", "n", "status", "reason"]
_MONTHLY_COLUMNS = ["month", "numerator", "denominator", "value", "cost", "n", "status", "reason"]
_SOURCE_COLUMNS = [
    *("source", "medium", "sessions", "share", "numerator", "denominator", "value"),
    *("cost", "cost_per_session", "cost_per_order", "sessions_before", "change", "n", "status", "reason"),
]


def funnel(visits: pd.DataFrame, entries: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Steps from session to order, in the days of the period that have visits.

    The last step is the shop's own counted orders (own_shop), not the analytics tool's.

    Returns
    -------
    One row per name in ``STEPS``: ``step``, ``value`` (count), ``from_previous`` (share of the last known
    step before), ``from_sessions`` (share of sessions), ``tracked`` (orders as the analytics tool counts
    them, in the row of orders), ``n`` (sessions), ``status`` (input_missing: the source does not count the
    step), ``reason``.
    """
    seen = _visits_in(visits, period)
    if not len(seen):
        nothing = dict.fromkeys(("from_previous", "from_sessions", "tracked"), np.nan)
        return missing("reason.visits_missing", step="", **nothing)[_FUNNEL_COLUMNS]
    orders = int(_own_orders(entries, visits, period).sum())
    steps = [seen[step].sum(min_count=1) for step in STEPS[:4]]
    frame = pd.DataFrame({"step": STEPS, "value": [*steps, orders]})
    known = frame["value"].ffill().shift()
    frame = frame.assign(
        from_previous=divided(frame["value"], known.fillna(0)),
        from_sessions=divided(frame["value"], float(steps[0])),
        tracked=[np.nan] * 4 + [seen["orders"].sum(min_count=1)],
        n=int(steps[0]),
    )
    uncounted = frame["value"].isna()
    frame = judged(frame, FEWEST_SESSIONS, "reason.few_sessions")
    frame.loc[uncounted, ["status", "reason"]] = [INPUT_MISSING, "reason.step_not_counted"]
    frame.loc[frame["status"] != OK, ["from_previous", "from_sessions"]] = np.nan
    return frame[_FUNNEL_COLUMNS]


def conversion(visits: pd.DataFrame, entries: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Conversion rate: own-shop orders / sessions, on the days that have visits.

    Returns
    -------
    One row: ``numerator`` (orders), ``denominator`` (sessions), ``value``, ``low`` and ``high`` (95 %,
    Wilson), ``n`` (sessions), ``status``, ``reason``.
    """
    sessions = float(_visits_in(visits, period)["sessions"].sum())
    if not sessions:
        return missing(
            "reason.visits_missing", numerator=np.nan, denominator=np.nan, low=np.nan, high=np.nan
        )[_CONVERSION_COLUMNS]
    orders = int(_own_orders(entries, visits, period).sum())
    frame = pd.DataFrame({"numerator": [orders], "denominator": [sessions], "n": [int(sessions)]})
    low, high = _wilson(orders, sessions)
    frame = ratio(frame, FEWEST_SESSIONS, "reason.few_sessions").assign(low=low, high=high)
    frame.loc[frame["status"] != OK, ["low", "high"]] = np.nan
    return frame[_CONVERSION_COLUMNS]


def monthly_conversion(visits: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    """Conversion rate per month with visits: ``month`` (period[M], without gaps), ``numerator`` (orders),
    ``denominator`` (sessions), ``value``, ``cost``, ``n`` (sessions), ``status``, ``reason``.
    """
    if not len(visits):
        return missing(
            "reason.visits_missing", month=pd.NaT, numerator=np.nan, denominator=np.nan, cost=np.nan
        )[_MONTHLY_COLUMNS]
    days = day_number(visits["date"])
    months = month_number(pd.Series(days))
    first = int(months.min())
    size = int(months.max()) - first + 1
    orders = _own_orders(entries, visits, Period(int(days.min()), int(days.max())))
    sessions = np.bincount(months - first, visits["sessions"].to_numpy(), size)
    spend = visits["cost"].to_numpy()
    spent = ~np.isnan(spend)
    cost = np.bincount(months[spent] - first, spend[spent], size)
    stated = np.bincount(months[spent] - first, minlength=size) > 0
    at = month_number(pd.Series(np.repeat(np.arange(int(days.min()), int(days.max()) + 1), orders))) - first
    frame = pd.DataFrame(
        {
            "month": month_periods(np.arange(first, first + size)),
            "numerator": np.bincount(at, minlength=size),
            "denominator": sessions,
            "cost": np.where(stated, cost, np.nan),
            "n": sessions.astype("int64"),
        }
    )
    return ratio(frame, FEWEST_SESSIONS, "reason.few_sessions")[_MONTHLY_COLUMNS]


def efficiency(visits: pd.DataFrame, entries: pd.DataFrame, period: Period) -> pd.DataFrame:
    """What advertising costs and brings.

    cost: spend; cost_per_session: spend / sessions; cac: spend / new customers (customers whose first
    order ever lies in the period, any source: blended); mer: turnover / spend (marketing efficiency
    ratio); spend_share: spend / turnover. All channels' turnover and customers count: blended figures say
    nothing on what advertising itself caused.

    Returns
    -------
    Five rows: ``measure`` (cost, cost_per_session, cac, mer, spend_share), ``numerator``, ``denominator``
    (NaN for cost), ``value``, ``n`` (sessions, new customers or orders), ``status``, ``reason``.
    """
    seen = _visits_in(visits, period)
    spend = float(seen["cost"].sum(min_count=1))
    sessions = float(seen.loc[seen["cost"].notna(), "sessions"].sum())
    sold = of(entries, period)
    sale = (sold["entry"] == "sale").to_numpy()
    new = int((sale & (sold["order_rank"] == 1).to_numpy()).sum())
    turnover = float(sold["net_goods"].sum())
    frame = pd.DataFrame(
        {
            "measure": ["cost", "cost_per_session", "cac", "mer", "spend_share"],
            "numerator": [spend, spend, spend, turnover, spend],
            "denominator": [np.nan, sessions, new, spend, turnover],
            "n": [int(sessions), int(sessions), new, int(sale.sum()), int(sale.sum())],
        }
    )
    frame["value"] = np.where(
        frame["measure"] == "cost", spend, divided(frame["numerator"], frame["denominator"].fillna(0))
    )
    fewest = [0, FEWEST_SESSIONS, FEWEST_CUSTOMERS, FEWEST_CUSTOMERS, FEWEST_CUSTOMERS]
    few = (frame["n"] < fewest) | frame["value"].isna()
    why = ["", "reason.few_sessions", "reason.few_new_customers", *["reason.few_orders"] * 2]
    frame = frame.assign(
        value=frame["value"].where(~few),
        status=np.where(few, TOO_FEW, OK),
        reason=np.where(few, why, ""),
    )
    free = frame["measure"].eq("mer") & (spend == 0)
    frame.loc[free, ["status", "reason"]] = [TOO_FEW, "reason.no_spend"]
    if np.isnan(spend):
        without = "reason.spend_missing" if len(seen) else "reason.visits_missing"
        frame = frame.assign(value=np.nan, status=INPUT_MISSING, reason=without)
    elif not (codes_of(sold["customer_id"])[0] >= 0).any():
        cac = frame["measure"] == "cac"
        frame.loc[cac, "value"] = np.nan
        frame.loc[cac, ["status", "reason"]] = [INPUT_MISSING, "reason.customers_unknown"]
    return frame[["measure", "numerator", "denominator", "value", "n", "status", "reason"]]


def by_source(visits: pd.DataFrame, period: Period, before: Period | None = None) -> pd.DataFrame:
    """Visits by source and medium, orders as the analytics tool attributes them.

    Returns
    -------
    One row per source and medium, most sessions first: ``source``, ``medium``, ``sessions``, ``share`` (of
    sessions), ``numerator`` (tracked orders; NaN when not counted), ``denominator`` (sessions), ``value``
    (conversion), ``cost``, ``cost_per_session``, ``cost_per_order``, ``sessions_before``, ``change``,
    ``n`` (sessions), ``status``, ``reason``.
    """
    seen = _visits_in(visits, period)
    if not len(seen):
        columns = [c for c in _SOURCE_COLUMNS if c not in RESULT_COLUMNS]
        empty = missing("reason.visits_missing", **dict.fromkeys(columns, np.nan))
        return empty.assign(source="", medium="")[_SOURCE_COLUMNS]
    sums = _by_source(seen)
    earlier = _by_source(_visits_in(visits, before))["sessions"] if before else sums["sessions"] * np.nan
    frame = sums.join(earlier.rename("sessions_before"), how="left").reset_index()
    if before:
        frame["sessions_before"] = frame["sessions_before"].fillna(0.0)
    frame = frame.assign(
        share=divided(frame["sessions"], frame["sessions"].sum()),
        numerator=frame["orders"],
        denominator=frame["sessions"],
        cost_per_session=divided(frame["cost"], frame["sessions"]),
        cost_per_order=divided(frame["cost"], frame["orders"].fillna(0)),
        change=divided(frame["sessions"], frame["sessions_before"].fillna(0)) - 1,
        n=frame["sessions"].astype("int64"),
    )
    frame = ratio(frame, FEWEST_SESSIONS, "reason.few_sessions")
    untracked = ((frame["status"] == OK) & frame["numerator"].isna()).to_numpy()
    frame.loc[untracked, ["status", "reason"]] = [INPUT_MISSING, "reason.step_not_counted"]
    frame = frame.sort_values("sessions", ascending=False, kind="stable").reset_index(drop=True)
    return frame[_SOURCE_COLUMNS]


def _visits_in(visits: pd.DataFrame, period: Period) -> pd.DataFrame:
    days = day_number(visits["date"])
    return visits[(days >= period.since) & (days <= period.until)]


def _own_orders(entries: pd.DataFrame, visits: pd.DataFrame, period: Period) -> np.ndarray:
    """Counted own-shop orders on each day of the period; 0 on days without visits, which say nothing."""
    days = day_number(visits["date"])
    counted = np.zeros(period.days, dtype=bool)
    counted[days[(days >= period.since) & (days <= period.until)] - period.since] = True
    own = (entries["entry"] == "sale").to_numpy() & (entries["channel"] == OWN_SHOP).to_numpy()
    own &= period.mask(entries["day"])
    orders = np.bincount(entries["day"].to_numpy()[own] - period.since, minlength=period.days)
    return np.where(counted, orders, 0)


def _by_source(visits: pd.DataFrame) -> pd.DataFrame:
    grouped = visits.groupby(["source", "medium"], observed=True)
    return grouped[["sessions", "orders", "cost"]].sum(min_count=1)


def _wilson(successes: float, trials: float) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), which stays within 0 and 1 for few cases."""
    z2 = 1.959964**2
    share = min(successes / trials, 1.0)
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = np.sqrt(z2 * (share * (1 - share) + z2 / (4 * trials)) / trials) / (1 + z2 / trials)
    return middle - half, middle + half
