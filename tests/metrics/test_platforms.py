"""Each platform's own figure, step by step down to net goods."""

from __future__ import annotations

from datetime import date

import pytest
from growth_shops import Event, Shop, frames, period, shops
from hypothesis import given, settings

from echannel.metrics import platforms

FIGURES = [figure for group in platforms.PLATFORM_FIGURES.values() for figure in group]


def steps(shop: Shop, figure: str, one=None) -> dict[str, float]:
    found = platforms.platform_figure(figure, *frames(shop), one)
    return found.set_index("step")["value"].to_dict()


def by_hand(shop: Shop, figure: str) -> float:
    """What the platform's own screen adds up, from the events."""
    events = shop.within(None)
    back = sum(amount for _, (_, _, _, amount, _) in shop.returned(None))
    back_vat = sum(amount * e.vat for e, (_, _, _, amount, _) in shop.returned(None))
    postage_back = sum(postage for _, (_, _, _, _, postage) in shop.returned(None))
    goods, discounts = sum(e.goods for e in events), sum(e.discount for e in events)
    shipping = sum(e.shipping for e in events)
    paid = sum((e.sold + e.shipping) * (1 + e.vat) for e in events)
    net = goods - discounts - (back - postage_back)
    return {
        "prestashop_statistics": goods - discounts + shipping,
        "prestashop_dashboard": goods,
        "woocommerce_gross": goods,
        "woocommerce_net": net,
        "woocommerce_total": paid - back - back_vat,
        "shopify_gross": goods,
        "shopify_net": net,
        "shopify_total": paid - back - back_vat,
        "amazon_ordered_products": sum(e.goods * (1 + e.vat) for e in events),
        "ebay_order_total": paid,
        "ebay_item_sales": sum(e.sold * (1 + e.vat) for e in events),
        "etsy_order_value": sum(e.goods * (1 + e.vat) for e in events),
    }[figure]


@settings(max_examples=15)
@given(shops())
def test_a_platform_s_figure_and_its_steps_end_at_net_goods(shop):
    if not shop.within(None):
        return
    for figure in FIGURES:
        found = steps(shop, figure)
        ours = found.pop("net_goods")
        assert round(sum(found.values()) * 100) == round(ours * 100)
        assert ours == pytest.approx(shop.turnover(None), abs=0.0051)
        assert found["platform"] == pytest.approx(by_hand(shop, figure), abs=0.0101)


def test_prestashop_still_shows_the_full_amount_of_a_half_refunded_order():
    half = (date(2025, 3, 9), None, 0, 50 / 1.2, 0.0)
    shop = Shop([Event("a", date(2025, 2, 1), bare_goods=100 / 1.2, refunds=[half])])
    found = steps(shop, "prestashop_statistics")
    assert found == {"platform": 83.33, "refunds": -41.66, "net_goods": 41.67}
    assert steps(shop, "prestashop_statistics", period("2025-02-01", "2025-02-28"))["net_goods"] == 83.33


def test_postage_given_back_is_postage_and_not_goods():
    back = (date(2025, 2, 9), None, 0, 25.0, 5.0)
    shop = Shop([Event("a", date(2025, 2, 1), bare_goods=100.0, shipping=5.0, discount=10.0, refunds=[back])])
    assert steps(shop, "prestashop_dashboard") == {
        "platform": 100,
        "discounts": -10,
        "refunds": -20,
        "net_goods": 70,
    }
    assert steps(shop, "ebay_order_total") == {
        "platform": 114,
        "vat": -19,
        "refunds": -25,
        "net_goods": 70,
    }


def test_a_platform_s_figures_come_together():
    shop = Shop([Event("a", date(2025, 2, 1), [("p", 2, 10.0)])])
    found = platforms.platform_figures("woocommerce", *frames(shop))
    assert found["figure"].unique().tolist() == list(platforms.PLATFORM_FIGURES["woocommerce"])
    assert set(found["step"]) <= {"platform", *platforms.STEPS, "net_goods"}


def test_without_orders_there_is_no_figure():
    found = platforms.platform_figure("shopify_net", *frames(Shop([])))
    assert set(found["reason"]) == {"reason.no_orders"} and found["value"].isna().all()


def test_a_difference_too_small_to_show_is_none():
    """A fraction of a cent of postage across a rounding boundary: no step could take the cent."""
    shop = Shop([Event("a", date(2025, 2, 1), bare_goods=99.9949 / 1.2, shipping=0.004)])
    shop_lower = Shop([Event("a", date(2025, 2, 1), bare_goods=83.331, shipping=0.0045)])
    for one in (shop, shop_lower):
        found = steps(one, "prestashop_statistics")
        assert set(found) == {"platform", "net_goods"}
        assert found["platform"] == found["net_goods"]
