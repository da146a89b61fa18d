"""Levers move what they name and nothing else; scenarios lie where their names say."""

from __future__ import annotations

import numpy as np
import pytest
from plans_made import START, PlainForecast, firm, rules

from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.inputs import MarketEntry
from echannel.metrics.planning.levers import BASKETS, DRIVERS, LEVERS, moved, usable
from echannel.metrics.planning.scenarios import Scenario, all_scenarios, applied
from echannel.metrics.planning.uncertainty import Driver, Spread, usual_spread, with_history

RULES = rules()
BASE = build_plan(firm(), RULES)
MOVES = {"factor": 1.1, "points": 0.02, "days": 10.0, "money": 5_000.0}
TURNOVER_MOVERS = {"volume", "price", "returns", *DRIVERS, *BASKETS}


def total(plan, line: str) -> float:
    return float(plan.line(line).sum())


@pytest.mark.parametrize("name", usable(firm()))
def test_each_lever_moves_what_it_names(name):
    lever = LEVERS[name]
    plan = build_plan(moved(firm(), {name: MOVES[lever.unit]}), RULES)
    better = plan.line("cash")[:30].sum() > BASE.line("cash")[:30].sum()
    assert better == lever.more_is_better
    assert (total(plan, "turnover") != total(BASE, "turnover")) == (name in TURNOVER_MOVERS)
    still = build_plan(moved(firm(), {name: lever.neutral}), RULES)
    assert np.array_equal(still.line("cash"), BASE.line("cash"))


@pytest.mark.parametrize("name", [name for name in usable(firm()) if name != "loan"])
def test_many_paths_are_the_same_as_one_after_the_other(name):
    lever = LEVERS[name]
    values = np.array([lever.neutral, MOVES[lever.unit]])
    both = build_plan(moved(firm(), {name: values[:, None]}), RULES)
    for at, value in enumerate(values):
        alone = build_plan(moved(firm(), {name: float(value)}), RULES)
        for line in ("cash", "net_profit", "equity"):
            rows = both.lines[line]
            assert np.allclose(rows[at if len(rows) > 1 else 0], alone.line(line), atol=0.011)


def test_price_and_basket_and_margin_by_hand():
    dearer = build_plan(moved(firm(), {"price": 1.1}), RULES)
    assert total(dearer, "turnover") == pytest.approx(1.1 * total(BASE, "turnover"), rel=1e-6)
    assert total(dearer, "cost_of_sales") == pytest.approx(total(BASE, "cost_of_sales"), rel=1e-6)
    larger = build_plan(moved(firm(), {"basket": 1.1}), RULES)
    assert total(larger, "carriage") == pytest.approx(total(BASE, "carriage"), rel=1e-6)
    margin = build_plan(moved(firm(), {"margin": 0.02}), RULES)
    gained = total(margin, "gross_margin") - total(BASE, "gross_margin")
    assert gained == pytest.approx(0.02 * total(BASE, "turnover"), rel=1e-4)


def test_a_lever_that_does_not_exist_is_refused():
    with pytest.raises(KeyError):
        moved(firm(), {"luck": 2.0})


def test_cautious_lies_below_expected_and_ambitious_above():
    spread, forecast = usual_spread(firm()), PlainForecast()
    plans = {
        name: build_plan(applied(firm(), one, None, forecast, spread), RULES)
        for name, one in all_scenarios().items()
    }
    sold = {name: plan.line("turnover").cumsum() for name, plan in plans.items()}
    assert (sold["cautious"] < sold["expected"]).all() and (sold["expected"] < sold["ambitious"]).all()
    assert plans["cautious"].line("cash")[-1] < BASE.line("cash")[-1] < plans["ambitious"].line("cash")[-1]
    assert np.array_equal(plans["expected"].line("cash"), BASE.line("cash"))
    paths = np.cumsum(forecast.paths(4_000, 1) / forecast.mean * firm().turnover[0], axis=1)
    below = (paths < sold["cautious"]).mean(axis=0)
    assert (np.abs(below - 0.2) < 0.03).all()  # one future in five is worse, by every month


def test_a_shock_begins_when_it_says_and_a_market_is_one_more_stream():
    later = build_plan(applied(firm(), all_scenarios()["price_down"]), RULES)
    assert list((later.line("turnover") != BASE.line("turnover"))[:3]) == [False, True, True]
    orders = np.array([10.0, 20.0])
    entry = MarketEntry("DE", "market.entry", START + 3, orders, 50.0, 30.0, setup_cost=900.0)
    found = all_scenarios([Scenario("mine", levers={"volume": 0.5}, own=True)], [entry])
    assert found["mine"].own and found["market_de"].entry is entry
    more = build_plan(applied(firm(), found["market_de"]), RULES).line("turnover") - BASE.line("turnover")
    assert list(more[:6]) == [0, 0, 0, 500, 1000, 1000]


def test_history_goes_before_what_is_usual_and_is_marked():
    spread = usual_spread(firm())
    found = with_history(spread, {"margin": np.linspace(0.40, 0.46, 7), "price": np.array([1.0])})
    named = {one.name: one for one in found.drivers}
    assert named["margin"].made_by == "history" and named["margin"].mode == 0.0
    assert named["margin"].low == pytest.approx(-0.027) and named["margin"].high == pytest.approx(0.027)
    assert named["price"].made_by == "default"


def test_a_pert_has_its_mean_and_its_ends():
    one = Driver("margin", -0.04, 0.0, 0.03)
    drawn = one.at(np.random.default_rng(1).standard_normal(200_000))
    assert drawn.mean() == pytest.approx((-0.04 + 0.0 + 0.03) / 6, abs=2e-4)
    assert drawn.min() >= -0.04 and drawn.max() <= 0.03
    assert (Driver("margin", 0.0, 0.0, 0.0).at(np.zeros(3)) == 0).all()


def test_correlations_that_contradict_each_other_become_possible_ones():
    spread = Spread((), {("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9})
    found = spread.matrix(["a", "b", "c"])
    assert np.linalg.eigvalsh(found).min() > 0 and np.allclose(np.diag(found), 1)
