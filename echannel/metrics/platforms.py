"""Why a shop's own screen shows another number: each platform's headline figure down to our net goods.

``entries``, ``orders`` and ``lines`` are frames of ``Sales``, already narrowed to the orders of that platform
where an SME has several.

What each figure holds
----------------------
- prestashop_statistics: Σ total paid ex VAT, shipping in, refunds not taken off (``AdminStatsController``:
  ``total_paid_tax_excl / conversion_rate`` of valid orders, by invoice date).
- prestashop_dashboard: Σ products ex VAT, cart discounts not taken off, shipping out (``total_products``).
- woocommerce_gross: price × quantity ex VAT, before coupons and refunds; woocommerce_net: less both;
  woocommerce_total: net with VAT and shipping (Analytics → Revenue).
- shopify_gross, shopify_net, shopify_total: product price × quantity ex VAT; less discounts and returns; with
  VAT and shipping (help.shopify.com, sales reports).
- amazon_ordered_products: item price × quantity as the customer sees it, VAT in, promotions, postage
  and refunds not in (business reports). Amazon counts cancelled orders there too; ours never do.
- ebay_order_total: Σ "Total price" of the orders report: postage and VAT in, refunds not taken off;
  ebay_item_sales: the same without postage (pages.ebay.co.uk, sales reports definitions).
- etsy_order_value: Σ "Order Value" of the orders file: item price × quantity, VAT in, coupons not taken off,
  postage out (help.etsy.com, how shop revenue is calculated).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from echannel.metrics.parts import in_cents, to_the_cent
from echannel.metrics.periods import Period, of
from echannel.metrics.result import INPUT_MISSING, judged

PLATFORM_FIGURES: dict[str, tuple[str, ...]] = {
    "prestashop": ("prestashop_statistics", "prestashop_dashboard"),
    "woocommerce": ("woocommerce_gross", "woocommerce_net", "woocommerce_total"),
    "shopify": ("shopify_gross", "shopify_net", "shopify_total"),
    "amazon": ("amazon_ordered_products",),
    "ebay": ("ebay_order_total", "ebay_item_sales"),
    "etsy": ("etsy_order_value",),
}
STEPS = ("vat", "discounts", "wrapping", "refunds", "shipping")

_Sums = dict[str, float]


def platform_figure(
    figure: str,
    entries: pd.DataFrame,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    period: Period | None = None,
) -> pd.DataFrame:
    """From a platform's figure to our net goods, step by step, in the reporting currency.

    The first row and the steps sum to the last row, to the cent. Ours is turnover as everywhere: net of
    VAT, after discounts and refunds, shipping excluded, refunds on the day the frames give them.

    Returns
    -------
    ``figure`` (the figure's name, in each row), ``step`` (platform; then names in ``STEPS``, those that
    differ; then net_goods), ``value`` (signed: what the step adds), ``n`` (counted orders), ``status``
    (input_missing: no order), ``reason``.
    """
    return _bridge(figure, _sums(*(of(frame, period) for frame in _narrow(entries, orders, lines))))


def platform_figures(
    platform: str,
    entries: pd.DataFrame,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    period: Period | None = None,
) -> pd.DataFrame:
    """:func:`platform_figure` for every figure of a platform, one below the other."""
    sums = _sums(*(of(frame, period) for frame in _narrow(entries, orders, lines)))
    return pd.concat([_bridge(figure, sums) for figure in PLATFORM_FIGURES[platform]], ignore_index=True)


_HALF_A_CENT = 0.005
_AMOUNTS = ["net_goods", "vat", "refunded", "refunded_vat", "shipping", "goods_gross", "shipping_gross"]


def _narrow(entries: pd.DataFrame, orders: pd.DataFrame, lines: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
    """Only the columns that are summed: choosing a period copies every column it is given."""
    return (
        entries[["day", "entry", *_AMOUNTS]],
        orders[["day", "goods", "discount", "quantity"]],
        lines[["day", "entry", "listed", "discount"]],
    )


def _bridge(figure: str, sums: _Sums) -> pd.DataFrame:
    steps = _FIGURES[figure](sums)
    ours = in_cents(sums["net_goods"])
    differing = [step for step in STEPS if abs(steps.get(step, 0.0)) >= _HALF_A_CENT]
    # Steps too small to be shown are no difference either: else cents would be left that no step can take.
    theirs = in_cents(sums["net_goods"] - sum(steps[step] for step in differing))
    amounts = to_the_cent(np.array([steps[step] for step in differing]), ours - theirs)
    frame = pd.DataFrame(
        {
            "figure": figure,
            "step": ["platform", *differing, "net_goods"],
            "value": [theirs, *amounts, ours],
            "n": int(sums["orders"]),
        }
    )
    if not sums["orders"]:
        return frame.assign(value=np.nan, status=INPUT_MISSING, reason="reason.no_orders")
    return judged(frame, 0, "")


def _sums(entries: pd.DataFrame, orders: pd.DataFrame, lines: pd.DataFrame) -> _Sums:
    sale = (entries["entry"] == "sale").to_numpy()
    amounts = {name: entries[name].to_numpy() for name in _AMOUNTS}
    total = {name: float(amount.sum()) for name, amount in amounts.items()}
    sold_lines = (lines["entry"] == "sale").to_numpy()
    bare = orders["quantity"].isna().to_numpy()  # no lines: goods are all that is known of the list price
    return total | {
        "orders": float(sale.sum()),
        "sold": float(amounts["net_goods"][sale].sum()),
        "goods_refunded": -float(amounts["net_goods"][~sale].sum()),
        "goods": float(orders["goods"].sum()),
        "discount": float(orders["discount"].sum()),
        "listed": float(
            lines["listed"].to_numpy()[sold_lines].sum() + orders["goods"].to_numpy()[bare].sum()
        ),
        "all_discounts": float(
            lines["discount"].to_numpy()[sold_lines].sum() + orders["discount"].to_numpy()[bare].sum()
        ),
    }


def _products_paid(sums: _Sums) -> dict[str, float]:
    """Figure: total paid ex VAT, shipping in."""
    return {"refunds": -sums["refunded"], "shipping": -sums["shipping"]}


def _products_ex_vat(sums: _Sums) -> dict[str, float]:
    """Figure: products ex VAT before the order's discounts."""
    wrapping = sums["sold"] - sums["goods"] + sums["discount"]
    return {"discounts": -sums["discount"], "wrapping": wrapping, "refunds": -sums["goods_refunded"]}


