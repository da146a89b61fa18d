"""Orders proposed: by hand, by property, and when money is short."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from goods import TODAY, facts, items, paths, position, purchases
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.metrics.inventory.budget import Packs, packs_of, within_budget
from echannel.metrics.inventory.distributions import LeadTimeDemand
from echannel.metrics.inventory.items import InventorySettings
from echannel.metrics.inventory.outlook import incoming_units, outlook
from echannel.metrics.inventory.policy import policies
from echannel.metrics.inventory.proposal import by_supplier, fill_up, propose
from echannel.tables import SUPPLIER_PRICES

NO_PRICES = SUPPLIER_PRICES.empty()
SUPPLIERS = pd.DataFrame({"supplier_id": ["s1", "s2"], "order_value_min": [np.nan, 6000.0]})


def proposed(goods, at, known=None, budget=None, bought=None, prices=NO_PRICES, ahead=None):
    known = facts(goods.index) if known is None else known
    plan = policies(goods, known, pd.Series("B", index=goods.index), InventorySettings(), prices)
    bought = purchases() if bought is None else bought
    week = paths(goods.index, known["per_day"].fillna(0) * 7) if ahead is None else ahead
    return propose(plan, goods, at, week, prices, bought, TODAY, budget)


def test_one_line_by_hand():
    goods = items(a={"order_quantity_multiple": 24.0}, enough={"supplier_id": "s3"})
    lines = proposed(goods, position(goods.index, on_hand=[200.0, 500.0], reserved=[20.0, 0.0]))
    line = lines.loc["a"]
    assert lines["due"].tolist() == [True, False] and lines.loc["enough", "value"] == 0
    assert line["value"] == line["wanted"] == 384 and line["cost"] == 384 * 12
    assert line["position"] == 180 and line["per_week"] == pytest.approx(140)
    assert line["run_out_day"] == TODAY + 9  # 180 units at 20 a day
    assert line["order_by"] == TODAY and line["delivery_day"] == TODAY + 10
    assert line["cash_day"] == TODAY + 10 + 30
    assert line["why"] == "reason.order_before_delivery"
    assert line["z"] == pytest.approx(1.6449, abs=1e-4) and line["lead_time_sd_days"] == 2
    later = lines.loc["enough"]
    # 500 units last 21.1 days above the safety stock of 77.85; the delivery takes 10 of them.
    assert later["order_by"] == TODAY + 22 - 10 and later["why"] == "" and np.isnan(later["priority"])


def test_what_is_on_its_way_counts_and_what_is_reserved_does_not():
    goods = items(a={})
    assert proposed(goods, position(["a"], on_hand=200.0)).loc["a", "due"]
    assert not proposed(goods, position(["a"], on_hand=200.0, on_order=100.0)).loc["a", "due"]
    assert proposed(goods, position(["a"], on_hand=300.0, reserved=60.0)).loc["a", "due"]
    far_below = proposed(goods, position(["a"], on_hand=0.0, reserved=400.0)).loc["a"]
    assert far_below["value"] == 2 * 372 and far_below["why"] == "reason.order_out_of_stock"


def test_three_sales_are_no_ground_for_a_number():
    goods = items(a={}, uncounted={}, ended={"active": False})
    known = facts(goods.index)
    known.loc["a", "n"] = 3
    at = position(["a"], on_hand=1.0)
    lines = proposed(goods, at, known)
    assert sorted(lines.index) == ["a", "uncounted"]
    assert lines.loc["a", "status"] == "too_few" and lines.loc["uncounted", "status"] == "input_missing"
    assert lines.loc["uncounted", "reason"] == "reason.stock_missing"
    assert lines[["value", "cost", "order_by", "cash_day", "run_out_day"]].isna().all(axis=None)


def test_the_price_is_that_of_the_quantity_ordered():
    goods = items(a={})
    prices = pd.DataFrame(
        {"supplier_id": "s1", "product_id": "a", "quantity_from": [1.0, 600.0], "unit_cost": [12.0, 11.0]}
    )
    line = proposed(goods, position(["a"]), prices=prices).loc["a"]
    assert (line["value"], line["unit_cost"], line["cost"]) == (600, 11.0, 6600.0)
    poor = proposed(goods, position(["a"]), prices=prices, budget=6599.0).loc["a"]
    assert poor["value"] < 600 and poor["unit_cost"] == 12.0 and poor["cost"] <= 6599


def test_a_supplier_below_its_minimum_and_what_would_fill_it_up():
    own = {"supplier_id": "s2", "order_value_min": 6000.0}
    goods = items(a=own, soon=own, later=own, last=own, other={})
    lines = proposed(goods, position(goods.index, on_hand=[100.0, 300.0, 900.0, 950.0, 100.0]))
    each = lines["order_quantity"]
    groups = by_supplier(lines, goods, SUPPLIERS)
    assert groups.index.tolist() == ["s1", "s2"]
    assert groups["value"].tolist() == [each["other"] * 12, each["a"] * 12]
    assert groups["lacking"].tolist() == [0.0, 6000 - each["a"] * 12]
    more = fill_up(lines, goods, groups)
    assert more.index.tolist() == ["soon", "later"]  # with the two the minimum is reached
    assert more["quantity"].tolist() == each[["soon", "later"]].tolist()
    reached = 12 * each[["a", "soon", "later"]].cumsum()
    assert more["reaches"].tolist() == reached.iloc[1:].tolist() and reached.iloc[1] < 6000 < reached.iloc[2]


def test_open_purchases_come_when_they_are_expected():
    bought = purchases(
        ("a", 10, TODAY - 5, TODAY + 3),
        ("a", 20, TODAY - 30, TODAY - 2),
        ("a", 30, TODAY - 4, None),
        ("a", 40, TODAY - 40, TODAY - 9, TODAY - 9),
        ("b", 7, TODAY - 5, TODAY + 400),
    )
    index = pd.Index(["a", "b"])
    units = incoming_units(index, bought, np.array([60.0, 12.0]), np.array([10.0, 6.0]), TODAY, 20)
    assert np.nonzero(units[0])[0].tolist() == [0, 2, 5] and units[0][[0, 2, 5]].tolist() == [20, 10, 30]
    assert np.nonzero(units[1])[0].tolist() == [5] and units[1, 5] == 5  # on order, but in no purchase
    ahead = outlook(
        index,
        position(index, on_hand=[25.0, 0.0]),
        paths(index, 70.0),
        bought,
        np.array([10.0, 6.0]),
        np.array([10.0, 10.0]),
        TODAY,
        20,
    )
    assert ahead.stock[0, :3].tolist() == [35, 25, 25]
    assert ahead.run_out_day.tolist() == [TODAY + 9, TODAY]


def steps(draw_rows):
    rows = np.array([row for row, *_ in draw_rows])
    order = np.argsort(rows, kind="stable")
    cost, worth = (np.array([one[at] for one in draw_rows])[order] for at in (1, 2))
    return Packs(rows[order], np.ones(len(rows)), cost, cost * worth)


CHUNKS = st.lists(st.tuples(st.integers(0, 4), st.floats(0.5, 30), st.floats(0, 5)), min_size=1, max_size=18)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_the_budget_is_never_overspent_and_more_of_it_never_avoids_less(data):
    chunks = data.draw(CHUNKS)
    packs = steps(chunks)
    for row in range(
        5
    ):  # as from expected shortages: each product's later packs are worth less, and cost no more
        at = np.nonzero(packs.row == row)[0]
        worth = np.sort(packs.avoided[at] / packs.cost[at])[::-1]
        packs.cost[at] = np.sort(packs.cost[at])[::-1]
        packs.avoided[at] = packs.cost[at] * worth
    budgets = sorted(data.draw(st.lists(st.floats(0, 200), min_size=2, max_size=6)))
    values = []
    for budget in budgets:
        taken = within_budget(packs, budget)
        assert packs.cost[taken].sum() <= budget + 1e-6
        for row in range(5):
            mine = taken[packs.row == row]
            assert not (~mine[:-1] & mine[1:]).any()
        values.append(packs.avoided[taken].sum())
    assert (np.diff(values) >= -1e-6).all()


def test_the_greedy_choice_is_within_one_step_of_the_best():
    rng = np.random.default_rng(2)
    for _ in range(40):
        packs = Packs(np.arange(8), np.ones(8), rng.uniform(1, 9, 8), rng.uniform(0, 9, 8))
        every = np.array(list(itertools.product([False, True], repeat=8)))
        best = max(packs.avoided[one].sum() for one in every if packs.cost[one].sum() <= 18)
        assert packs.avoided[within_budget(packs, 18.0)].sum() >= best - packs.avoided.max()


def test_steps_add_up_to_what_is_wanted_and_each_avoids_less():
    wanted = np.array([372.0, 24.0, 0.0, 5000.0])
    demand = LeadTimeDemand.of(np.array([280.0, 20.0, 5.0, 3000.0]), np.array([60.0, 15.0, 5.0, 900.0]))
    packs = packs_of(
        wanted,
        np.array([50.0, 1.0, 1.0, 1.0]),
        np.array([12.0, 6.0, 1.0, 1.0]),
        np.array([40.0, 2.0, 0.0, -50.0]),
        demand,
        np.array([8.0, 2.0, 1.0, 1.0]),
        np.array([12.0, 3.0, 1.0, 4.0]),
    )
    assert np.bincount(packs.row, packs.units, 4).tolist() == wanted.tolist()
    assert packs.units[0] == 60 and set(packs.units[packs.row == 1]) == {6.0}
    for row in (0, 1, 3):
        each = (packs.avoided / packs.units)[packs.row == row]
        assert (np.diff(each) <= 1e-9).all() and (packs.row == row).sum() <= 40


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.1, 40), st.floats(1, 30), st.integers(0, 300)), min_size=1, max_size=6),
    st.floats(0, 30_000),
)
def test_a_proposal_lifts_every_product_above_its_point_or_spends_the_budget_on_whole_packs(rows, budget):
    goods = items(
        **{
            f"p{i}": {"unit_cost": cost, "price_net": cost * 1.7, "order_quantity_multiple": 6.0}
            for i, (_, cost, _) in enumerate(rows)
        }
    )
    known = facts(goods.index, [rate for rate, *_ in rows], [rate * 0.8 for rate, *_ in rows])
    at = position(goods.index, on_hand=[float(held) for *_, held in rows])
    lines = proposed(goods, at, known)
    due = lines[lines["due"]]
    assert (due["position"] + due["value"] > due["reorder_point"]).all()
    assert (due["position"] + due["value"] <= due["order_up_to"] + 1e-6).all()
    poor = proposed(goods, at, known, budget=budget)
    assert poor["cost"].sum() <= budget + 1e-6 and (poor["value"] % 6 == 0).all()
    assert (poor["value"] <= poor["wanted"]).all()
    rich = proposed(goods, at, known, budget=1e9)
    assert rich["value"].sort_index().tolist() == lines["value"].sort_index().tolist()
