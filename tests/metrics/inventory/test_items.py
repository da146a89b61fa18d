"""What is known of a product for ordering, and where it comes from."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import canonical
from pandas.testing import assert_frame_equal
from shops import FIRST, Stocked, purchases

from echannel.metrics.inventory import with_settings
from echannel.metrics.inventory.items import (
    HOLDING_RATE,
    LEAD_TIME_DAYS,
    ORDER_COST,
    InventorySettings,
    items,
)


def deliveries(*days: int, product: str = "a", supplier: str | None = "north", **more) -> list[dict]:
    return [
        {
            "product": product,
            "supplier": supplier,
            "quantity": 5,
            "ordered": 10 * n,
            "received": 10 * n + d,
            **more,
        }
        for n, d in enumerate(days)
    ]


def made(products, bought=(), suppliers=(), prices=(), **settings):
    return items(
        canonical("products", products),
        canonical("suppliers", list(suppliers)),
        purchases(bought),
        InventorySettings(**settings),
        canonical("supplier_prices", list(prices)),
    )


def test_three_deliveries_measure_a_lead_time_and_its_spread():
    one = made([{"product_id": "a", "lead_time_days": 20.0}], deliveries(4, 6, 11)).loc["a"]
    assert (one["lead_time_days"], one["lead_time_days_from"], one["lead_time_n"]) == (7.0, "measured", 3)
    assert one["lead_time_sd_days"] == pytest.approx(np.std([4, 6, 11], ddof=1))
    assert one["lead_time_sd_days_from"] == "measured"


@pytest.mark.parametrize(
    ("product", "supplier", "profile", "expected"),
    [
        (20.0, 15.0, 9.0, (20.0, "product")),
        (np.nan, 15.0, 9.0, (15.0, "supplier")),
        (np.nan, np.nan, 9.0, (9.0, "profile")),
        (np.nan, np.nan, None, (LEAD_TIME_DAYS, "default")),
    ],
)
def test_without_a_record_the_nearest_word_counts(product, supplier, profile, expected):
    one = made(
        [{"product_id": "a", "supplier_id": "north", "lead_time_days": product}],
        deliveries(4, 6),
        [{"supplier_id": "north", "lead_time_days": supplier}],
        lead_time_days=profile,
    ).loc["a"]
    assert (one["lead_time_days"], one["lead_time_days_from"]) == expected


def test_a_product_without_a_record_has_its_suppliers():
    table = made([{"product_id": "b", "supplier_id": "north"}], deliveries(4, 6, 11))
    assert (table.loc["b", "lead_time_days"], table.loc["b", "lead_time_days_from"]) == (7.0, "measured")


def test_lines_of_one_delivery_are_one_case():
    both = [{**one, "id": "same"} for one in deliveries(5, 5, 5)]
    for one in both:
        one.update(ordered=0, received=5)
    assert made([{"product_id": "a"}], both).loc["a", "lead_time_days_from"] == "default"


def test_a_delivery_before_its_order_measures_nothing():
    assert made([{"product_id": "a"}], deliveries(4, -6, 8)).loc["a", "lead_time_days_from"] == "default"


def test_a_cost_of_zero_is_no_cost():
    table = made(
        [{"product_id": "a", "unit_cost": 0.0}, {"product_id": "b", "unit_cost": 0.0}, {"product_id": "c"}],
        [
            {"product": "a", "quantity": 10, "ordered": 0, "received": 1, "cost": 2.0},
            {"product": "a", "quantity": 30, "ordered": 5, "received": 6, "cost": 3.0},
        ],
        prices=[
            {"supplier_id": "s", "product_id": "b", "quantity_from": 1, "unit_cost": 7.0},
            {"supplier_id": "s", "product_id": "b", "quantity_from": 50, "unit_cost": 5.0},
        ],
    )
    assert table["unit_cost"].tolist() == pytest.approx([2.75, 7.0, np.nan], nan_ok=True)
    assert table["unit_cost_from"].tolist() == ["measured", "supplier", ""]


def test_purchases_of_long_ago_do_not_price_what_is_bought_today():
    old = {"product": "a", "quantity": 100, "ordered": 0, "received": 1, "cost": 1.0}
    new = {"product": "a", "quantity": 1, "ordered": 500, "received": 510, "cost": 4.0}
    assert made([{"product_id": "a"}], [old, new]).loc["a", "unit_cost"] == 4.0


def test_the_price_it_was_sold_at_stands_in_for_a_list_price():
    shop = Stocked(sold=[(0, "a", 2, 6.0), (1, "a", 2, 8.0)], products={"a": {"price_net": 0.0}})
    one = shop.inventory().items.loc["a"]
    assert (one["price_net"], one["price_net_from"]) == (7.0, "measured")


def test_who_last_supplied_it_is_its_supplier_where_no_list_says():
    bought = [*deliveries(1, supplier="north"), {**deliveries(1)[0], "supplier": "south", "received": 90}]
    one = made([{"product_id": "a"}], bought).loc["a"]
    assert (one["supplier_id"], one["supplier_id_from"]) == ("south", "measured")


def test_terms_say_where_they_come_from():
    table = made(
        [{"product_id": "a", "supplier_id": "n", "order_quantity_min": 12.0}, {"product_id": "b"}],
        suppliers=[{"supplier_id": "n", "order_cost": 8.0, "payment_days": 60.0, "order_value_min": 200.0}],
        holding_rate=0.3,
    )
    a, b = table.loc["a"], table.loc["b"]
    assert (a["order_cost"], a["order_cost_from"]) == (8.0, "supplier")
    assert (b["order_cost"], b["order_cost_from"]) == (ORDER_COST, "default")
    assert (a["payment_days_from"], b["payment_days_from"]) == ("supplier", "default")
    assert (a["holding_rate"], a["holding_rate_from"]) == (0.3, "profile")
    assert (a["order_quantity_min"], a["order_quantity_min_from"]) == (12.0, "product")
    assert (b["order_quantity_multiple"], b["order_quantity_multiple_from"]) == (1.0, "default")
    assert (a["order_value_min"], b["order_value_min"]) == (200.0, 0.0)
    assert np.isnan(a["shelf_life_days"]) and a["shelf_life_days_from"] == ""
    assert made([{"product_id": "a"}]).loc["a", "holding_rate"] == HOLDING_RATE


@pytest.mark.parametrize(
    ("home", "supplier", "across"),
    [
        ("FR", "GB", True),
        ("GB", "FR", True),
        ("GB", "DE", True),
        ("FR", "DE", False),
        ("GB", "GB", False),
        (None, "GB", False),
    ],
)
def test_customs_are_in_a_measured_lead_time_and_else_unknown(home, supplier, across):
    listed = [{"product_id": "a", "supplier_id": "north", "lead_time_days": 5.0}]
    partner = [{"supplier_id": "north", "country": supplier}]
    stated = made(listed, suppliers=partner, country=home).loc["a"]
    assert (stated["cross_channel"], stated["customs_unknown"]) == (across, across)
    measured = made(listed, deliveries(9, 10, 14), partner, country=home).loc["a"]
    assert measured["cross_channel"] == across and not measured["customs_unknown"]


def test_a_product_that_no_list_knows_is_marked():
    inventory = Stocked(sold=[(0, "a", 1)], counted=[(0, "ghost", 3)], products={"a": {}}).inventory()
    assert inventory.items["known"].tolist() == [True, False]
    assert inventory.items.loc["ghost", "supplier_id"] == ""
    assert inventory.today == FIRST


def test_other_settings_say_of_the_same_stock_what_they_say_of_it_from_the_start():
    shop = Stocked(
        sold=[(day, "ab"[day % 2], 1 + day % 3) for day in range(0, 60, 3)],
        counted=[(10, "a", 40), (50, "a", 22)],
        bought=deliveries(4, 6, 11),
        products={"a": {"supplier_id": "north"}, "b": {}},
    )
    said = {"lead_time_days": 9.0, "holding_rate": 0.4, "order_cost": 33.0}
    own, plain = shop.inventory(**said), shop.inventory()
    assert not own.items.equals(plain.items)
    again = with_settings(own, InventorySettings(), shop.sales.products)
    assert again.settings == plain.settings
    for panel in ("items", "on_hand", "in_stock", "basis", "position"):
        assert_frame_equal(getattr(again, panel), getattr(plain, panel))
    with pytest.raises(ValueError, match="history"):
        with_settings(own, InventorySettings(roll_back_days=5), shop.sales.products)
