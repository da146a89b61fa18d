"""Why turnover changed between two periods, in parts that sum to the change to the cent.

``lines`` and ``entries`` are whole frames of ``Sales`` (see ``echannel.metrics.turnover``); the periods
choose their rows. Turnover is net goods: net of VAT, after discounts and refunds, shipping excluded, in
the reporting currency; refunds count on the day the frames give them.

Every decomposition returns ``part``, ``value`` (the part's change, rounded to the cent so that the parts
sum to the rounded change), ``share`` (of the turnover before; NaN where that is not above 0), ``before``
and ``after`` (the whole turnover, the same in each row), ``n``, ``status``, ``reason``.
"""

from __future__ import annotations

import pandas as pd

from echannel.metrics.periods import Period

PRODUCT_PARTS = ("price", "volume", "mix", "new_items", "lost_items", "refunds", "unitemised")
CUSTOMER_PARTS = ("new", "reactivated", "more", "less", "lost", "earlier_refunds", "unknown")
TRAFFIC_PARTS = ("sessions", "conversion", "average_order", "refunds", "other_channels")
BUYER_PARTS = ("customers", "frequency", "average_order", "refunds", "unknown")

CERTAINTY = {"clear": 0.9, "likely": 0.6}  # else unclear


def price_volume_mix(lines: pd.DataFrame, period: Period, before: Period) -> pd.DataFrame:
    """Change of turnover by product: price, volume, mix, new and lost items.

    Over products sold in both periods, Q units, P = net goods after discounts per unit, 0 before, 1 after:
    price = Σ Q1 (P1 − P0); volume = (ΣQ1 − ΣQ0) × ΣQ0P0 / ΣQ0; mix = Σ (Q1 − Q0 ΣQ1/ΣQ0) P0.
    New and lost items: sold in one of the two periods only. ``refunds``: change of what was given back;
    ``unitemised``: change of what no product line explains.

    Returns
    -------
    One row per name in ``PRODUCT_PARTS``, in that order; ``n``: products in the part (orders for the last
    two). input_missing where no line names a product.
    """
    raise NotImplementedError


def price_volume_mix_by_product(lines: pd.DataFrame, period: Period, before: Period) -> pd.DataFrame:
    """The same by product, unrounded; columns sum to the parts of :func:`price_volume_mix`.

    Returns
    -------
    One row per product sold in either period, largest absolute change first: ``product_id``,
    ``category``, ``price``, ``volume``, ``mix``, ``new_items``, ``lost_items``, ``value`` (their sum: the change
    of goods sold before refunds), ``units``, ``units_before``, ``n`` (order lines), ``status``, ``reason``.
    """
    raise NotImplementedError


def by_customers(entries: pd.DataFrame, period: Period, before: Period) -> pd.DataFrame:
    """Change of turnover by who bought.

    new: ordered now, first order ever after the period before; reactivated: ordered now, not before, but
    earlier; more, less: ordered in both; lost: ordered before only; earlier_refunds: given back to customers
    who ordered in neither; unknown: orders without a customer.

    Returns
    -------
    One row per name in ``CUSTOMER_PARTS``, in that order; ``n``: customers (orders for ``unknown``).
    input_missing where no order has a customer.
    """
    raise NotImplementedError


def traffic_drivers(
    entries: pd.DataFrame, visits: pd.DataFrame, period: Period, before: Period
) -> pd.DataFrame:
    """Change of turnover = sessions × conversion × average order value, by logarithmic means (LMDI).

    Goods sold in the own shop (channel own_shop, before refunds) = sessions × orders/sessions ×
    goods/orders. Part of factor x: L(G1, G0) × ln(x1/x0) with L(a, b) = (a − b) / ln(a/b): exact, no
    residual (Ang 2005). Where a factor was or becomes 0, the whole change is that factor's (the limit).
    Refunds and other channels are parts of their own.

    Returns
    -------
    One row per name in ``TRAFFIC_PARTS``: also ``factor`` and ``factor_before`` (sessions, rate, currency).
    input_missing where either period has no visits. ``n``: orders of both periods.
    """
    raise NotImplementedError


def buyer_drivers(entries: pd.DataFrame, period: Period, before: Period) -> pd.DataFrame:
    """Change of turnover = customers × orders per customer × average order value, by logarithmic means.

    As :func:`traffic_drivers`, over orders of known customers; orders without one are part ``unknown``.

    Returns
    -------
    One row per name in ``BUYER_PARTS``: also ``factor`` and ``factor_before``.
    input_missing where no order has a customer. ``n``: orders of both periods.
    """
    raise NotImplementedError


def main_cause(lines: pd.DataFrame, period: Period, before: Period) -> pd.DataFrame:
    """The largest part of :func:`price_volume_mix` in the direction of the change, and how sure that is.

    Weeks (days in short periods) of both periods are drawn again with replacement, 200 times, seed
    fixed: ``certainty`` is the share of draws in which the same part is largest in the same
    direction; ``low`` and ``high`` hold the part in 8 draws of 10. It measures week-to-week chance,
    not what season or weather did.

    Returns
    -------
    One row: ``part``, ``value`` (currency), ``share`` (of the whole change), ``change`` (whole), ``low``,
    ``high``, ``certainty`` (0–1), ``verdict`` (clear, likely, unclear), ``n`` (blocks drawn from, the
    shorter period), ``status``, ``reason``.
    """
    raise NotImplementedError


def main_driver(entries: pd.DataFrame, visits: pd.DataFrame, period: Period, before: Period) -> pd.DataFrame:
    """The same for :func:`traffic_drivers`, or :func:`buyer_drivers` where there are no visits.

    Returns
    -------
    One row as in :func:`main_cause`, and ``model`` (traffic, buyers).
    """
    raise NotImplementedError
