"""RFM: customers scored by recency, frequency and money, and eleven segments with a thing to do for each.

Scores are ranks within the shop's own customers: quintiles 1–5; below 200 customers tertiles,
written 1, 3, 5 so that the same grid serves. FM = (F + M) / 2. A B2B customer is the account.
Names and actions: catalogue keys ``rfm.segment.<code>.name`` and ``rfm.segment.<code>.action``.
"""

from __future__ import annotations

import pandas as pd

from echannel.metrics.turnover import Sales

SEGMENTS = (
    "champions",
    "loyal",
    "potential_loyalists",
    "new",
    "promising",
    "need_attention",
    "about_to_sleep",
    "at_risk",
    "cannot_lose",
    "hibernating",
    "lost",
)


def rfm_scores(sales: Sales, as_of: int | None = None) -> pd.DataFrame:
    """Every known customer's scores and segment on the local day ``as_of`` (default: the last day).

    Equal values get equal scores, so the result does not depend on row order: for F and M the share
    of customers strictly below decides, for R the share that bought as long ago or longer.

    Returns
    -------
    One row per customer: ``customer_id``, ``kind``, ``country``, ``recency`` (days since last order),
    ``frequency`` (orders), ``monetary`` (net goods), ``r``, ``f``, ``m`` (1–5), ``fm``, ``segment``.
    """
    raise NotImplementedError


def rfm_segments(sales: Sales, as_of: int | None = None) -> pd.DataFrame:
    """The segments' sizes and turnover; every known customer is in exactly one.

    Returns
    -------
    One row per name in ``SEGMENTS``, in that order: ``segment``, ``value`` (net turnover), ``n``
    (customers), ``orders``, ``customer_share``, ``turnover_share`` (of known customers' turnover),
    ``recency`` (median days), ``average_order_value``, ``status``, ``reason``.
    Below 30 customers: values NaN, status too_few.
    """
    raise NotImplementedError


def rfm_grid(sales: Sales, as_of: int | None = None) -> pd.DataFrame:
    """Customers and turnover per cell of the R × FM grid, for a heat map.

    Returns
    -------
    One row per ``r`` (1–5) and ``fm`` (1–5, halves rounded up): ``r``, ``fm``, ``value`` (customers),
    ``turnover``, ``n`` (customers), ``status``, ``reason``.
    """
    raise NotImplementedError
