"""Panels by product and day or week, against plain loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shops import DAYS, FIRST, PRODUCTS, Stocked, on, purchases, shops

from echannel.metrics.inventory.panels import (
    daily_receipts,
    daily_returns,
    daily_units,
    monday,
    weekly,
    weekly_rates,
    wide,
)

LAST = FIRST + DAYS - 1


@settings(max_examples=10)
@given(shops())
def test_units_returns_and_receipts_are_those_of_the_lines_one_by_one(shop):
    lines = shop.sales.lines
    index = pd.Index(sorted("abcd"), name="product_id")
    units = daily_units(lines, FIRST, LAST, index)
    back = daily_returns(lines, FIRST, LAST, index)
    came = daily_receipts(shop.tables["purchases"], FIRST, LAST, index)
    expected = {name: dict.fromkeys(((p, d) for p in "abcd" for d in range(DAYS)), 0.0) for name in "ubc"}
    for day, product, quantity in shop.sold:
        expected["u"][product, day] += quantity
    for day, product, quantity in shop.back:
        expected["b"][product, day] += quantity
    for one in shop.bought:
        if one["received"] < DAYS:
            expected["c"][one["product"], one["received"]] += one["quantity"]
    for name, panel in (("u", units), ("b", back), ("c", came)):
        assert panel.shape == (4, DAYS) and panel.index.equals(index)
        for (product, day), amount in expected[name].items():
            assert panel.loc[product, FIRST + day] == pytest.approx(amount)


def test_only_counted_orders_count_and_products_of_no_name_are_left_out():
    shop = Stocked(sold=[(0, "a", 2), (1, None, 5), (2, "a", 1)], until=4)
    units = daily_units(shop.sales.lines, FIRST, FIRST + 4)
    assert list(units.index) == ["a"]
    assert units.loc["a"].tolist() == [2, 0, 1, 0, 0]


def test_a_sold_line_with_a_negative_quantity_is_a_return():
    lines = Stocked(sold=[(0, "a", 5), (1, "a", -2)]).sales.lines
    assert daily_units(lines, FIRST, FIRST + 1).loc["a"].tolist() == [5, 0]
    assert daily_returns(lines, FIRST, FIRST + 1).loc["a"].tolist() == [0, 2]


def test_a_delivery_counts_what_came_and_one_still_to_come_does_not():
    bought = purchases(
        [
            {"product": "a", "quantity": 10, "ordered": 0, "received": 2, "came": 7},
            {"product": "a", "quantity": 4, "ordered": 0, "received": 2},
            {"product": "a", "quantity": 9, "ordered": 1},
        ]
    )
    assert daily_receipts(bought, FIRST, FIRST + 3).loc["a"].tolist() == [0, 0, 11, 0]


def test_weeks_begin_on_monday():
    for day in range(FIRST, FIRST + 30):
        start = pd.Timestamp(int(monday(day)), unit="D")
        assert start.weekday() == 0 and 0 <= day - monday(day) < 7
    assert on(0) == "2024-01-01" and pd.Timestamp(on(0)).weekday() == 0


@given(st.integers(0, 6), st.integers(1, 40))
def test_weekly_sums_are_those_of_whole_weeks(skip, length):
    first = FIRST + skip
    values = np.arange(2 * length, dtype="float64").reshape(2, length) + 1
    daily = wide(values, pd.Index(["p", "q"], name="product_id"), first)
    whole, every = weekly(daily), weekly(daily, partial=True)
    assert every.to_numpy().sum() == pytest.approx(values.sum())
    for week in whole.columns:
        days = [d for d in range(week, week + 7) if first <= d < first + length]
        assert len(days) == 7
        assert whole[week].tolist() == pytest.approx(daily[days].sum(axis=1).tolist())
    assert len(whole.columns) == sum(1 for w in every.columns if w >= first and w + 6 <= first + length - 1)
    assert np.allclose(weekly(daily, mean=True) * 7, whole)


def test_demand_of_a_week_half_in_stock_is_twice_its_sales_and_unknown_below_three_in_ten():
    index = pd.Index(["p"], name="product_id")
    units = wide(np.full((1, 28), 2.0), index, FIRST)
    units.iloc[0, :7] = 0
    share = wide(np.ones((1, 28)), index, FIRST)
    share.iloc[0, 14:21] = 0.5
    share.iloc[0, 21:26] = 0.0
    assert weekly_rates(units, share).iloc[0].tolist() == pytest.approx(
        [np.nan, 14.0, 28.0, np.nan], nan_ok=True
    )


def test_products_of_every_table_are_in_every_panel():
    shop = Stocked(
        sold=[(0, "a", 1)],
        counted=[(1, "ghost", 3)],
        bought=[{"product": "bought", "quantity": 1, "ordered": 0}],
        products=PRODUCTS,
    )
    inventory = shop.inventory()
    assert list(inventory.units.index) == ["a", "b", "bought", "c", "d", "ghost"]
    for panel in (inventory.on_hand, inventory.in_stock, inventory.counted, inventory.losses):
        assert panel.index.equals(inventory.units.index) and panel.columns.equals(inventory.units.columns)
    assert inventory.items.index.equals(inventory.units.index)
