"""An SME's past month by month, as plans need it, and what the calendar did to each month.

Which orders count, and on which day, is decided in ``echannel.metrics.turnover``. **Turnover of a plan** is
what customers were invoiced ex VAT: goods after discounts, shipping and wrapping, less refunds on their own
day, in the reporting currency.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import pandas as pd

from echannel.metrics.counting import codes_of, divided
from echannel.metrics.drivers import OWN_SHOP, visit_days
from echannel.metrics.periods import Period, month_of
from echannel.metrics.seasons import SaleDates, by_weekday
from echannel.metrics.turnover import Sales

USUAL_ORDERS = 10
"""Orders of a usual month; with so many, a month without any is a closure or a hole in the data."""
_WEEKDAY_TRUST = 200.0  # orders' worth of "all weekdays alike"
_WINDOWS = {"customers": 1, "customers_quarter": 3, "customers_year": 12}  # months
_EPOCH = date(1970, 1, 1)


def monthly(sales: Sales, kind: str | None = None) -> pd.DataFrame:
    """One row per month from the first to the last that the data tell of, without gaps.

    Parameters
    ----------
    sales : counted sales. kind : "b2c", "b2b", or None for both (visits are B2C's: the shop's).

    Returns
    -------
    ``month`` (months since 1970-01); ``turnover`` (ex VAT, goods and shipping, refunds on their own day, NaN
    in a ``gap``); ``orders``, ``shop_orders`` (in the own web shop), ``known_orders`` (of known customers),
    ``customers``, ``customers_quarter``, ``customers_year`` (known ones who ordered in the month, in the 3
    and in the 12 months that end with it), ``new_customers`` (first order ever), ``visits`` (sessions; NaN
    where less than nine tenths of the month's days were counted),
    ``basket`` (turnover / orders; NaN without orders), ``complete`` (the data cover the whole month),
    ``gap`` (no order though a usual month has ten or more: closed, or missing in the data).
    """
    if sales.last_day < sales.first_day or not len(sales.orders):
        return _empty()
    first, last = month_of(sales.first_day), month_of(sales.last_day)
    months = np.arange(first, last + 1)
    entries, orders = sales.entries, sales.orders
    if kind is not None:
        entries = entries[(entries["kind"] == kind).to_numpy()]
        orders = orders[(orders["kind"] == kind).to_numpy()]
    size = len(months)
    at = entries["month"].to_numpy().astype("int64") - first
    inside = (at >= 0) & (at < size)
    turnover = np.bincount(at[inside], entries["net_invoiced"].to_numpy()[inside], size)
    place = np.clip(orders["month"].to_numpy().astype("int64") - first, 0, size - 1)
    codes = codes_of(orders["customer_id"])[0]
    count = np.bincount(place, minlength=size)
    complete = (month_starts(months) >= sales.first_day) & (month_starts(months + 1) - 1 <= sales.last_day)
    trading = count[count > 0]
    gap = (count == 0) & complete & (np.median(trading) >= USUAL_ORDERS if len(trading) else False)
    turnover = np.where(gap, np.nan, turnover)
    return pd.DataFrame(
        {
            "month": months,
            "turnover": turnover,
            "orders": count,
            "shop_orders": np.bincount(place[(orders["channel"] == OWN_SHOP).to_numpy()], minlength=size),
            **{name: _active(place, codes, size, window) for name, window in _WINDOWS.items()},
            "known_orders": np.bincount(place[codes >= 0], minlength=size),
            "new_customers": np.bincount(place[orders["order_rank"].to_numpy() == 1], minlength=size),
            "visits": _visits(sales.visits, first, size) if kind != "b2b" else np.nan,
            "basket": divided(turnover, count),
            "complete": complete,
            "gap": gap,
        }
    )


def month_starts(months: np.ndarray) -> np.ndarray:
    """First local day of each month number."""
    return np.asarray(months).astype("datetime64[M]").astype("datetime64[D]").astype("int64")


def weekday_weights(sales: Sales, kind: str | None = None) -> np.ndarray:
    """How much a Monday … Sunday sells against the mean of all days; drawn towards 1 where orders are few.

    Goods ex VAT before refunds; ``1 + (weight − 1) · n / (n + 200)`` with n orders.
    """
    part = sales if kind is None else sales.select(kinds=[kind])
    if part.last_day - part.first_day < 27 or not len(part.orders):
        return np.ones(7)
    frame = by_weekday(part.entries, Period(part.first_day, part.last_day))
    value = frame["total"].to_numpy() / frame["days"].to_numpy()
    if not np.isfinite(value).all() or value.sum() <= 0:
        return np.ones(7)
    n = float(len(part.orders))
    return 1 + (value / value.mean() - 1) * n / (n + _WEEKDAY_TRUST)


def month_calendar(
    first: int,
    last: int,
    sale_periods: Iterable[SaleDates],
    weights: np.ndarray | None = None,
    holidays: Iterable[date] = (),
) -> pd.DataFrame:
    """What is different about each month from the same month of other years.

    Parameters
    ----------
    first, last : month numbers, both included. sale_periods : the country's, past and to come.
    weights : of the seven weekdays, Monday first (see :func:`weekday_weights`); None: all alike.
    holidays : public holidays of whole years; each counts as a Sunday where that is less than its weekday.

    Returns
    -------
    ``month``; ``trading`` (sum of the weights of its days over the mean of that calendar month: 1 = usual);
    ``easter`` (share of the fortnight up to Easter Monday that lies in it); for each sale period's name the
    number of its weeks in the month. What repeats each year alike is season, not calendar.
    """
    months = np.arange(first, last + 1)
    starts = month_starts(np.arange(first, last + 2))
    days = np.arange(starts[0], starts[-1])
    place = np.searchsorted(starts, days, side="right") - 1
    weight = np.ones(7) if weights is None else weights
    off = np.array(sorted(_number(day) for day in holidays), dtype="int64")
    frame = pd.DataFrame({"month": months, "trading": _trading(months, weight, off)})
    years = range(_date(starts[0]).year, _date(starts[-1]).year + 1)
    spans = {"easter": [(_number(_easter(year)) - 13, _number(_easter(year)) + 1) for year in years]}
    for sale in sale_periods:
        spans.setdefault(sale.name, []).append((_number(sale.first), _number(sale.last)))
    for name, editions in spans.items():
        on = np.zeros(len(days))
        for since, until in editions:
            on[(days >= since) & (days <= until)] = 1.0
        frame[name] = np.bincount(place, on, len(months)) / (15.0 if name == "easter" else 7.0)
    return frame


def fitted_months(history: pd.DataFrame) -> pd.DataFrame:
    """The months a model may learn from: from the first to the last complete one with sales."""
    usable = (history["complete"] & history["turnover"].notna()).to_numpy()
    if not usable.any():
        return history[:0]
    rows = np.flatnonzero(usable)
    return history.iloc[rows[0] : rows[-1] + 1].reset_index(drop=True)


def _trading(months: np.ndarray, weight: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Weighted days of each month over the mean of the same calendar month in 28 years (a full cycle)."""
    every = np.arange(360, 360 + 12 * 28)  # 2000 to 2027
    usual = _weighted(every, weight).reshape(28, 12).mean(axis=0)
    lost: np.ndarray = np.zeros(len(months))
    usually_lost: np.ndarray = np.zeros(12)
    if len(off):
        less = np.maximum(weight[(off + 3) % 7] - weight[6], 0.0)
        month = off.astype("datetime64[D]").astype("datetime64[M]").astype("int64")
        years = len(np.unique(month // 12))
        usually_lost = np.bincount(month % 12, less, 12) / years
        known = (month >= months[0]) & (month <= months[-1])
        lost = np.bincount(month[known] - months[0], less[known], len(months))
        outside = ~np.isin(months // 12, month // 12)
        lost[outside] = usually_lost[months[outside] % 12]
    return (_weighted(months, weight) - lost) / (usual - usually_lost)[months % 12]


def _weighted(months: np.ndarray, weight: np.ndarray) -> np.ndarray:
    begin, end = month_starts(months), month_starts(months + 1)
    running = np.r_[0.0, np.cumsum(weight[(np.arange(begin[0], end[-1]) + 3) % 7])]
    return running[end - begin[0]] - running[begin - begin[0]]


def _visits(visits: pd.DataFrame, first: int, size: int) -> np.ndarray:
    """Sessions per month; NaN where no day of the month was counted."""
    days = visit_days(visits)
    at = days.astype("datetime64[D]").astype("datetime64[M]").astype("int64") - first
    inside = (at >= 0) & (at < size)
    at, days = at[inside], days[inside]
    sums = np.bincount(at, visits["sessions"].to_numpy()[inside], size)
    seen = np.unique(days)
    covered = np.bincount(
        seen.astype("datetime64[D]").astype("datetime64[M]").astype("int64") - first, minlength=size
    )
    lengths = np.diff(month_starts(np.arange(first, first + size + 1)))
    return np.where((covered >= 0.9 * lengths) & (sums > 0), sums, np.nan)


def _active(month: np.ndarray, customer: np.ndarray, size: int, window: int) -> np.ndarray:
    """Distinct customers of the ``window`` months that end with each month.

    A customer counts from each month of an order until the next one's, or until the window has passed.
    """
    known = customer >= 0
    pairs = np.unique(customer[known] * size + month[known])
    who, when = pairs // size, pairs % size
    following = np.full(len(pairs), size + window)
    same = who[1:] == who[:-1]
    following[:-1][same] = when[1:][same]
    until = np.minimum(np.minimum(following, when + window), size)
    change = np.bincount(when, minlength=size + 1) - np.bincount(until, minlength=size + 1)
    return np.cumsum(change)[:size]


def _easter(year: int) -> date:
    from dateutil.easter import easter  # type: ignore[import-untyped]

    return easter(year)


def _number(day: date) -> int:
    return (day - _EPOCH).days


def _date(day: int) -> date:
    return _EPOCH + timedelta(days=int(day))


def _empty() -> pd.DataFrame:
    columns = ["month", "orders", "shop_orders", *_WINDOWS, "known_orders", "new_customers"]
    frame = pd.DataFrame({name: np.zeros(0, dtype="int64") for name in columns})
    for name in ("turnover", "visits", "basket"):
        frame[name] = np.zeros(0)
    frame["complete"] = frame["gap"] = np.zeros(0, dtype=bool)
    return frame
