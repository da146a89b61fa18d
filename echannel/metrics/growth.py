"""How much is sold, and whether it grows: headline figures, months, years, parts.

``entries``, ``orders`` and ``lines`` are frames of ``Sales`` (see ``echannel.metrics.turnover``): counted
orders on the SME's local days, refunds on their own day, money in the reporting currency. **Turnover** is
net goods: net of VAT, after discounts and refunds, shipping excluded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal, Protocol

import pandas as pd

from echannel.metrics.periods import Period

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


class SaleDates(Protocol):
    """A sale period's name and its first and last day: a country pack's ``SalePeriod`` is one."""

    @property
    def name(self) -> str: ...
    @property
    def first(self) -> date: ...
    @property
    def last(self) -> date: ...


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
    raise NotImplementedError


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
    raise NotImplementedError


def yearly(entries: pd.DataFrame, first_day: int, last_day: int, fiscal_year_start: int = 1) -> pd.DataFrame:
    """Turnover per fiscal year (``fiscal_year_start``: its first month).

    Returns
    -------
    One row per year without gaps: ``year`` (in which the fiscal year starts), ``first``, ``last`` (dates
    covered by the data), ``value``, ``gross``, ``orders``, ``customers``, ``complete``,
    ``value_year_before`` (the same calendar days, of those both years' data cover), ``change``, ``n``
    (orders), ``status``, ``reason``.
    """
    raise NotImplementedError


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
    raise NotImplementedError


def by_weekday(entries: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Goods sold by local day of the week, before refunds (whose weekday says nothing).

    Returns
    -------
    Seven rows: ``weekday`` (0 = Monday), ``value`` (goods ex VAT per such day in the period), ``total``,
    ``share``, ``orders``, ``days`` (such days in the period), ``n`` (orders), ``status``, ``reason``.
    """
    raise NotImplementedError


def by_hour(orders: pd.DataFrame, period: Period, time_zone: str) -> pd.DataFrame:
    """Orders by local hour of the day; input_missing where the source gives dates without times.

    Returns
    -------
    24 rows: ``hour``, ``value`` (orders), ``share``, ``total`` (goods ex VAT), ``n`` (orders in the
    period), ``status``, ``reason``.
    """
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError
