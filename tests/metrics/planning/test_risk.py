"""Ten thousand futures, what matters most, and goals: against loops, formulas and brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from plans_made import START, PlainForecast, firm, rules
from scipy.stats import spearmanr

from echannel.metrics.planning.engine import build_plan
from echannel.metrics.planning.goal_seek import Target, solve, solve_all
from echannel.metrics.planning.levers import moved
from echannel.metrics.planning.monte_carlo import around_plan, cash_of, drawn, simulate, unforeseen
from echannel.metrics.planning.sensitivity import tornado
from echannel.metrics.planning.uncertainty import TURNOVER, usual_spread
from echannel.metrics.result import INPUT_MISSING

RULES = rules()
SPREAD = usual_spread(firm())


@pytest.fixture(scope="module")
def found():
    return simulate(firm(2_000.0), RULES, PlainForecast(0.08), SPREAD, paths=3_000, seed=7)


def test_each_path_is_the_plan_that_a_loop_makes():
    inputs, forecast = firm(), PlainForecast()
    draws = drawn(inputs, forecast, SPREAD, 40, 3)
    cash = cash_of(inputs, RULES, draws)
    for at in (0, 7, 39):
        alone = build_plan(moved(unforeseen(inputs), draws.part(slice(at, at + 1))), RULES)
        assert np.allclose(alone.line("cash"), cash[at], atol=0.011)


def test_goods_are_bought_for_the_plan_and_by_the_last_months_not_for_what_will_be():
    inputs = unforeseen(firm())
    assert np.array_equal(build_plan(inputs, RULES).line("cash"), build_plan(firm(), RULES).line("cash"))
    jump = np.ones((1, 36))
    jump[0, 12:] = 1.5  # nobody knows before
    known, unknown = (build_plan(moved(one, {"volume": jump}), RULES) for one in (firm(), inputs))
    plan = build_plan(firm(), RULES).line("purchases")
    assert np.array_equal(unknown.line("purchases")[:12], plan[:12])
    assert known.line("purchases")[11] > plan[11]
    late = slice(16, 30)  # once the last months have told, all the same
    assert np.allclose(unknown.line("stock")[late], known.line("stock")[late], rtol=1e-3)


def test_the_same_seed_gives_the_same_figures_and_another_one_others(found):
    again = simulate(firm(2_000.0), RULES, PlainForecast(0.08), SPREAD, paths=3_000, seed=7)
    assert again.cash.equals(found.cash) and again.dry.equals(found.dry)
    other = simulate(firm(2_000.0), RULES, PlainForecast(0.08), SPREAD, paths=3_000, seed=8)
    assert not other.cash.equals(found.cash)


def test_chances_and_quantiles_are_counted_from_the_paths(found):
    inputs = firm(2_000.0)
    cash = cash_of(inputs, RULES, drawn(inputs, PlainForecast(0.08), SPREAD, 3_000, 7))
    for at in (0, 11, 35):
        assert found.dry["here"].iloc[at] == (cash[:, at] < 0).mean()
        assert found.dry["value"].iloc[at] == (cash[:, : at + 1] < 0).any(axis=1).mean()
        assert found.cash["p10"].iloc[at] == pytest.approx(np.percentile(cash[:, at], 10))
    assert found.dry["value"].is_monotonic_increasing
    assert 0 < found.chance_of_running_dry < 1
    low = found.low_point
    assert (low["cash"] == cash.min(axis=1)).all()
    assert (cash[np.arange(len(cash)), low["month"] - START] == low["cash"]).all()


def test_importance_is_spearmans_rank_correlation(found):
    for row in found.importance.itertuples():
        oracle = spearmanr(found.drivers[row.driver], found.low_point["cash"]).statistic
        assert row.value == pytest.approx(oracle, abs=2e-3)
    assert found.importance["value"].abs().is_monotonic_decreasing
    risky = found.dry[found.dry["value"] > 0]
    assert set(risky["main_driver"]) <= set(found.drivers.columns)
    assert (found.dry.loc[found.dry["value"] == 0, "main_driver"] == "").all()


def test_drivers_keep_their_marginals_and_move_together_as_said():
    draws = drawn(firm(), PlainForecast(), SPREAD, 20_000, 5)
    total = (draws.turnover * firm().turnover).sum(axis=1)
    for one in SPREAD.drivers:
        values = draws.drivers[one.name]
        assert one.low <= values.min() and values.max() <= one.high
        mean = (one.low + 4 * one.mode + one.high) / 6
        assert values.mean() == pytest.approx(mean, abs=0.03 * (one.high - one.low))
        told = SPREAD.correlations.get((TURNOVER, one.name), 0.0)
        assert spearmanr(total, values).statistic == pytest.approx(told, abs=0.03)


def test_certain_drivers_and_a_certain_forecast_give_the_plan_itself():
    sure = replace(SPREAD, drivers=tuple(replace(one, low=one.mode, high=one.mode) for one in SPREAD.drivers))
    one = simulate(firm(), RULES, PlainForecast(0.0, 0.0), sure, paths=50)
    plan = build_plan(firm(), RULES)
    assert np.allclose(one.cash[["p10", "p50", "p90"]], plan.line("cash")[:, None], atol=0.011)
    assert one.chance_of_running_dry == 0


def test_without_a_forecast_turnover_is_quite_uncertain():
    ratio = around_plan(firm(), None, 5_000, 1)
    assert ratio.shape == (5_000, 36) and np.log(ratio[:, 0]).std() == pytest.approx(0.25, abs=0.01)


def test_the_tornado_is_one_driver_at_a_time():
    found = tornado(firm(), RULES, PlainForecast(), SPREAD)
    low = found[found["output"] == "lowest_cash"]
    assert low["value"].is_monotonic_decreasing
    assert set(low["driver"]) == {TURNOVER, *(one.name for one in SPREAD.drivers)}
    base = build_plan(firm(), RULES).line("cash").min()
    assert (low["base"] == base).all()
    for row in low[low["driver"] != TURNOVER].itertuples():
        for value, outcome in ((row.low, row.at_low), (row.high, row.at_high)):
            alone = build_plan(moved(unforeseen(firm()), {row.driver: value}), RULES).line("cash").min()
            assert outcome == pytest.approx(alone, abs=0.02)


@pytest.mark.parametrize(
    ("lever", "target", "cash"),
    [
        ("conversion", Target("break_even", by=START + 6), 9_000.0),
        ("volume", Target("cash_above", 8_000.0), 2_000.0),
        ("price", Target("profit", 40_000.0, START + 11), 9_000.0),
        ("margin", Target("profit", 35_000.0, START + 11), 9_000.0),
        ("days_to_pay", Target("cash_above", 12_000.0), 2_000.0),
        ("loan", Target("cash_above", 30_000.0, START + 20), 2_000.0),
    ],
)
def test_goals_are_met_and_only_just(lever, target, cash):
    inputs = firm(cash)
    answer = solve(inputs, RULES, lever, target)
    assert answer.reason == "" and np.isfinite(answer.value)

    def outcome(value: float) -> float:
        plan = build_plan(moved(inputs, {lever: value}), RULES)
        last = inputs.months if target.by < 0 else target.by - START + 1
        if target.name == "cash_above":
            return plan.line("cash")[:last].min()
        if target.name == "break_even":
            return plan.line("profit_before_tax")[:last].sum()
        return plan.line("net_profit")[max(0, last - 12) : last].sum()

    assert outcome(answer.value) >= target.amount - 0.005
    neutral = 0.0 if lever in ("margin", "days_to_pay", "loan") else 1.0
    shorter = answer.value + (neutral - answer.value) * 0.002
    longer = answer.value + (answer.value - neutral) * 0.002
    beyond = longer if answer.reached_as_planned else shorter
    assert outcome(beyond) < target.amount
    assert answer.planned == pytest.approx(outcome(neutral), abs=0.01)


def test_goals_asked_together_are_those_asked_alone():
    inputs = firm(2_000.0)
    levers = ("conversion", "basket", "accounts", "price", "margin", "days_to_pay", "overheads", "loan")
    targets = (Target("break_even", by=START + 6), Target("cash_above", 12_000.0), Target("profit", 40_000.0))
    asked = [(name, one) for one in targets for name in levers]
    together = solve_all(inputs, RULES, [*asked, ("staff", targets[0])])
    assert [(one.lever, one.target) for one in together] == [*asked, ("staff", targets[0])]
    alone = [solve(inputs, RULES, *one) for one in asked]
    assert sum(np.isfinite(one.value) for one in alone) > 10
    for one, other in zip(together, alone, strict=False):
        assert one.reached_as_planned == other.reached_as_planned and one.reason == other.reason
        assert one.value == pytest.approx(other.value, rel=1e-5, nan_ok=True)
        assert one.outcome == pytest.approx(other.outcome, abs=0.011)


def test_a_goal_out_of_reach_says_so_with_the_best_there_is():
    answer = solve(firm(), RULES, "days_to_pay", Target("cash_above", 1e6))
    assert np.isnan(answer.value) and answer.reason == "reason.planning.goal_out_of_reach"
    assert answer.best == -60.0 and answer.planned < answer.outcome < 1e6
    safe = solve(firm(1e7), RULES, "days_to_pay", Target("cash_above", 0.0))
    assert np.isnan(safe.value) and safe.reached_as_planned and safe.reason == ""
    idle = solve(replace(firm(), staff=()), RULES, "staff", Target("cash_above", 0.0))
    assert idle.status == INPUT_MISSING
