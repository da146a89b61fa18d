"""Order quantities against the textbook (Snyder and Shen, as stockpyl solved it) and against enumeration."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from solved import solved

from echannel.metrics.inventory.distributions import LeadTimeDemand
from echannel.metrics.inventory.newsvendor import (
    newsvendor_cost,
    newsvendor_quantity,
    observed_quantity,
    season_buy,
)
from echannel.metrics.inventory.quantities import (
    discounted_quantity,
    economic_order_quantity,
    nearest_packs,
    point_and_quantity,
    price_at,
    price_steps,
    rounded,
    yearly_order_cost,
)
from echannel.metrics.inventory.service import Protection


def one(value):
    return np.array([float(value)])


def test_vector_2():
    assert economic_order_quantity(25, 0.22 * 12, 7300) == pytest.approx(371.83, abs=0.005)


@pytest.mark.parametrize(("fixed", "holding", "demand"), [(8, 0.225, 1300), (2250, 275, 182500)])
def test_economic_order_quantity_and_its_cost(fixed, holding, demand):
    quantity, cost = solved("eoq.economic_order_quantity", fixed, holding, demand)
    assert economic_order_quantity(fixed, holding, demand) == pytest.approx(quantity)
    assert yearly_order_cost(quantity, fixed, holding, demand) == pytest.approx(cost)


def test_the_published_figures():
    assert economic_order_quantity(8, 0.225, 1300) == pytest.approx(304.0467800264368)
    assert yearly_order_cost(304.0467800264368, 8, 0.225, 1300) == pytest.approx(68.41052550594829)
    steady = LeadTimeDemand.of(one(50), one(8))
    assert newsvendor_quantity(steady, 0.70, 0.18) == pytest.approx(56.60395592743389)
    found = point_and_quantity(0.225, 7.5, 8, 1300, 1300 / 12, 150 / np.sqrt(12))
    assert found.reorder_point == pytest.approx(213.97044213580244)
    assert found.quantity == pytest.approx(318.5901810768729)
    assert found.cost == pytest.approx(95.45114022285196)


DISCOUNTS = [
    (8, 0.3, 1300, [0, 400, 800], [0.75, 0.72, 0.68]),
    (2250, 0.25, 182500, [0, 1200, 2400], [1490, 1220, 1100]),
]


@pytest.mark.parametrize(("fixed", "rate", "demand", "breaks", "costs"), DISCOUNTS)
def test_all_units_discounts(fixed, rate, demand, breaks, costs):
    quantity, region, cost = solved(
        "eoq.economic_order_quantity_with_all_units_discounts", fixed, rate, demand, breaks, costs
    )
    found = discounted_quantity(fixed, rate, demand, np.array([breaks]), np.array([costs]))
    assert [float(part[0]) for part in found] == pytest.approx([quantity, costs[int(region)], cost])


@given(
    st.floats(1, 500),
    st.floats(0.05, 0.6),
    st.floats(10, 5000),
    st.lists(st.tuples(st.integers(2, 400), st.floats(0.8, 0.99)), max_size=3),
)
def test_no_whole_quantity_is_cheaper_than_the_one_found(fixed, rate, demand, steps):
    breaks, costs = [0.0], [10.0]
    for more, cheaper in steps:
        breaks.append(breaks[-1] + more)
        costs.append(costs[-1] * cheaper)
    quantity, unit, cost = discounted_quantity(fixed, rate, demand, np.array([breaks]), np.array([costs]))
    every = np.arange(1, 6000)
    price = np.array(costs)[np.searchsorted(breaks, every, side="right") - 1]
    total = demand * price + yearly_order_cost(every, fixed, rate * price, demand)
    assert cost[0] <= total.min() + 1e-6
    assert unit[0] == price_at(np.maximum(quantity, 1e-9), np.array([breaks]), np.array([costs]))[0]


@pytest.mark.parametrize(
    ("holding", "short", "fixed", "mean", "sd", "lead"),
    [
        (0.225, 7.5, 8, 1300, 150, 1 / 12),
        (3.1, 45, 50, 800, 40, 4 / 365),
        (0.75 / 3.5, 40, 85, 192, 17.4, 3),
    ],
)
def test_point_and_quantity_together(holding, short, fixed, mean, sd, lead):
    expected = solved("rq.r_q_eil_approximation", holding, short, fixed, mean, sd, lead)
    found = point_and_quantity(holding, short, fixed, mean, mean * lead, sd * np.sqrt(lead))
    assert (found.reorder_point[0], found.quantity[0], found.cost[0]) == pytest.approx(expected, rel=1e-6)


def test_point_and_quantity_of_many_products_at_once_and_of_one_that_is_never_worth_its_stock():
    short = np.array([7.5, 0.001, 20.0])
    found = point_and_quantity(0.225, short, 8, 1300, 1300 / 12, 43.3)
    assert np.isnan(found.quantity).tolist() == [False, True, False]
    for row in (0, 2):
        alone = point_and_quantity(0.225, short[row], 8, 1300, 1300 / 12, 43.3)
        assert found.quantity[row] == pytest.approx(alone.quantity[0])


@pytest.mark.parametrize(
    ("r", "q", "holding", "short", "fixed", "mean", "sd", "lead"),
    [(126.8, 328.5, 0.225, 7.5, 8, 1300, 150, 1 / 12), (-1.9859, 166.95, 3.1, 45, 50, 800, 40, 4 / 365)],
)
def test_stock_and_backorders_give_the_exact_cost_for_normal_demand(
    r, q, holding, short, fixed, mean, sd, lead
):
    demand = LeadTimeDemand.of(one(mean * lead), one(sd * np.sqrt(lead)), np.array(["normal"]))
    policy = Protection(demand, demand, demand, one(0))
    owed = policy.backorders(one(r), one(q))
    held = r + q / 2 - mean * lead + owed
    cost = fixed * mean / q + holding * held + short * owed
    assert cost == pytest.approx(solved("rq.r_q_cost", r, q, holding, short, fixed, mean, sd, lead), rel=1e-6)


@pytest.mark.parametrize(
    ("r", "q", "holding", "short", "fixed", "mean", "lead"),
    [
        (3, 5, 20, 150, 100, 1.5, 2),
        (8, 12, 20, 150, 100, 1.5, 2),
        (6, 7, 4, 28, 4, 12, 0.5),
        (3, 9, 4, 28, 4, 12, 0.5),
    ],
)
def test_stock_and_backorders_give_the_exact_cost_for_poisson_demand(r, q, holding, short, fixed, mean, lead):
    policy = Protection.of(one(mean), np.sqrt(one(mean)), one(lead), one(0), one(0))
    owed = policy.backorders(one(r), one(q))
    cost = fixed * mean / q + holding * policy.reached(one(r), one(q))[1] + short * owed
    assert cost == pytest.approx(
        solved("rq.r_q_cost_poisson", r, q, holding, short, fixed, mean, lead), rel=1e-9
    )


@pytest.mark.parametrize(
    ("over", "under", "mean", "sd"), [(0.18, 0.7, 50, 8), (43, 79, 900, 60), (0.18, 0.7, 250, 8 * np.sqrt(5))]
)
def test_newsvendor_with_normal_demand(over, under, mean, sd):
    stock, cost = solved("newsvendor.newsvendor_normal", over, under, mean, sd)
    demand = LeadTimeDemand.of(one(mean), one(sd))
    assert newsvendor_quantity(demand, under, over) == pytest.approx(stock)
    assert newsvendor_cost(stock, demand, under, over) == pytest.approx(cost)


@pytest.mark.parametrize(("over", "under", "mean"), [(1, 4, 6), (200, 270, 18)])
def test_newsvendor_with_poisson_demand(over, under, mean):
    stock, cost = solved("newsvendor.newsvendor_poisson", over, under, mean)
    demand = LeadTimeDemand.of(one(mean), np.sqrt(one(mean)))
    assert newsvendor_quantity(demand, under, over) == pytest.approx(stock)
    assert newsvendor_cost(stock, demand, under, over) == pytest.approx(cost)


def test_newsvendor_with_seen_demand():
    chances = {1: 0.25, 2: 0.05, 3: 0.1, 4: 0.2, 5: 0.15, 6: 0.1, 7: 0.1, 8: 0.05}
    stock, _ = solved("newsvendor.newsvendor_discrete", 500_000, 1_000_000, demand_pmf=chances)
    values, weights = np.array([list(chances)]), np.array([list(chances.values())])
    assert observed_quantity(values[:, ::-1], weights[:, ::-1], 1_000_000, 500_000) == stock


@pytest.mark.parametrize(
    ("price", "cost", "salvage", "mean", "sd"), [(1, 0.3, 0.12, 50, 8), (7, 2.5, 1.5, 50, 10)]
)
def test_a_season_is_bought_by_its_critical_ratio(price, cost, salvage, mean, sd):
    stock, profit = solved("newsvendor.newsvendor_normal_explicit", price, cost, salvage, mean, sd)
    goods = pd.DataFrame(
        {"price_net": price, "unit_cost": cost, "salvage": salvage, "mean": mean, "sd": sd},
        index=["a", "unpriced"],
    ).astype(float)
    goods.loc["unpriced", "price_net"] = np.nan
    bought = season_buy(goods)
    assert bought.loc["a", ["value", "expected_profit"]].tolist() == pytest.approx([stock, profit])
    assert bought.loc["unpriced", "status"] == "input_missing" and np.isnan(bought.loc["unpriced", "value"])


@given(st.floats(0.01, 900), st.integers(0, 60), st.integers(1, 24))
def test_orders_are_whole_packs_of_at_least_the_minimum(quantity, least, pack):
    up, down = (float(rounded(quantity, least, pack, up=up)) for up in (True, False))
    assert up % pack == 0 and down % pack == 0 and down > 0
    assert up >= least and down >= least and up >= quantity - 1e-6
    assert up - pack < max(quantity, least) and down - pack < max(quantity, least)
    near = float(nearest_packs(quantity, least, pack, 25, 25 * 2 * 100 / quantity**2, 100))
    assert near in (up, down)
    costs = [float(yearly_order_cost(q, 25, 25 * 2 * 100 / quantity**2, 100)) for q in (up, down)]
    assert yearly_order_cost(near, 25, 25 * 2 * 100 / quantity**2, 100) == pytest.approx(min(costs))


def test_price_breaks_are_those_of_the_products_own_supplier():
    prices = pd.DataFrame(
        {
            "supplier_id": ["s1", "s1", "s2", "s1"],
            "product_id": ["a", "a", "a", "unknown"],
            "quantity_from": [50.0, 1.0, 1.0, 1.0],
            "unit_cost": [4.0, 5.0, 1.0, 1.0],
        }
    )
    items = pd.DataFrame({"supplier_id": ["s1", ""], "unit_cost": [9.0, 7.0]}, index=["a", "b"])
    breaks, costs = price_steps(prices, items)
    assert breaks[0].tolist() == [1, 50] and costs[0].tolist() == [5, 4]
    assert price_at(np.array([49.0, 3.0]), breaks, costs).tolist() == [5, 7]
    assert price_at(np.array([50.0, 3.0]), breaks, costs).tolist() == [4, 7]
