"""Stock and products that cannot be right are found, and right ones are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from shops import FIRST, PRODUCTS, Stocked, shops

from echannel.locale import messages
from echannel.metrics.inventory.faults import FAULTS, faults

BOUGHT = [{"product": "b", "quantity": 1, "ordered": 0}]


def found(shop: Stocked, fault: str) -> list[tuple]:
    table = faults(shop.inventory())
    of = table[table["fault"] == fault]
    return [(row["product_id"], row["value"], row["n"]) for _, row in of.iterrows()]


def test_a_shop_in_order_has_no_fault():
    shop = Stocked(
        sold=[(day, "a", 1) for day in range(40)],
        counted=[(0, "a", 50), (20, "a", 30), (39, "a", 31)],
        bought=[{"product": "a", "quantity": 20, "ordered": 20, "received": 30}],
        products=PRODUCTS,
    )
    assert faults(shop.inventory()).empty


def test_stock_below_zero_and_reserved_above_stock():
    counted = [(1, "a", -3), (1, "b", 5, "main", 9), (1, "b", 2, "shop", 2)]
    shop = Stocked([(0, "a", 1), (1, "b", 1)], counted=counted, products=PRODUCTS)
    table = faults(shop.inventory())
    assert found(shop, "negative") == [("a", -3, 1)]
    assert found(shop, "reserved_above") == [("b", 4, 1)]
    assert table.loc[table["fault"] == "reserved_above", "location"].tolist() == ["main"]


def test_stock_of_a_product_that_no_list_knows():
    shop = Stocked([(0, "a", 1)], counted=[(0, "ghost", 7)], products=PRODUCTS)
    assert found(shop, "unknown_product") == [("ghost", 7, 1)]


@pytest.mark.parametrize(("second", "expected"), [(20, [("a", 20, 1)]), (36, []), (90, [("a", -50, 1)])])
def test_a_count_that_nothing_explains(second, expected):
    shop = Stocked(
        [(0, "a", 1), (9, "a", 1)], counted=[(1, "a", 41), (9, "a", second)], bought=BOUGHT, products=PRODUCTS
    )
    assert found(shop, "jump") == expected


def test_without_purchases_more_stock_is_a_delivery_and_less_is_a_jump():
    def shop(second: int) -> Stocked:
        return Stocked(
            [(0, "a", 1), (9, "a", 1)], counted=[(1, "a", 41), (9, "a", second)], products=PRODUCTS
        )

    assert found(shop(90), "jump") == []
    assert found(shop(20), "jump") == [("a", 20, 1)]


def test_missing_deliveries_are_of_each_product_or_of_the_whole_shop():
    sold = [(day, "a", 2) for day in range(8)]
    recorded = Stocked(sold, counted=[(0, "a", 5)], bought=BOUGHT, products=PRODUCTS)
    assert found(recorded, "delivery_missing") == [("a", 9, 5)]
    assert found(recorded, "purchases_missing") == []
    bare = Stocked(sold, counted=[(0, "a", 5)], products=PRODUCTS)
    assert found(bare, "delivery_missing") == [] and found(bare, "purchases_missing") == [("", 9, 1)]


def packs(price: float, units: int, later_price: float, later_units: int) -> Stocked:
    sold = [(day, "a", units, price) for day in range(0, 120, 3)]
    sold += [(day, "a", later_units, later_price) for day in range(121, 240, 3)]
    return Stocked(sold, products={"a": {}})


@pytest.mark.parametrize(
    ("shop", "factor"),
    [
        (packs(2.0, 12, 11.8, 2), 6),  # from single units to packs of six, a little cheaper
        (packs(24.0, 1, 2.0, 12), 1 / 12),
        (packs(2.0, 4, 2.6, 3), None),  # dearer, and less sold
        (packs(2.0, 4, 4.0, 4), None),  # twice as dear, as much sold: a price, not a pack
        (packs(2.0, 4, 3.1, 3), None),
    ],
)
def test_a_price_that_changes_by_a_whole_factor_and_units_by_its_inverse(shop, factor):
    expected = [] if factor is None else [("a", pytest.approx(factor))]
    assert [(product, value) for product, value, _ in found(shop, "pack")] == expected


def test_a_cost_that_changes_by_a_whole_factor_is_a_pack_too():
    bought = [
        {"product": "a", "quantity": 48, "ordered": 30 * n, "received": 30 * n + 5, "cost": 1.0}
        for n in range(6)
    ]
    bought += [{**one, "quantity": 4, "ordered": one["ordered"] + 180, "cost": 12.0} for one in bought]
    shop = Stocked([(0, "a", 1), (360, "a", 1)], bought=bought, products=PRODUCTS)
    assert found(shop, "pack") == [("a", 12, 6)]


def test_a_product_that_goes_on_under_another_id():
    names = {"old": {"name": "Green  Tea"}, "new": {"name": "green tea"}, "other": {"name": "Mint"}}
    sold = [(day, "old", 1) for day in range(60)] + [(day, "new", 1) for day in range(65, 120)]
    sold += [(day, "other", 1) for day in range(120)]
    table = faults(Stocked(sold, products=names).inventory())
    assert table[["fault", "product_id", "other_id", "value", "day"]].to_numpy().tolist() == [
        ["renamed", "old", "new", 6, FIRST + 65]
    ]


def test_two_products_of_one_sku_at_the_same_time():
    names = {"one": {"sku": "T-1", "name": "Tea"}, "two": {"sku": "t-1", "name": "Tea tin"}}
    sold = [(day, "one", 1) for day in range(60)] + [(day, "two", 1) for day in range(20, 60)]
    shop = Stocked(sold, products=names)
    assert found(shop, "duplicate") == [("one", 40, 1)] and found(shop, "renamed") == []


def test_every_fault_has_its_words_in_both_languages():
    for language in ("en", "fr"):
        assert {f"stock_fault.{fault}" for fault in FAULTS} <= set(messages(language))


@settings(max_examples=8)
@given(shops())
def test_faults_of_random_shops_are_those_of_the_list(shop):
    table = faults(shop.inventory())
    assert set(table["fault"]) <= set(FAULTS)
    assert table["fault"].map(FAULTS.index).is_monotonic_increasing
    assert table["value"].notna().all() and (table["status"] == "ok").all()
