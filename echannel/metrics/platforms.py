"""Why a shop's own screen shows another number: each platform's headline figure down to our net goods.

What each figure holds is in ``FIGURES`` with its source. ``entries``, ``orders`` and ``lines`` are frames of
``Sales``, already narrowed to the orders of that platform where an SME has several.
"""

from __future__ import annotations

import pandas as pd

from echannel.metrics.periods import Period

PLATFORM_FIGURES: dict[str, tuple[str, ...]] = {
    "prestashop": ("prestashop_statistics", "prestashop_dashboard"),
    "woocommerce": ("woocommerce_gross", "woocommerce_net", "woocommerce_total"),
    "shopify": ("shopify_gross", "shopify_net", "shopify_total"),
    "amazon": ("amazon_ordered_products",),
    "ebay": ("ebay_total_sales",),
    "etsy": ("etsy_order_value",),
}
STEPS = ("vat", "discounts", "wrapping", "shipping", "refunds")


def platform_figure(
    figure: str,
    entries: pd.DataFrame,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    period: Period | None = None,
) -> pd.DataFrame:
    """From a platform's figure to our net goods, step by step, in the reporting currency.

    The first row and the steps sum exactly to the last row. Ours is turnover as everywhere: net of
    VAT, after discounts and refunds, shipping excluded, refunds on the day the frames give them.

    Returns
    -------
    ``figure`` (the figure's name, in each row), ``step`` (platform; then names in ``STEPS``, those that
    differ; then net_goods), ``value`` (signed: what the step adds), ``n`` (counted orders), ``status``,
    ``reason``.
    """
    raise NotImplementedError


def platform_figures(
    platform: str,
    entries: pd.DataFrame,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    period: Period | None = None,
) -> pd.DataFrame:
    """:func:`platform_figure` for every figure of a platform, one below the other."""
    raise NotImplementedError