def _listed(sums: _Sums) -> dict[str, float]:
    """Figure: list price × quantity ex VAT."""
    wrapping = sums["sold"] - sums["listed"] + sums["all_discounts"]
    return {"discounts": -sums["all_discounts"], "wrapping": wrapping, "refunds": -sums["goods_refunded"]}


def _listed_net(sums: _Sums) -> dict[str, float]:
    """Figure: list price × quantity less discounts and refunds, ex VAT."""
    return {"wrapping": sums["sold"] - sums["listed"] + sums["all_discounts"]}


def _all_in(sums: _Sums) -> dict[str, float]:
    """Figure: all that customers paid less all they got back, VAT and shipping in."""
    return {"vat": sums["refunded_vat"] - sums["vat"], "shipping": -sums["shipping"]}


def _items_with_vat(sums: _Sums) -> dict[str, float]:
    """Figure: price × quantity with VAT, before the order's discounts."""
    return {"vat": sums["goods"] - sums["goods_gross"], **_products_ex_vat(sums)}


def _paid(sums: _Sums) -> dict[str, float]:
    """Figure: total paid, VAT and shipping in, refunds not taken off."""
    return {"vat": -sums["vat"], **_products_paid(sums)}


def _paid_without_postage(sums: _Sums) -> dict[str, float]:
    """Figure: total paid with VAT, shipping out, refunds not taken off."""
    carried = sums["shipping"] + sums["refunded"] - sums["goods_refunded"]  # charged, ex VAT
    vat = sums["vat"] - (sums["shipping_gross"] - carried)
    return {"vat": -vat, "refunds": -sums["goods_refunded"]}


_FIGURES: dict[str, Callable[[_Sums], dict[str, float]]] = {
    "prestashop_statistics": _products_paid,
    "prestashop_dashboard": _products_ex_vat,
    "woocommerce_gross": _listed,
    "woocommerce_net": _listed_net,
    "woocommerce_total": _all_in,
    "shopify_gross": _listed,
    "shopify_net": _listed_net,
    "shopify_total": _all_in,
    "amazon_ordered_products": _items_with_vat,
    "ebay_order_total": _paid,
    "ebay_item_sales": _paid_without_postage,
    "etsy_order_value": _items_with_vat,
}
