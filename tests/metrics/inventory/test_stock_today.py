"""Stock value, turn, cover, sell-through, GMROI, ageing, idle stock and stock-outs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from shops import DAYS, FIRST, PRODUCTS, Stocked, shops

from echannel.metrics.inventory.ageing import BUCKETS, ageing, cash_tied_up, idle_stock
from echannel.metrics.inventory.stock import (
    cover,
    daily_rate,
    gmroi,
    sell_through,
    stock_outs,
    stock_over_time,
    stock_value,
    turn,
)

COST = {"a": 2.0, "b": 3.0, "c": math.nan, "d": 1.0}
PRICE = {"a": 5.0, "b": 9.0, "c": 4.0}


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


@settings(max_examples=8)
@given(shops(least_counts=2))
def test_values_add_up_over_every_grouping_and_are_units_times_cost(shop):
    inventory = shop.inventory()
    units = inventory.position["on_hand"]
    costs, prices = inventory.items["unit_cost"], inventory.items["price_net"]
    for at, each in (("cost", costs), ("price", prices)):
        whole = only(stock_value(inventory, at=at))
        by_hand = sum(n * c for n, c in zip(units, each, strict=True) if n == n and c == c)
        priced = sum(n for n, c in zip(units, each, strict=True) if n == n and c == c)
        if whole["status"] == "ok":
            assert whole["value"] == pytest.approx(by_hand)
        assert whole["units"] == pytest.approx(np.nansum(units))
        if whole["units"] > 0:
            assert whole["coverage"] == pytest.approx(priced / whole["units"])
        for by in ("product_id", "category", "supplier_id", "location"):
            parts = stock_value(inventory, by, at)
            assert np.nansum(parts["value"]) == pytest.approx(by_hand)
            assert parts["units"].sum() == pytest.approx(np.nansum(units))


def test_a_missing_cost_is_never_worth_nothing():
    shop = Stocked([(0, "a", 1)], counted=[(0, "a", 10), (0, "c", 30)], products=PRODUCTS)
    inventory = shop.inventory()
    each = stock_value(inventory, "product_id").set_index("product_id")
    assert each.loc["a", "value"] == 20
    assert math.isnan(each.loc["c", "value"]) and each.loc["c", "reason"] == "reason.cost_unknown"
    whole = only(stock_value(inventory))
    assert (whole["value"], whole["coverage"], whole["coverage_products"]) == (20, 0.25, 0.5)
    assert only(stock_value(inventory, at="price"))["value"] == 10 * 5 + 30 * 4


def test_by_location_what_moved_since_the_counts_has_no_place():
    shop = Stocked(
        sold=[(0, "a", 1), (4, "a", 3)],
        counted=[(1, "a", 10, "main"), (1, "a", 6, "shop")],
        products=PRODUCTS,
    )
    parts = stock_value(shop.inventory(), "location").set_index("location")
    assert parts["units"].to_dict() == {"main": 10, "shop": 6, "": -3}
    assert parts["value"].to_dict() == {"main": 20, "shop": 12, "": -6}


def test_vector_v3_turn_four_dio_91_25_gmroi_2_667():
    """COGS 180,000, average stock 45,000, margin 120,000 (metrics-and-rules, V3)."""
    daily = [500] * 364 + [180_000 - 364 * 500]
    shop = Stocked(
        sold=[(day, "a", n, 300_000 / 180_000) for day, n in enumerate(daily) if n],
        counted=[(0, "a", 45_000), (364, "a", 45_000)],
        bought=[
            {"product": "a", "quantity": n, "ordered": day, "received": day}
            for day, n in enumerate(daily)
            if n
        ],
        products={"a": {"unit_cost": 1.0}},
    )
    inventory = shop.inventory()
    turned, earned = only(turn(inventory)), only(gmroi(inventory))
    assert (turned["numerator"], turned["denominator"]) == pytest.approx((180_000, 45_000))
    assert (turned["value"], turned["dio"]) == pytest.approx((4.0, 91.25))
    assert earned["numerator"] == pytest.approx(120_000)
    assert earned["value"] == pytest.approx(2.667, abs=0.0005)
    assert turned["estimated"] == 0


@settings(max_examples=8)
@given(shops(least_counts=4))
def test_turn_and_gmroi_by_plain_loops(shop):
    inventory = shop.inventory()
    cogs, average, margin = {}, {}, {}
    for product in inventory.units.index:
        stock = inventory.on_hand.loc[product]
        cost = inventory.items.loc[product, "unit_cost"]
        known = [day for day in stock.index if stock[day] == stock[day]]
        if len(known) < 28 or cost != cost:
            continue
        year = 365 / len(known)
        sold = sum(inventory.units.loc[product, d] - inventory.returned.loc[product, d] for d in known)
        cogs[product] = sold * cost * year
        average[product] = sum(stock[d] for d in known) / len(known) * cost
        lines = inventory.lines[
            (inventory.lines["product_id"] == product) & inventory.lines["day"].isin(known)
        ]
        margin[product] = (lines["net"].sum() - (lines["quantity"] * cost).sum()) * year
    by_category = turn(inventory, "category").set_index("category")
    for name, row in by_category.iterrows():
        of = [p for p in cogs if inventory.items.loc[p, "category"] == name]
        assert row["n"] == len(of)
        assert row["numerator"] == pytest.approx(sum(cogs[p] for p in of))
        assert row["denominator"] == pytest.approx(sum(average[p] for p in of))
        if row["status"] == "ok":
            assert row["value"] == pytest.approx(row["numerator"] / row["denominator"])
            if row["value"] > 0:
                assert row["dio"] == pytest.approx(365 / row["value"])
    earned = only(gmroi(inventory))
    if average:
        assert earned["numerator"] == pytest.approx(sum(margin.values()))
        assert earned["denominator"] == pytest.approx(sum(average.values()))


def half_the_time() -> Stocked:
    """Ten a day for the first half of every four weeks, then out until the next delivery."""
    sold, counted, bought = [], [], [{"product": "b", "quantity": 1, "ordered": 0}]
    for start in range(0, 112, 28):
        sold += [(day, "a", 10) for day in range(start, start + 14)]
        counted += [(start + 13, "a", 0), (start + 27, "a", 140)]
    return Stocked(sold, counted=counted, bought=bought, products=PRODUCTS, until=111)


def test_days_of_cover_count_in_stock_days_only():
    """140 in stock at 10 a day while there is any: 14 days, not the 28 of a rate over all days."""
    inventory = half_the_time().inventory()
    rate = daily_rate(inventory, days=112).loc["a"]
    assert rate["numerator"] == 14 * 10 * 4
    assert rate["denominator"] == pytest.approx(4 * 14, abs=3)
    one = cover(inventory, days=112).set_index("product_id").loc["a"]
    assert one["value"] == pytest.approx(14, rel=0.05)
    whole = only(cover(inventory, by=None, days=112))
    assert whole["value"] == pytest.approx(one["value"])


def test_reserved_stock_is_no_cover():
    sold = [(day, "a", 1) for day in range(60)]
    free = Stocked(sold, counted=[(0, "a", 90), (59, "a", 30)], products=PRODUCTS).inventory()
    held = Stocked(sold, counted=[(0, "a", 90), (59, "a", 30, "main", 20)], products=PRODUCTS).inventory()
    covers = [cover(one).set_index("product_id").loc["a", "value"] for one in (free, held)]
    assert covers == pytest.approx([30, 10])


def test_three_days_on_sale_say_nothing_of_cover():
    shop = Stocked([(0, "b", 1), (58, "a", 3), (60, "a", 1)], counted=[(60, "a", 9)], products=PRODUCTS)
    one = cover(shop.inventory(roll_back_days=1)).set_index("product_id").loc["a"]
    assert one["status"] == "too_few" and one["reason"] == "reason.in_stock_days_few"


@settings(max_examples=8)
@given(shops(least_counts=4))
def test_sell_through_by_plain_addition(shop):
    inventory = shop.inventory()
    since, until = FIRST + 20, FIRST + 45
    sold = base = 0.0
    for product in inventory.units.index:
        opening = inventory.on_hand.loc[product, since - 1]
        if math.isnan(opening):
            continue
        for day in range(since, until + 1):
            sold += inventory.units.loc[product, day] - inventory.returned.loc[product, day]
            base += inventory.received.loc[product, day] + inventory.inferred.loc[product, day]
            base += max(-inventory.losses.loc[product, day], 0)
        base += opening
    whole = only(sell_through(inventory, since, until))
    if base > 0:
        assert whole["value"] == pytest.approx(sold / base)
    else:
        assert whole["status"] != "ok"


def test_sell_through_of_a_season():
    shop = Stocked(
        sold=[(day, "a", 2) for day in range(1, 31)],
        counted=[(0, "a", 40), (30, "a", 20)],
        bought=[{"product": "a", "quantity": 40, "ordered": 1, "received": 10}],
        products=PRODUCTS,
    )
    whole = only(sell_through(shop.inventory(), FIRST + 1, FIRST + 30))
    assert (whole["numerator"], whole["denominator"], whole["value"]) == (60, 80, 0.75)


def fifo(inventory, product: str) -> list[float] | None:
    """Ages of the units in stock today, by taking every sale from the oldest delivery."""
    stock = inventory.position.loc[product, "on_hand"]
    since = inventory.basis.loc[product, "known_since"]
    if math.isnan(stock):
        return None
    layers = [[math.inf, inventory.basis.loc[product, "opening"]]]
    for day in range(int(since), inventory.today + 1):
        lost = inventory.losses.loc[product, day]
        came = inventory.received.loc[product, day] + inventory.inferred.loc[product, day] + max(-lost, 0)
        layers.append([inventory.today - day, came])
        left = inventory.units.loc[product, day] - inventory.returned.loc[product, day] + max(lost, 0)
        for layer in layers:
            take = min(layer[1], left) if left > 0 else 0
            layer[1], left = layer[1] - take, left - take
        if left < 0:  # more came back than went: it is stock of old
            layers[0][1] -= left
    return layers


@settings(max_examples=8)
@given(shops(least_counts=3))
def test_ageing_takes_the_oldest_first_and_adds_up_to_the_stock(shop):
    shop = Stocked(shop.sold, (), shop.counted, shop.bought, shop.products)  # a return has no age
    inventory = shop.inventory()
    each = ageing(inventory, "product_id")
    for product in inventory.units.index:
        rows = each[each["product_id"] == product].set_index("bucket")
        expected = fifo(inventory, product)
        if expected is None:
            assert (rows["status"] == "input_missing").all()
            continue
        young = sum(amount for age, amount in expected if age <= 30)
        middle = sum(amount for age, amount in expected if 30 < age <= 60)
        assert rows.loc["0_30", "units"] == pytest.approx(young, abs=1e-6)
        assert rows.loc["31_60", "units"] == pytest.approx(middle, abs=1e-6)
        assert rows["units"].sum() == pytest.approx(inventory.position.loc[product, "on_hand"])
        assert rows["units"].sum() == 0 or rows["share"].sum() == pytest.approx(1)
    for by in (None, "category", "supplier_id"):
        parts = ageing(inventory, by)
        assert np.nansum(parts["value"]) == pytest.approx(np.nansum(stock_value(inventory)["value"]))
        assert set(parts["bucket"]) == set(BUCKETS)


def test_stock_older_than_the_data_is_old_only_if_they_go_back_a_year():
    def buckets(length: int) -> dict:
        shop = Stocked(
            [(0, "a", 1), (length, "b", 1)],
            counted=[(0, "a", 50), (length, "a", 50)],
            bought=[{"product": "a", "quantity": 10, "ordered": length - 50, "received": length - 45}],
            products=PRODUCTS,
        )
        table = ageing(shop.inventory()).set_index("bucket")
        return {name: n for name, n in table["units"].items() if n}

    assert buckets(400) == {"31_60": 10, "over_365": 40}
    assert buckets(100) == {"31_60": 10, "unknown": 40}


def idle_shop() -> Stocked:
    daily = [(day, "moving", 2) for day in range(300)]
    slow = [(day, "slow", 1) for day in range(0, 300, 10)]
    over = [(day, "over", 1) for day in range(300)]
    dead = [(5, "dead", 1)]
    fresh = [{"product": "fresh", "quantity": 9, "ordered": 280, "received": 290}]
    counted = [(0, "dead", 80), (299, "dead", 80), (299, "moving", 60), (299, "slow", 50), (299, "over", 150)]
    counted += [(299, "fresh", 9), (299, "empty", 0)]
    costs = {name: {"unit_cost": 2.0} for name in ("moving", "slow", "over", "dead", "fresh", "empty")}
    return Stocked(daily + slow + over + dead, counted=counted, bought=fresh, products={**costs, "ghost": {}})


def test_dead_slow_and_too_much_stock_with_the_cash_they_tie_up():
    inventory = idle_shop().inventory()
    table = idle_stock(inventory).set_index("product_id")
    verdicts = {"moving": "moving", "slow": "slow", "over": "over", "dead": "dead", "fresh": "new"}
    assert table["verdict"].to_dict() == {**verdicts, "empty": "none", "ghost": "unknown"}
    assert table.loc["dead", ["value", "days_since_sale"]].tolist() == [160, 294]
    # 30 sold in 300 days: 180 days of cover are 18 units; 32 are too many.
    assert table.loc["slow", "cover"] == pytest.approx(500)
    assert table.loc["slow", "excess"] == pytest.approx(32)
    # One a day: lead time 14 + review 7 + 90 = 111 units are enough.
    assert table.loc["over", "value"] == pytest.approx((150 - 111) * 2)
    assert table.loc["moving", "value"] == 0
    assert table.loc["ghost", "status"] == "input_missing"
    summary = cash_tied_up(inventory).set_index("verdict")
    assert summary.loc["dead", ["value", "stock", "n"]].tolist() == [160, 160, 1]
    known = summary.drop(index="unknown")
    assert known["stock"].sum() == pytest.approx(only(stock_value(inventory))["value"])


def test_when_stock_is_dead_is_for_the_owner_to_say():
    shop = idle_shop()
    assert (
        idle_stock(shop.inventory(dead_after_days=295)).set_index("product_id").loc["dead", "verdict"]
        != "dead"
    )
    strict = idle_stock(shop.inventory(dead_after_days=9)).set_index("product_id")
    assert {"dead", "fresh"} <= set(strict.index[strict["verdict"] == "dead"])


def test_safety_stock_is_not_too_much():
    inventory = idle_shop().inventory()

    table = idle_stock(inventory, pd.Series({"over": 60.0})).set_index("product_id")
    assert table.loc["over", "verdict"] == "moving"


def test_stock_outs_in_days_and_what_they_put_at_risk():
    inventory = half_the_time().inventory()
    one = stock_outs(inventory, FIRST, FIRST + 111).set_index("product_id").loc["a"]
    assert one["denominator"] == 112
    assert one["numerator"] == pytest.approx(56, abs=4)
    assert one["value"] == pytest.approx(one["numerator"] / 112)
    rate = daily_rate(inventory, 365).loc["a", "value"]
    assert one["units_at_risk"] == pytest.approx(one["numerator"] * rate)
    assert one["margin_at_risk"] == pytest.approx(one["units_at_risk"] * (5 - 2))


def test_a_product_taken_off_is_not_out_of_stock():
    shop = Stocked(
        [(0, "a", 1), (40, "b", 1)],
        counted=[(1, "a", 0), (40, "a", 0)],
        products={"a": {"unit_cost": 1.0, "active": False}},
    )
    one = stock_outs(shop.inventory(), FIRST, FIRST + 40).set_index("product_id").loc["a"]
    assert one["status"] == "too_few" and one["reason"] == "reason.not_on_offer"


@settings(max_examples=6)
@given(shops(least_counts=2))
def test_stock_over_time_ends_with_today(shop):
    inventory = shop.inventory()
    course = stock_over_time(inventory)
    assert course["day"].is_monotonic_increasing and course["day"].iloc[-1] == FIRST + DAYS - 1
    told = stock_value(inventory)
    if course["status"].iloc[-1] == "ok":
        assert course["value"].iloc[-1] == pytest.approx(np.nansum(told["value"]))
    sundays = course["day"].iloc[:-1]
    assert ((sundays + 3) % 7 == 6).all()


def test_stock_is_not_dead_because_orders_name_no_product():
    shop = Stocked([(0, None, 1), (300, None, 2)], counted=[(0, "a", 10), (300, "a", 10)], products=PRODUCTS)
    inventory = shop.inventory()
    assert not inventory.sales_known
    idle = idle_stock(inventory)
    assert set(idle["verdict"]) == {"unknown"}
    for frame in (turn(inventory), gmroi(inventory), cover(inventory), idle, cash_tied_up(inventory)):
        assert set(frame["reason"]) == {"reason.orders_name_no_product"}
        assert frame["value"].isna().all()
    assert only(stock_value(inventory))["value"] == 20
