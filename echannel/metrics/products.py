"""What is sold: best sellers, risers and fallers, pairs, discounts, margins, returns.

``lines`` and ``orders`` are frames of ``Sales`` (see ``echannel.metrics.turnover``). Money is net of VAT,
after line and order discounts, in the reporting currency; refunds count on the day the frame gives
them. Unit costs come from the order line, else from the product list.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd

from echannel.metrics.periods import Period

FEWEST_PAIRS = 10  # orders with both products: fewer make lift a matter of chance
FEWEST_ORDERS = 10  # below, a rate moves by over ten points with one order
FEWEST_UNITS = 10
SETTLED_DAYS = 30  # by then most returns have come back

Grouping = Literal["product_id", "category"]


def best_sellers(lines: pd.DataFrame, period: Period | None = None, count: int | None = 20) -> pd.DataFrame:
    """Products by turnover, refunds taken off.

    Returns
    -------
    One row per product, largest first: ``product_id``, ``category``, ``value`` (turnover), ``share``
    (of all turnover, unitemised included), ``cumulative_share``, ``units`` (sold less returned),
    ``orders``, ``price`` (turnover per unit), ``cost``, ``margin``, ``margin_rate`` (margin / turnover,
    taux de marque), ``cost_coverage`` (share of its turnover with known cost; margin is of that part),
    ``n`` (orders), ``status``, ``reason``.
    """
    raise NotImplementedError


def movers(
    lines: pd.DataFrame, period: Period, before: Period, count: int = 10, minimum: int = FEWEST_UNITS
) -> pd.DataFrame:
    """Products whose turnover rose or fell most, of those with ``minimum`` units sold in either period.

    ``beyond_chance``: the number of orders with it changed by more than chance would (two Poisson counts,
    5 %, periods of their own lengths).

    Returns
    -------
    At most ``count`` risers (largest rise first) and ``count`` fallers (largest fall first): ``direction``
    (riser, faller), ``product_id``, ``category``, ``value`` (change of turnover), ``turnover``,
    ``turnover_before``, ``change`` (fraction; NaN for new products), ``units``, ``units_before``, ``orders``,
    ``orders_before``, ``beyond_chance``, ``n`` (orders in both periods), ``status``, ``reason``.
    """
    raise NotImplementedError


def bought_together(
    lines: pd.DataFrame, period: Period | None = None, count: int = 20, minimum: int = FEWEST_PAIRS
) -> pd.DataFrame:
    """Pairs of products in the same order more often than chance would have it.

    support = n(AB)/N; confidence A→B = n(AB)/n(A); lift = n(AB) × N / (n(A) × n(B)); N = orders with lines.

    Returns
    -------
    At most ``count`` pairs with n(AB) ≥ ``minimum`` and lift above 1, highest lift first: ``product_a``
    (the rarer), ``product_b``, ``value`` (lift), ``support``, ``confidence_ab``, ``confidence_ba``,
    ``orders_a``, ``orders_b``, ``orders`` (N), ``n`` (orders with both), ``status``, ``reason``. One row with
    a reason and no products when no pair is frequent enough.
    """
    raise NotImplementedError


def discounts(lines: pd.DataFrame, orders: pd.DataFrame, period: Period | None = None) -> pd.DataFrame:
    """How much is given away in discounts, ex VAT.

    Returns
    -------
    Three rows: ``measure`` (discount_rate: discounts / goods at list price; discounted_orders: share of
    orders with a discount; discount_when_given: discounts / list price of the discounted orders),
    ``numerator``, ``denominator``, ``value``, ``n`` (orders), ``status``, ``reason``.
    """
    raise NotImplementedError


def discounts_by_month(lines: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Discount rate per month: ``month`` (period[M], without gaps), ``numerator`` (discounts ex VAT),
    ``denominator`` (goods at list price ex VAT), ``value``, ``n`` (orders), ``status``, ``reason``.
    """
    raise NotImplementedError


def margin(lines: pd.DataFrame, period: Period | None = None) -> pd.DataFrame:
    """Gross margin on the part of turnover whose cost is known, and how large that part is.

    Returns
    -------
    Four rows: ``measure`` (gross_margin: turnover − cost, currency; margin_rate: margin / turnover, taux de
    marque; markup_rate: margin / cost, taux de marge; cost_coverage: turnover with known cost / turnover),
    ``numerator``, ``denominator`` (NaN for gross_margin), ``value``, ``coverage`` (as cost_coverage, in each
    row), ``n`` (orders with known cost), ``status`` (input_missing: no cost is known), ``reason``.
    """
    raise NotImplementedError


def margin_by(
    lines: pd.DataFrame, grouping: Grouping = "category", period: Period | None = None
) -> pd.DataFrame:
    """Gross margin by product or category, on the part of turnover whose cost is known.

    Returns
    -------
    One row per group, largest turnover first: ``group`` (product id or category; "" = not known),
    ``turnover`` (all), ``known_turnover`` (with known cost), ``cost``, ``margin``, ``numerator`` (= margin),
    ``denominator`` (= known_turnover), ``value`` (margin rate, taux de marque), ``markup_rate`` (margin /
    cost, taux de marge), ``coverage`` (known_turnover / turnover), ``units``, ``n`` (orders), ``status``,
    ``reason``.
    """
    raise NotImplementedError


def return_rate(
    lines: pd.DataFrame,
    last_day: int,
    grouping: Grouping = "product_id",
    period: Period | None = None,
    minimum: int = FEWEST_UNITS,
) -> pd.DataFrame:
    """Share of what was sold in the period that came back, whenever it did (by sale cohort).

    ``last_day``: last local day of the data; orders younger than ``SETTLED_DAYS`` are left out, since their
    returns have not all come yet.

    Returns
    -------
    One row per group, highest turnover refunded first: ``group`` (product id or category; "" = refunds that
    name no product), ``numerator`` (units returned), ``denominator`` (units sold), ``value`` (their ratio),
    ``refunded`` and ``sold`` (goods ex VAT), ``value_rate`` (refunded / sold), ``n`` (units sold), ``status``,
    ``reason``.
    """
    raise NotImplementedError
