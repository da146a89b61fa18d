"""When things are sold: weekdays, and sale periods that move between years.

``entries`` is a frame of ``Sales`` (see ``echannel.metrics.turnover``): local days, net goods ex VAT in the
reporting currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd

from echannel.metrics.counting import divided
from echannel.metrics.daily import Daily
from echannel.metrics.periods import Period, of
from echannel.metrics.result import INPUT_MISSING, judged
from echannel.metrics.turnover import as_date

FEWEST_ORDERS = 30  # spread over seven weekdays


_WEEK_COLUMNS = [
    *("name", "year", "week", "first", "last", "days", "value", "orders", "value_before", "change"),
    "complete",
]


class SaleDates(Protocol):
    """A sale period's name and its first and last day: a country pack's ``SalePeriod`` is one."""

    @property
    def name(self) -> str: ...
    @property
    def first(self) -> date: ...
    @property
    def last(self) -> date: ...


def by_weekday(entries: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Goods sold by local day of the week, before refunds (whose weekday says nothing).

    Returns
    -------
    Seven rows: ``weekday`` (0 = Monday), ``value`` (goods ex VAT per such day in the period), ``total``,
    ``share``, ``orders``, ``days`` (such days in the period), ``n`` (orders), ``status``, ``reason``.
    """
    sold = of(entries, period)
    sold = sold[(sold["entry"] == "sale").to_numpy()]
    weekday = _weekday(sold["day"].to_numpy())
    total = np.bincount(weekday, sold["net_goods"].to_numpy(), 7)
    days = np.bincount(_weekday(np.arange(period.since, period.until + 1)), minlength=7)
    frame = pd.DataFrame(
        {
            "weekday": np.arange(7),
            "value": divided(total, days),
            "total": total,
            "share": divided(total, total.sum()),
            "orders": np.bincount(weekday, minlength=7),
            "days": days,
            "n": len(sold),
        }
    )
    frame = judged(frame, FEWEST_ORDERS, "reason.few_orders")
    absent = (frame["days"] == 0).to_numpy()
    frame.loc[absent, ["status", "reason"]] = [INPUT_MISSING, "reason.no_such_days"]
    return frame


def sale_weeks(
    entries: pd.DataFrame, sale_periods: Sequence[SaleDates], first_day: int, last_day: int
) -> pd.DataFrame:
    """Each sale period week by week against the same week of the sale a year before.

    Soldes move by up to a week between years: week 1 is compared with week 1, not with calendar days.

    Returns
    -------
    One row per sale period within the data and week: ``name``, ``year``, ``week`` (1 …), ``first``, ``last``
    (dates), ``days``, ``value`` (turnover), ``orders``, ``value_before``, ``change`` (per day, when a last
    week differs in length), ``complete`` (the data covers the week), ``n`` (orders), ``status``, ``reason``.
    """
    daily = Daily.of(entries, first_day, last_day)
    editions = {(sale.name, sale.first.year): sale for sale in sale_periods}
    rows = []
    for (name, year), sale in sorted(editions.items(), key=lambda item: item[1].first):
        earlier = _weeks(editions[name, year - 1]) if (name, year - 1) in editions else []
        for number, week in enumerate(_weeks(sale)):
            if week.until < first_day or week.since > last_day:
                continue
            then = earlier[number] if number < len(earlier) and earlier[number].since >= first_day else None
            complete = week.since >= first_day and week.until <= last_day
            value, before = daily.sum("value", week), daily.sum("value", then) if then else np.nan
            change = np.nan
            if then and complete and before > 0:
                change = (value / week.days) / (before / then.days) - 1
            rows.append(
                {
                    "name": name,
                    "year": year,
                    "week": number + 1,
                    "first": as_date(week.since),
                    "last": as_date(week.until),
                    "days": week.days,
                    "value": value,
                    "orders": int(daily.sum("orders", week)),
                    "value_before": before,
                    "change": change,
                    "complete": complete,
                }
            )
    frame = pd.DataFrame(rows, columns=_WEEK_COLUMNS)
    return judged(frame.assign(n=frame["orders"]), 0, "")


def sale_days_apart(
    entries: pd.DataFrame,
    period: Period,
    before: Period,
    sale_periods: Sequence[SaleDates],
) -> pd.DataFrame:
    """Two periods compared with sale days and other days kept apart, per day.

    A week of soldes is thus never compared with a normal week.
    ``days_effect`` = (days − days_before) × turnover per day before: change that comes of the calendar;
    ``pace_effect`` = days × (turnover per day − before). The four effects sum to the whole change; where
    one period has no such days, all of that row's change is of the calendar.

    Returns
    -------
    Two rows: ``part`` (sale, other), ``days``, ``days_before``, ``turnover``, ``turnover_before``,
    ``value`` (turnover per day), ``value_before``, ``change``, ``days_effect``, ``pace_effect``,
    ``n`` (orders), ``status``, ``reason``.
    """
    now, then = (_sale_and_other(entries, one, sale_periods) for one in (period, before))
    frame = pd.DataFrame(
        {
            "part": ["sale", "other"],
            "days": now["days"],
            "days_before": then["days"],
            "turnover": now["turnover"],
            "turnover_before": then["turnover"],
            "value": divided(now["turnover"], now["days"]),
            "value_before": divided(then["turnover"], then["days"]),
            "n": now["orders"],
        }
    )
    pace = frame["value"] - frame["value_before"]
    calendar = (frame["days"] - frame["days_before"]) * frame["value_before"]
    one_sided = pace.isna()
    whole = frame["turnover"] - frame["turnover_before"]
    frame = judged(
        frame.assign(
            change=divided(frame["value"], frame["value_before"].fillna(0)) - 1,
            days_effect=np.where(one_sided, whole, calendar),
            pace_effect=np.where(one_sided, 0.0, frame["days"] * pace),
        ),
        0,
        "",
    )
    absent = (frame["days"] == 0).to_numpy()
    frame.loc[absent, ["status", "reason"]] = [INPUT_MISSING, "reason.no_such_days"]
    order = ["part", "days", "days_before", "turnover", "turnover_before", "value", "value_before"]
    return frame[[*order, "change", "days_effect", "pace_effect", "n", "status", "reason"]]


def _weekday(days: np.ndarray) -> np.ndarray:
    """0 = Monday; 1970-01-01 was a Thursday."""
    return (days.astype("int64") + 3) % 7


def _day(moment: date) -> int:
    return (moment - date(1970, 1, 1)).days


def _weeks(sale: SaleDates) -> list[Period]:
    first, last = _day(sale.first), _day(sale.last)
    return [Period(start, min(start + 6, last)) for start in range(first, last + 1, 7)]


def _sale_and_other(
    entries: pd.DataFrame, period: Period, sale_periods: Sequence[SaleDates]
) -> dict[str, np.ndarray]:
    """Days, turnover and orders of a period: first in sale periods, then outside."""
    outside = np.ones(period.days, dtype="int64")
    for sale in sale_periods:
        start, end = _day(sale.first) - period.since, _day(sale.last) - period.since + 1
        outside[max(start, 0) : max(end, 0)] = 0
    part = of(entries, period)
    group = outside[part["day"].to_numpy() - period.since]
    return {
        "days": np.bincount(outside, minlength=2),
        "turnover": np.bincount(group, part["net_goods"].to_numpy(), 2),
        "orders": np.bincount(group[(part["entry"] == "sale").to_numpy()], minlength=2),
    }
