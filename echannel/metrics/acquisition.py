"""From visit to order, and what an order or a customer costs to win.

``visits`` is the canonical table (sessions and spend per day, source, medium, country, device; as the
analytics tool counted them: visitors who refuse cookies are missing there). Orders and customers
are the shop's own counted ones (frames of ``Sales``), own_shop only where they are set against sessions.
Spend is ex VAT in the reporting currency, turnover net goods ex VAT.
"""

from __future__ import annotations

import pandas as pd

from echannel.metrics.periods import Period

STEPS = ("sessions", "product_views", "add_to_carts", "checkouts", "orders")
FEWEST_SESSIONS = 100  # below, a rate of a few per cent rests on a handful of orders
FEWEST_CUSTOMERS = 5
OWN_SHOP = "own_shop"


def funnel(visits: pd.DataFrame, entries: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Steps from session to order, in the days of the period that have visits.

    The last step is the shop's own counted orders (own_shop), not the analytics tool's.

    Returns
    -------
    One row per name in ``STEPS``: ``step``, ``value`` (count), ``from_previous`` (share of the last known
    step before), ``from_sessions`` (share of sessions), ``tracked`` (orders as the analytics tool counts them,
    in the row of orders), ``n`` (sessions), ``status`` (input_missing: the source does not count the step),
    ``reason``.
    """
    raise NotImplementedError


def conversion(visits: pd.DataFrame, entries: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Conversion rate: own-shop orders / sessions, on the days that have visits.

    Returns
    -------
    One row: ``numerator`` (orders), ``denominator`` (sessions), ``value``, ``low`` and ``high`` (95 %,
    Wilson), ``n`` (sessions), ``status``, ``reason``.
    """
    raise NotImplementedError


def monthly_conversion(visits: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    """Conversion rate per month with visits: ``month`` (period[M], without gaps), ``numerator`` (orders),
    ``denominator`` (sessions), ``value``, ``cost``, ``n`` (sessions), ``status``, ``reason``.
    """
    raise NotImplementedError


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
    raise NotImplementedError


def by_source(visits: pd.DataFrame, period: Period, before: Period | None = None) -> pd.DataFrame:
    """Visits by source and medium, orders as the analytics tool attributes them.

    Returns
    -------
    One row per source and medium, most sessions first: ``source``, ``medium``, ``sessions``, ``share`` (of
    sessions), ``numerator`` (tracked orders; NaN when not counted), ``denominator`` (sessions), ``value``
    (conversion), ``cost``, ``cost_per_session``, ``cost_per_order``, ``sessions_before``, ``change``,
    ``n`` (sessions), ``status``, ``reason``.
    """
    raise NotImplementedError
