"""Stock day by day: identities, a slow replay in plain Python, and cases worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shops import DAYS, FIRST, PRODUCTS, Stocked, shops

from echannel.metrics.inventory import InventorySettings, prepare_inventory
from echannel.metrics.inventory.gaps import unlikely_silences
from echannel.metrics.inventory.panels import wide


def row(panel: pd.DataFrame, product: str) -> list[float]:
    return panel.loc[product].tolist()


@settings(max_examples=14)
@given(shops())
def test_stock_at_the_end_is_start_and_receipts_less_sales_and_losses_plus_returns(shop):
    inventory = shop.inventory()
    stock = inventory.on_hand.to_numpy()
    flow = inventory.received + inventory.inferred - inventory.units + inventory.returned - inventory.losses
    flow = flow.to_numpy()
    known = np.isfinite(stock)
    start = np.where(known.any(axis=1), known.argmax(axis=1), -1)
    total_end = total_start = total_flow = 0.0
    for place, product in enumerate(inventory.units.index):
        if start[place] < 0:
            assert not known[place].any()
            continue
        first = start[place]
        assert known[place, first:].all() and not known[place, :first].any()
        assert (stock[place, first:] >= 0).all()
        assert inventory.basis.loc[product, "known_since"] == FIRST + first
        opening = inventory.basis.loc[product, "opening"]
        path = opening + np.cumsum(flow[place, first:])
        assert path == pytest.approx(stock[place, first:], abs=1e-6)
        total_start, total_end = total_start + opening, total_end + stock[place, -1]
        total_flow += flow[place, first:].sum()
    assert total_end == pytest.approx(total_start + total_flow, abs=1e-6)
    assert inventory.position["on_hand"].sum() == pytest.approx(total_end)


@settings(max_examples=14)
@given(shops(least_counts=1))
def test_a_slow_replay_finds_the_same_stock(shop):
    inventory = shop.inventory(roll_back_days=DAYS)
    width = inventory.units.shape[1]
    for product in inventory.units.index:
        flow = (inventory.received - inventory.units + inventory.returned).loc[product].tolist()
        by_location = [(d, n, place) for d, p, n, place in shop.counted if p == product]
        counted = complete_counts(by_location)
        if not counted:
            assert inventory.on_hand.loc[product].isna().all()
            continue
        expected = slow_path(flow, counted, width)
        assert row(inventory.on_hand, product) == pytest.approx(expected, abs=1e-6)


def complete_counts(by_location: list[tuple[int, float, str]]) -> dict[int, float]:
    """Counts by day, where every location with counts within 31 days was counted that day."""
    spans: dict[str, list[int]] = {}
    for day, _, place in by_location:
        spans.setdefault(place, []).append(day)
    whole = {}
    for day in sorted({d for d, _, _ in by_location}):
        needed = {p for p, days in spans.items() if min(days) - 31 <= day <= max(days) + 31}
        there = {p: n for d, n, p in by_location if d == day}
        if needed <= set(there):
            whole[day] = sum(there.values())
    if whole or not by_location:
        return whole
    last = {p: max((d, n) for d, n, q in by_location if q == p) for p in spans}
    newest = max(d for d, _ in last.values())
    return {newest: sum(n for d, n in last.values() if d >= newest - 31)}


def slow_path(flow: list[float], counted: dict[int, float], width: int) -> list[float]:
    path = [math.nan] * width
    days = sorted(counted)
    for start, end in zip(days, [*days[1:], None], strict=True):
        stock, last = counted[start], (width if end is None else end)
        rolled = stock + sum(flow[start + 1 : last + 1])
        spare = max(counted[end] - rolled, 0) if end is not None else 0
        path[start] = stock
        for day in range(start + 1, last):
            stock += flow[day]
            if stock < 0:
                stock, spare = stock + max(spare, -stock), 0
            path[day] = stock
    stock = counted[days[0]]
    for day in range(days[0], 0, -1):
        stock = max(stock - flow[day], 0)
        path[day - 1] = stock
    return path


def test_what_is_missing_at_the_next_count_is_lost_and_what_is_there_too_much_is_found():
    shop = Stocked(
        sold=[(0, "a", 1), (3, "a", 2), (9, "a", 1)],
        counted=[(0, "a", 20), (5, "a", 15), (9, "a", 16)],
        bought=[{"product": "b", "quantity": 1, "ordered": 0}],
    )
    inventory = shop.inventory()
    assert row(inventory.on_hand, "a") == [20, 20, 20, 18, 18, 15, 15, 15, 15, 16]
    assert row(inventory.losses, "a") == [0, 0, 0, 0, 0, 3, 0, 0, 0, -2]
    assert row(inventory.counted, "a") == [True, *[False] * 4, True, *[False] * 3, True]
    assert inventory.basis.loc["a", ["basis", "counts", "opening"]].tolist() == ["counts", 3, 21]


def test_one_count_is_rolled_back_and_on_as_an_estimate():
    shop = Stocked(
        sold=[(0, "a", 2), (2, "a", 3), (5, "a", 1)],
        back=[(3, "a", 1)],
        counted=[(4, "a", 10)],
        bought=[{"product": "a", "quantity": 4, "ordered": 0, "received": 1}],
    )
    inventory = shop.inventory()
    assert row(inventory.on_hand, "a") == [8, 12, 9, 10, 10, 9]
    assert inventory.counted.loc["a"].sum() == 1
    assert inventory.basis.loc["a", "basis"] == "one_count"
    assert inventory.basis.loc["a", "opening"] == 10
    position = inventory.position.loc["a"]
    assert position["estimated"] and position["as_of"] == FIRST + 4 and position["on_hand"] == 9


def test_more_sold_than_there_was_is_a_delivery_that_nobody_recorded():
    shop = Stocked(sold=[(day, "a", 2) for day in range(8)], counted=[(0, "a", 5)])
    inventory = shop.inventory()
    assert row(inventory.on_hand, "a") == [5, 3, 1, 0, 0, 0, 0, 0]
    assert row(inventory.inferred, "a") == [0, 0, 0, 1, 2, 2, 2, 2]
    # It was sold every day, so it was there every day, whatever the empty count says.
    assert (inventory.in_stock.loc["a"] >= 0.5).all()


def test_a_delivery_that_is_missing_between_two_counts_came_when_it_was_needed():
    shop = Stocked(
        sold=[(day, "a", 2) for day in range(8)],
        counted=[(0, "a", 5), (7, "a", 30)],
        bought=[{"product": "b", "quantity": 1, "ordered": 0}],
    )
    inventory = shop.inventory()
    assert row(inventory.on_hand, "a") == [5, 3, 1, 38, 36, 34, 32, 30]
    assert row(inventory.inferred, "a") == [0, 0, 0, 39, 0, 0, 0, 0]
    assert inventory.losses.loc["a"].sum() == 0


def test_a_delivery_that_was_not_whole_is_a_loss_before_the_count():
    shop = Stocked(
        sold=[(0, "a", 1), (5, "a", 1)],
        counted=[(4, "a", 10)],
        bought=[{"product": "a", "quantity": 25, "ordered": 0, "received": 2}],
    )
    inventory = shop.inventory()
    assert row(inventory.on_hand, "a") == [0, 0, 10, 10, 10, 9]
    assert row(inventory.losses, "a") == [0, 0, 15, 0, 0, 0]


def test_without_purchases_stock_is_not_told_far_back():
    shop = Stocked(sold=[(day, "a", 1) for day in range(200)], counted=[(199, "a", 10)])
    inventory = shop.inventory(roll_back_days=30)
    assert inventory.on_hand.loc["a"].isna().sum() == 199 - 30
    assert inventory.basis.loc["a", "known_since"] == FIRST + 169
    bought = [{"product": "b", "quantity": 1, "ordered": 100, "received": 101}]
    reaching = Stocked(shop.sold, counted=shop.counted, bought=bought).inventory(roll_back_days=30)
    assert reaching.basis.loc["a", "known_since"] == FIRST + 70


def test_a_count_below_zero_is_shown_as_none_and_owed():
    shop = Stocked(sold=[(0, "a", 1), (3, "a", 1)], counted=[(3, "a", -4)])
    inventory = shop.inventory()
    assert inventory.on_hand.loc["a"].iloc[-1] == 0
    assert inventory.position.loc["a", ["on_hand", "owed", "available"]].tolist() == [0, 4, -4]


def test_history_is_of_all_locations_and_a_count_of_some_is_no_count():
    shop = Stocked(
        sold=[(0, "a", 1), (9, "a", 1)],
        counted=[
            (1, "a", 10, "main"),
            (1, "a", 5, "shop"),
            (4, "a", 3, "shop"),
            (6, "a", 6),
            (6, "a", 3, "shop"),
        ],
    )
    inventory = shop.inventory()
    counted = inventory.counted.columns[inventory.counted.loc["a"]] - FIRST
    assert counted.tolist() == [1, 6]
    assert inventory.on_hand.loc["a"].iloc[[1, 4, 6]].tolist() == [15, 15, 9]
    places = inventory.locations.set_index("location")
    assert places.loc["shop", ["on_hand", "as_of"]].tolist() == [3, FIRST + 6]


def test_locations_counted_on_different_days_together_are_an_estimate():
    shop = Stocked(sold=[(0, "a", 1), (9, "a", 1)], counted=[(2, "a", 10, "main"), (4, "a", 5, "shop")])
    inventory = shop.inventory()
    assert not inventory.counted.to_numpy().any()
    assert inventory.on_hand.loc["a"].iloc[4] == 15
    assert inventory.basis.loc["a", "basis"] == "one_count"
    assert inventory.position.loc["a", "estimated"]


def test_a_count_after_the_last_sale_is_todays_stock():
    shop = Stocked(sold=[(0, "a", 1), (3, "a", 1)], counted=[(20, "a", 8)])
    inventory = shop.inventory()
    assert inventory.today == FIRST + 3
    assert inventory.position.loc["a", ["on_hand", "as_of"]].tolist() == [8, FIRST + 20]


def test_a_count_just_before_the_first_sale_opens_the_stock():
    shop = Stocked(sold=[(10, "a", 2), (12, "a", 1)], counted=[(8, "a", 9)])
    inventory = shop.inventory()
    assert row(inventory.on_hand, "a") == [7, 7, 6]
    assert inventory.basis.loc["a", "opening"] == 9


def test_what_is_on_its_way_and_reserved():
    bought = [
        {"product": "a", "quantity": 30, "ordered": 5},
        {"product": "a", "quantity": 20, "ordered": 2, "received": 4},
        {"product": "a", "quantity": 99, "ordered": -400},  # nobody closed it
    ]
    shop = Stocked([(0, "a", 1), (9, "a", 1)], counted=[(9, "a", 50, "main", 8, 77)], bought=bought)
    one = shop.inventory().position.loc["a"]
    assert one[["on_hand", "reserved", "available", "on_order"]].tolist() == [50, 8, 42, 30]
    assert one[["reserved_from", "on_order_from"]].tolist() == ["stock", "purchases"]
    no_purchases = Stocked(shop.sold, counted=shop.counted).inventory().position.loc["a"]
    assert no_purchases[["on_order", "on_order_from"]].tolist() == [77, "stock"]
    silent = Stocked(shop.sold, counted=[(9, "a", 50)]).inventory().position.loc["a"]
    assert silent[["reserved", "reserved_from", "on_order", "on_order_from"]].tolist() == [0, "default"] * 2


def test_a_day_it_ran_out_or_came_in_is_half_a_day():
    shop = Stocked(
        sold=[(0, "a", 1), (2, "a", 4), (9, "a", 1)],
        counted=[(1, "a", 4), (9, "a", 9)],
        bought=[{"product": "a", "quantity": 10, "ordered": 0, "received": 6}],
    )
    assert row(shop.inventory().in_stock, "a") == [1, 1, 0.5, 0, 0, 0, 0.5, 1, 1, 1]


def test_a_delivery_that_nobody_recorded_came_on_any_of_the_empty_days():
    def empty_days(bought: list[dict]) -> list[float]:
        sold = [(0, "a", 1), (2, "a", 4), (9, "a", 1)]
        return row(
            Stocked(sold, counted=[(1, "a", 4), (7, "a", 9)], bought=bought).inventory().in_stock, "a"
        )[3:7]

    assert empty_days([]) == [0.5] * 4
    assert empty_days([{"product": "b", "quantity": 1, "ordered": 0}]) == [0] * 4


@settings(max_examples=10)
@given(shops(least_counts=2))
def test_a_day_of_the_past_knows_nothing_of_what_came_after(shop):
    until = 40
    past = Stocked(
        [one for one in shop.sold if one[0] <= until],
        [one for one in shop.back if one[0] <= until],
        [one for one in shop.counted if one[0] <= until],
        [
            {**one, "received": one["received"] if one["received"] <= until else None}
            for one in shop.bought
            if one["ordered"] <= until
        ],
        shop.products,
        until=until,
    ).inventory()
    then = prepare_inventory(shop.sales, shop.tables, InventorySettings(), today=FIRST + until)
    assert then.today == past.today == FIRST + until
    for name in ("units", "received", "on_hand", "losses", "inferred", "in_stock", "position", "basis"):
        pd.testing.assert_frame_equal(getattr(then, name), getattr(past, name))
    costs = ["lead_time_days", "unit_cost", "supplier_id"]
    pd.testing.assert_frame_equal(then.items[costs], past.items[costs])


def test_nothing_is_in_stock_before_it_began():
    shop = Stocked(sold=[(0, "b", 1), (5, "a", 1), (9, "a", 1)])
    inventory = shop.inventory()
    assert row(inventory.in_stock, "a") == [0] * 5 + [1] * 5
    assert inventory.basis.loc["a", ["basis", "start"]].tolist() == ["sales", FIRST + 5]
    assert inventory.on_hand.loc["a"].isna().all()


@pytest.mark.parametrize(("every", "gap"), [(1, 2), (1, 3), (2, 12), (2, 20), (4, 25), (4, 40)])
def test_a_silence_is_a_stock_out_only_if_chance_would_hardly_make_it(every, gap):
    """The rule itself: m · exp(−d·k) < 1 %, d from the days outside of silences, m gaps."""
    days = [*range(0, 120, every)]
    days += [*range(days[-1] + gap + 1, days[-1] + gap + 121, every)]
    shop = Stocked(sold=[(day, "a", 1) for day in days], until=days[-1])
    inventory = shop.inventory()
    silent = [day for day in range(days[-1] + 1) if inventory.in_stock.loc["a"].iloc[day] == 0]
    rate = -math.log(1 - min(len(days) / (days[-1] + 1 - len(silent)), 0.99))
    last = max(day for day in days if day < 120)
    assert silent == ([*range(last + 1, last + 1 + gap)] if len(days) * math.exp(-rate * gap) < 0.01 else [])


def test_few_sales_infer_no_stock_out():
    shop = Stocked(sold=[(0, "a", 1), (1, "a", 1), (2, "a", 1)], until=100)
    assert shop.inventory().in_stock.loc["a"].eq(1).all()


def test_a_silence_of_all_the_category_is_its_season_and_no_stock_out():
    rng = np.random.default_rng(3)
    season = np.r_[np.full(120, 0.5), np.full(120, 0.02), np.full(120, 0.5)]
    sold = rng.random((12, 360)) < season
    lone = sold.copy()
    lone[1:] = rng.random((11, 360)) < 0.5  # its own silence, all others sell
    names = np.full(12, "Tea", dtype=object)
    index = pd.Index([f"p{n:02}" for n in range(12)], name="product_id")
    together = unlikely_silences(wide(sold.astype(float), index, FIRST), names)[0, 130:230].mean()
    alone = unlikely_silences(wide(lone.astype(float), index, FIRST), names)[0, 130:230].mean()
    assert together < 0.3 < 0.8 < alone


@settings(max_examples=15)
@given(st.floats(0.1, 0.6), st.integers(0, 2**32 - 1))
def test_hardly_a_day_of_steady_chance_is_taken_for_a_stock_out(share, seed):
    sold = np.random.default_rng(seed).random((40, 400)) < share
    index = pd.Index([f"p{n:02}" for n in range(40)], name="product_id")
    silent = unlikely_silences(wide(sold.astype(float), index, FIRST), np.full(40, "", dtype=object))
    assert silent.mean() < 0.02
    assert not (silent & sold).any()


def test_a_week_of_history_makes_no_figure_up():
    shop = Stocked(sold=[(0, "a", 3), (6, "a", 1)], products=PRODUCTS)
    inventory = shop.inventory()
    assert inventory.on_hand.isna().to_numpy().all()
    assert (inventory.position["status"] == "input_missing").all()


def test_no_order_at_all_leaves_stock_to_count():
    inventory = Stocked(counted=[(0, "a", 3), (5, "a", 2)], products=PRODUCTS).inventory()
    assert inventory.today == FIRST + 5
    assert inventory.position.loc["a", "on_hand"] == 2
    nothing = Stocked().inventory()
    assert nothing.units.empty and nothing.position.empty and nothing.items.empty
