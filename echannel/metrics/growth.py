"""How much is sold, and whether it grows: headline figures, months, years, parts.

``entries``, ``orders`` and ``lines`` are frames of ``Sales`` (see ``echannel.metrics.turnover``): counted
orders on the SME's local days, refunds on their own day, money in the reporting currency. **Turnover** is
net goods: net of VAT, after discounts and refunds, shipping excluded.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from echannel.metrics.counting import codes_of, distinct, divided
from echannel.metrics.daily import Daily
from echannel.metrics.periods import Period, like_for_like, month_of, month_start, of, preceding, year_before
from echannel.metrics.result import INPUT_MISSING, OK, RESULT_COLUMNS, TOO_FEW, judged
from echannel.metrics.seasons import by_weekday, sale_days_apart, sale_weeks
from echannel.metrics.turnover import as_date, month_periods

__all__ = [
    "by_dimension",
    "by_weekday",
    "headline",
    "monthly_turnover",
    "sale_days_apart",
    "sale_weeks",
    "yearly",
]

MEASURES = (
    "turnover",
    "turnover_gross",
    "orders",
    "customers",
    "known_customers",
    "average_order_net",
    "average_order_gross",
    "units_per_order",
    "price_per_unit",
    "refund_rate",
    "discount_rate",
)
POINTS = ("known_customers", "refund_rate", "discount_rate")  # their change is a difference of fractions

Dimension = Literal["channel", "country", "kind"]


FEWEST_ORDERS = 5  # for an average; below, one order is a fifth of it
FEWEST_FOR_RATE = 10  # below, one order moves a rate by over ten points

_WITH_VAT = ("turnover_gross", "average_order_gross")
_NO_BASE = "reason.nothing_before"
# Choosing a period copies every column it is given.
_ENTRY_COLUMNS = ["day", "kind", "entry", "customer_id", "net_goods", "total_gross", "shipping_gross"]
_ORDER_COLUMNS = ["day", "kind", "goods", "discount", "net_goods", "quantity"]
_LINE_COLUMNS = ["day", "kind", "entry", "listed", "discount"]
_HEADLINE_COLUMNS = [
    *("kind", "measure", "numerator", "denominator", "value"),
    *("previous", "previous_change", "previous_reason"),
    *("last_year", "last_year_change", "last_year_reason"),
    *("n", "status", "reason"),
]
_DIMENSION_COLUMNS = [
    *("group", "value", "share", "orders", "customers", "average_order_net", "value_before", "change"),
    *("contribution", "n", "status", "reason"),
]


def headline(
    entries: pd.DataFrame,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    period: Period,
    first_day: int,
) -> pd.DataFrame:
    """The period's main figures against the period before and the same calendar days a year earlier.

    ``first_day``: first local day of the data; a comparison period that starts before it is not compared.

    Measures
    --------
    - turnover: Σ net goods, ex VAT, refunds of the period taken off.
    - turnover_gross: Σ total paid incl. VAT and shipping, refunds not taken off.
    - orders: counted orders. customers: distinct known customers who ordered.
    - known_customers: share of orders whose customer is known.
    - average_order_net: goods after discounts ex VAT / orders; average_order_gross: the same incl. VAT.
      Both are baskets as ordered, before refunds, shipping excluded, so that
      turnover = orders × average_order_net × (1 − refund_rate).
    - units_per_order, price_per_unit (ex VAT): over the orders whose units are known (n);
      average_order_net = units_per_order × price_per_unit when all are.
    - refund_rate: goods refunded in the period / goods sold in it, ex VAT.
    - discount_rate: line and order discounts / goods at list price, ex VAT.

    Returns
    -------
    One row per kind and measure: ``kind`` (all; b2b, b2c where there are such orders in the period),
    ``measure`` (see ``MEASURES``), ``numerator``, ``denominator`` (NaN for sums), ``value``, ``previous``,
    ``previous_change``, ``previous_reason``, ``last_year``, ``last_year_change``, ``last_year_reason``
    ("" or why there is nothing to compare with), ``n`` (orders it rests on), ``status``, ``reason``.
    Changes are fractions, for ``POINTS`` differences of fractions. VAT-inclusive measures are
    left out of kind "all" when both kinds are there: amounts with and without VAT are never mixed.
    """
    comparisons = {"previous": preceding(period), "last_year": year_before(period)}
    kinds = [None, *sorted(str(kind) for kind in of(entries, period)["kind"].dropna().unique())]
    frames = (entries[_ENTRY_COLUMNS], orders[_ORDER_COLUMNS], lines[_LINE_COLUMNS])
    figures = {one: _figures(*frames, one, kinds) for one in {period, *comparisons.values()}}
    now = figures[period]
    for name, compared in comparisons.items():
        then = figures[compared]
        now[name] = then["value"]
        now[f"{name}_change"] = _change(now, then["value"])
        uncovered = compared.since < first_day
        if uncovered:
            now[[name, f"{name}_change"]] = np.nan
        why = np.where(then["status"] == OK, _NO_BASE, then["reason"])
        now[f"{name}_reason"] = np.where(
            now[f"{name}_change"].notna(), "", "reason.no_earlier_data" if uncovered else why
        )
    if entries.empty:
        now = now.assign(value=np.nan, status=INPUT_MISSING, reason="reason.no_orders")
    mixed = len(kinds) > 2
    kept = ~((now["kind"] == "all") & now["measure"].isin(_WITH_VAT)) if mixed else slice(None)
    return now.loc[kept, _HEADLINE_COLUMNS].reset_index(drop=True)


def monthly_turnover(entries: pd.DataFrame, first_day: int, last_day: int) -> pd.DataFrame:
    """Turnover per calendar month of the SME's own time zone.

    A month counts as complete when the data covers it from its first to its last day. Changes compare
    like with like: with the month before only when both are complete, with the year before over the
    calendar days that both years' data cover (``compared_days``).

    Returns
    -------
    One row per month without gaps: ``month`` (period[M]), ``value`` (turnover ex VAT), ``gross`` (total
    paid incl. VAT), ``orders``, ``complete``, ``days`` (covered by the data), ``change_month``,
    ``value_year_before`` and ``change_year`` (over the compared days), ``compared_days``, ``rolling``
    (turnover of the 12 complete months up to this one; NaN before there are 12), ``rolling_change``
    (against the 12 before), ``n`` (orders), ``status``, ``reason``.
    """
    if last_day < first_day:
        return _no_months()
    days = Daily.of(entries, first_day, last_day)
    months = np.arange(month_of(days.first), month_of(days.last) + 1)
    starts = np.array([month_start(int(month)) for month in np.r_[months, months[-1] + 1]])
    since, until = starts[:-1], starts[1:] - 1
    complete = (since >= first_day) & (until <= last_day)
    value = days.sums("value", since, until)
    now, then = _year_on_year(since, until, first_day, last_day)
    value_before = np.where(now[0] <= now[1], days.sums("value", *then), np.nan)
    follows = complete & np.r_[False, complete[:-1]]
    rolling = _rolling(value, complete)
    frame = pd.DataFrame(
        {
            "month": month_periods(months),
            "value": value,
            "gross": days.sums("gross", since, until),
            "orders": days.sums("orders", since, until).astype("int64"),
            "complete": complete,
            "days": np.maximum(np.minimum(until, last_day) - np.maximum(since, first_day) + 1, 0),
            "change_month": np.where(follows, divided(value, np.r_[np.nan, value[:-1]]) - 1, np.nan),
            "value_year_before": value_before,
            "change_year": divided(days.sums("value", *now), value_before) - 1,
            "compared_days": np.maximum(now[1] - now[0] + 1, 0),
            "rolling": rolling,
            "rolling_change": divided(rolling, _shifted(rolling, 12)) - 1,
        }
    )
    return judged(frame.assign(n=frame["orders"]), 0, "")


def yearly(entries: pd.DataFrame, first_day: int, last_day: int, fiscal_year_start: int = 1) -> pd.DataFrame:
    """Turnover per fiscal year (``fiscal_year_start``: its first month).

    Returns
    -------
    One row per year without gaps: ``year`` (in which the fiscal year starts), ``first``, ``last`` (dates
    covered by the data), ``value``, ``gross``, ``orders``, ``customers``, ``complete``,
    ``value_year_before`` (the same calendar days, of those both years' data cover), ``change``, ``n``
    (orders), ``status``, ``reason``.
    """
    if last_day < first_day:
        return _no_years()
    days = Daily.of(entries, first_day, last_day)
    shift = fiscal_year_start - 1
    years = np.arange((month_of(days.first) - shift) // 12, (month_of(days.last) - shift) // 12 + 1)
    whole = [
        Period(month_start(12 * int(y) + shift), month_start(12 * int(y) + shift + 12) - 1) for y in years
    ]
    customers = _customers_in(entries, whole)
    rows = []
    for year, period, buyers in zip(years, whole, customers, strict=True):
        now, then = like_for_like(period, first_day, last_day)
        value = days.sum("value", period)
        before = days.sum("value", then) if now else np.nan
        rows.append(
            {
                "year": 1970 + int(year),
                "first": as_date(max(period.since, first_day)),
                "last": as_date(min(period.until, last_day)),
                "value": value,
                "gross": days.sum("gross", period),
                "orders": int(days.sum("orders", period)),
                "customers": buyers,
                "complete": period.since >= first_day and period.until <= last_day,
                "value_year_before": before,
                "change": days.sum("value", now) / before - 1 if now and before > 0 else np.nan,
            }
        )
    frame = pd.DataFrame(rows)
    return judged(frame.assign(n=frame["orders"]), 0, "")


def by_dimension(
    entries: pd.DataFrame, dimension: Dimension, period: Period, before: Period | None = None
) -> pd.DataFrame:
    """Turnover by channel, country or kind; the parts sum to the whole.

    Returns
    -------
    One row per group that has entries in either period, largest first: ``group`` ("" = not known),
    ``value``, ``share`` (of the period's turnover; NaN where that is not above 0), ``orders``,
    ``customers`` (known), ``average_order_net``, ``value_before``, ``change`` (fraction of value_before),
    ``contribution`` (difference / whole turnover before: these sum to the whole's change), ``n``
    (orders), ``status``, ``reason``. Without ``before`` the comparison columns are NaN.
    """
    codes, names = codes_of(entries[dimension])
    size = len(names) + 1
    groups = np.where(codes < 0, size - 1, codes)
    now = _by_group(entries, groups, size, period)
    then = _by_group(entries, groups, size, before) if before else {}
    frame = pd.DataFrame({"group": [*map(str, names), ""], **now})
    value = frame["value"].to_numpy()
    earlier = then["value"] if then else np.full(size, np.nan)
    whole, whole_before = value.sum(), earlier.sum()
    frame = frame.assign(
        share=divided(value, whole),
        average_order_net=divided(now["goods"], now["orders"]),
        value_before=earlier,
        change=divided(value, earlier) - 1,
        contribution=divided(value - earlier, whole_before),
        n=now["orders"],
    )
    seen = now["entries"] + (then["entries"] if then else 0) > 0
    frame = frame[seen].sort_values("value", ascending=False, kind="stable").reset_index(drop=True)
    return judged(frame, 0, "")[_DIMENSION_COLUMNS]


_MINIMUM = {
    "average_order_net": FEWEST_ORDERS,
    "average_order_gross": FEWEST_ORDERS,
    "units_per_order": FEWEST_ORDERS,
    "price_per_unit": FEWEST_ORDERS,
    "known_customers": 1,
    "refund_rate": FEWEST_FOR_RATE,
    "discount_rate": FEWEST_FOR_RATE,
}


def _figures(
    entries: pd.DataFrame,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    period: Period,
    kinds: list[str | None],
) -> pd.DataFrame:
    """Every measure of a period by kind (None: all), with parts, value and status."""
    frames = [of(frame, period) for frame in (entries, orders, lines)]
    kind_of = [frame["kind"].astype("category") for frame in frames]
    rows = []
    for kind in kinds:
        part = [
            frame if kind is None else frame[(own == kind).to_numpy()]
            for frame, own in zip(frames, kind_of, strict=True)
        ]
        rows += [(kind or "all", measure, *parts) for measure, parts in _parts(*part).items()]
    frame = pd.DataFrame(rows, columns=["kind", "measure", "numerator", "denominator", "n"])
    is_sum = frame["measure"].isin(MEASURES[:4])
    frame["value"] = np.where(
        is_sum, frame["numerator"], divided(frame["numerator"], frame["denominator"].fillna(0))
    )
    few = (frame["n"] < frame["measure"].map(_MINIMUM).fillna(0)).to_numpy()
    unnamed = (frame["measure"] == "customers") & (frame["numerator"] == 0) & (frame["n"] > 0)
    no_units = frame["measure"].isin(("units_per_order", "price_per_unit")) & (frame["n"] == 0)
    few |= frame["value"].isna().to_numpy()
    return frame.assign(
        value=frame["value"].where(~few & ~unnamed),
        status=np.select([unnamed | no_units, few], [INPUT_MISSING, TOO_FEW], OK),
        reason=np.select(
            [unnamed, no_units, few],
            ["reason.customers_unknown", "reason.units_unknown", "reason.few_orders"],
            "",
        ),
    )


def _parts(
    entries: pd.DataFrame, orders: pd.DataFrame, lines: pd.DataFrame
) -> dict[str, tuple[float, float, int]]:
    """Numerator, denominator and cases of every measure."""
    sale = (entries["entry"] == "sale").to_numpy()
    goods = entries["net_goods"].to_numpy()
    total = entries["total_gross"].to_numpy()
    sold = goods[sale].sum()
    n = int(sale.sum())
    customers = entries["customer_id"].cat.codes.to_numpy()[sale]
    units = orders["quantity"].to_numpy()
    known = units == units
    sold_lines = (lines["entry"] == "sale").to_numpy()
    listed = lines["listed"].to_numpy()[sold_lines].sum() + orders["goods"].to_numpy()[~known].sum()
    discount = lines["discount"].to_numpy()[sold_lines].sum() + orders["discount"].to_numpy()[~known].sum()
    itemised, pieces = int(known.sum()), units[known].sum()
    nothing = float("nan")
    return {
        "turnover": (goods.sum(), nothing, n),
        "turnover_gross": (total.sum(), nothing, n),
        "orders": (n, nothing, n),
        "customers": (len(np.unique(customers[customers >= 0])), nothing, n),
        "known_customers": ((customers >= 0).sum(), n, n),
        "average_order_net": (sold, n, n),
        "average_order_gross": (total.sum() - entries["shipping_gross"].to_numpy().sum(), n, n),
        "units_per_order": (pieces, itemised, itemised),
        "price_per_unit": (orders["net_goods"].to_numpy()[known].sum(), pieces, itemised),
        "refund_rate": (sold - goods.sum(), sold, n),
        "discount_rate": (discount, listed, n),
    }


def _no_months() -> pd.DataFrame:
    return _nothing(
        *("month", "value", "gross", "orders", "complete", "days", "change_month", "value_year_before"),
        *("change_year", "compared_days", "rolling", "rolling_change"),
    )


def _no_years() -> pd.DataFrame:
    return _nothing(
        *("year", "first", "last", "value", "gross", "orders", "customers", "complete"),
        *("value_year_before", "change"),
    )


def _nothing(*columns: str) -> pd.DataFrame:
    """No row, since there is no day of data, but the columns."""
    return pd.DataFrame(columns=[*columns, *(c for c in RESULT_COLUMNS if c not in columns)])


def _change(now: pd.DataFrame, then: pd.Series) -> np.ndarray:
    """Relative change; the difference for rates."""
    points = now["measure"].isin(POINTS).to_numpy()
    relative = divided(now["value"], then.fillna(0)) - 1
    return np.where(points, now["value"] - then, relative)


def _year_on_year(
    since: np.ndarray, until: np.ndarray, first_day: int, last_day: int
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """For each stretch, the days that both it and the same days a year before are covered; (1, 0) if none."""
    pairs = [
        like_for_like(Period(int(a), int(b)), first_day, last_day) for a, b in zip(since, until, strict=True)
    ]
    now = np.array([p[0] or (1, 0) for p in pairs]).reshape(-1, 2).T
    then = np.array([p[1] if p[0] else (1, 0) for p in pairs]).reshape(-1, 2).T
    return (now[0], now[1]), (then[0], then[1])


def _rolling(value: np.ndarray, complete: np.ndarray, months: int = 12) -> np.ndarray:
    """Sum of the last 12 months, where all of them are complete."""
    if len(value) < months:
        return np.full(len(value), np.nan)
    sums = np.convolve(value, np.ones(months))[months - 1 : len(value)]
    full = np.convolve(complete, np.ones(months))[months - 1 : len(value)] == months
    return np.r_[np.full(months - 1, np.nan), np.where(full, sums, np.nan)]


def _shifted(values: np.ndarray, steps: int) -> np.ndarray:
    return np.r_[np.full(min(steps, len(values)), np.nan), values[:-steps]]


def _customers_in(entries: pd.DataFrame, periods: list[Period]) -> np.ndarray:
    """Distinct known customers who ordered in each of these consecutive periods."""
    sale = (entries["entry"] == "sale").to_numpy()
    starts = np.array([period.since for period in periods])
    group = np.searchsorted(starts, entries["day"].to_numpy()[sale], side="right") - 1
    return distinct(group, codes_of(entries["customer_id"])[0][sale], len(periods))


def _by_group(entries: pd.DataFrame, groups: np.ndarray, size: int, period: Period) -> dict[str, np.ndarray]:
    inside = period.mask(entries["day"])
    groups = groups[inside]
    sale = (entries["entry"] == "sale").to_numpy()[inside]
    value = entries["net_goods"].to_numpy()[inside]
    customers = codes_of(entries["customer_id"])[0][inside]
    return {
        "value": np.bincount(groups, value, size),
        "goods": np.bincount(groups[sale], value[sale], size),
        "orders": np.bincount(groups[sale], minlength=size),
        "entries": np.bincount(groups, minlength=size),
        "customers": distinct(groups[sale], customers[sale], size),
    }
