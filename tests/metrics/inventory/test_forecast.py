"""Forecasts of whole shops: what they find, what they refuse to say, and what must not change them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from echannel.metrics.inventory.demand import Demand, weekly_demand
from echannel.metrics.inventory.forecast import Forecasts, forecast

MONDAY = 19_660
NO_EVENTS = pd.DataFrame({"name": [], "first_day": [], "last_day": []})
AHEAD = 12


def shop(units: np.ndarray, in_stock: np.ndarray | None = None) -> Demand:
    """Demand from daily units: products × days from a Monday on."""
    ids = pd.Index([f"p{n:03}" for n in range(len(units))], name="product_id")
    days = pd.RangeIndex(MONDAY, MONDAY + units.shape[1], name="day")
    stocked = np.ones(units.shape) if in_stock is None else in_stock
    panels = [
        pd.DataFrame(np.asarray(one, dtype="float64"), index=ids, columns=days) for one in (units, stocked)
    ]
    return weekly_demand(panels[0], panels[1], MONDAY + units.shape[1] - 1)


def items(demand: Demand, categories: object = "all") -> pd.DataFrame:
    return pd.DataFrame({"category": categories, "active": True}, index=demand.weeks.index)


@pytest.fixture(scope="module")
def mixed() -> Demand:
    rng = np.random.default_rng(5)
    rate = np.r_[np.full(8, 3.0), np.full(16, 0.08), np.full(6, 0.3)]
    size = np.r_[np.ones(24), np.full(6, 5.0)]
    return shop(rng.poisson(rate[:, None], (30, 7 * 70)) * size[:, None])


@pytest.fixture(scope="module")
def made(mixed) -> Forecasts:
    return forecast(mixed, items(mixed), NO_EVENTS, AHEAD)


def test_half_the_weeks_out_of_stock_do_not_halve_the_forecast():
    """The true demand is 2 a day, once exactly, else at random; every second week the shelf is empty."""
    rng = np.random.default_rng(1)
    units = np.vstack([np.full(7 * 80, 2), rng.poisson(2.0, (20, 7 * 80))])
    week = np.arange(units.shape[1]) // 7
    empty = week % 2 == 1
    demand = shop(np.where(empty, 0, units), np.broadcast_to(~empty, units.shape))
    found = forecast(demand, items(demand), NO_EVENTS, AHEAD).choice["per_week"]
    assert found.iloc[0] == pytest.approx(14.0, rel=0.01)
    assert found.mean() == pytest.approx(14.0, rel=0.03)
    np.testing.assert_allclose(found, 14.0, rtol=0.25)  # what smoothing leaves of a week's chance


def test_weeks_in_stock_for_a_few_days_count_for_what_they_would_have_been():
    rng = np.random.default_rng(2)
    units = rng.poisson(3.0, (20, 7 * 60))
    stocked = (np.arange(units.shape[1]) % 7 < 4) | (np.arange(units.shape[1]) < 7 * 30)
    demand = shop(np.where(stocked, units, 0), np.broadcast_to(stocked, units.shape))
    found = forecast(demand, items(demand), NO_EVENTS, AHEAD).choice["per_week"]
    assert found.mean() == pytest.approx(21.0, rel=0.04)


def test_levels_are_found_for_every_type_of_demand(mixed, made):
    truth = np.r_[np.full(8, 21.0), np.full(16, 0.56), np.full(6, 10.5)]
    assert set(made.choice["status"]) == {"ok"}
    for part in (slice(0, 8), slice(8, 24), slice(24, 30)):
        assert made.choice["per_week"].iloc[part].mean() == pytest.approx(truth[part].mean(), rel=0.2)
    steady = made.choice.iloc[:8]
    assert set(steady["demand_type"]) == {"smooth"}
    assert set(made.choice.iloc[8:24]["demand_type"]) <= {"intermittent", "lumpy"}
    assert not set(made.choice.iloc[8:24]["model"]) & {"auto_ets", "auto_theta"}
    # A week's error is Poisson's: the standard deviation of 21 is 4.6.
    assert steady["sd_week"].mean() == pytest.approx(np.sqrt(21), rel=0.15)


def test_bands_hold_the_mean_in_order_and_nothing_is_negative(made):
    paths = made.paths
    order = paths[["low95", "low80", "mean", "high80", "high95"]].to_numpy()
    assert np.isfinite(order).all()
    assert (order >= 0).all()
    assert (np.diff(order, axis=1) >= -1e-9).all()
    assert len(paths) == 30 * AHEAD
    np.testing.assert_allclose(paths.groupby("product_id")["mean"].mean(), made.choice["per_week"], rtol=1e-9)


def test_bands_hold_on_weeks_to_come():
    rng = np.random.default_rng(7)
    units = rng.poisson(rng.uniform(0.2, 4, 80)[:, None], (80, 7 * 78))
    demand = shop(units[:, : 7 * 70])
    made = forecast(demand, items(demand), NO_EVENTS, 8)
    actual = units[:, 7 * 70 :].reshape(80, 8, 7).sum(axis=2)
    for level, name in ((0.8, "80"), (0.95, "95")):
        low, high = (made.paths[f"{side}{name}"].to_numpy().reshape(80, 8) for side in ("low", "high"))
        held = ((actual >= low) & (actual <= high)).mean()
        told = made.coverage.set_index("level").loc[level]
        assert told["status"] == "ok"
        assert held == pytest.approx(level, abs=0.06)
        assert told["value"] == pytest.approx(held, abs=0.06)


def test_ten_times_the_demand_is_ten_times_the_forecast(mixed, made):
    more = forecast(Demand(mixed.weeks * 10, mixed.share, mixed.sale_days), items(mixed), NO_EVENTS, AHEAD)
    same = more.choice["model"] == made.choice["model"]
    assert same.mean() > 0.9  # optimisers stop a hair apart
    keep = more.paths["product_id"].isin(same.index[same])
    np.testing.assert_allclose(more.paths["mean"][keep], 10 * made.paths["mean"][keep], rtol=0.02)


def test_the_order_of_products_changes_nothing(mixed, made):
    order = np.random.default_rng(4).permutation(30)
    other = Demand(mixed.weeks.iloc[order], mixed.share.iloc[order], mixed.sale_days.iloc[order])
    again = forecast(other, items(other), NO_EVENTS, AHEAD)
    pd.testing.assert_frame_equal(again.choice.sort_index(), made.choice, rtol=1e-9)
    keys = ["product_id", "week"]
    pd.testing.assert_frame_equal(
        again.paths.sort_values(keys, ignore_index=True), made.paths.sort_values(keys, ignore_index=True)
    )


def test_three_sales_give_no_number_but_a_reason():
    units = np.zeros((3, 7 * 40))
    units[0, [20, 90, 200]] = 4
    units[1, [20, 60, 90, 130, 200]] = 1
    demand = shop(units)
    made = forecast(demand, items(demand), NO_EVENTS, AHEAD)
    few, enough, never = (made.choice.iloc[n] for n in range(3))
    assert (few["status"], few["reason"]) == ("too_few", "reason.few_sales")
    assert np.isnan(few["per_week"])
    assert enough["status"] == "ok"
    assert never["status"] == "too_few"
    assert set(made.paths["product_id"]) == {"p001"}


def test_a_newcomer_takes_its_category_s_curve():
    """Products of category a fade from 40 a week to 10 over their first half year, those of b stay at 20."""
    rng = np.random.default_rng(8)
    weeks, age = 90, np.arange(90)
    fading = 10 + 30 * np.exp(-age / 8)
    rate = np.zeros((20, weeks))
    for n in range(20):
        start = 10 + 3 * (n % 10) if n % 10 < 9 else weeks - 7
        rate[n, start:] = fading[: weeks - start] if n < 10 else 20.0
    demand = shop(rng.poisson(np.repeat(rate / 7, 7, axis=1)))
    categories = np.where(np.arange(20) < 10, "a", "b")
    choice = forecast(demand, items(demand, categories), NO_EVENTS, AHEAD).choice
    young = choice.iloc[[9, 19]]
    assert young["model"].tolist() == ["category", "category"]
    assert young["per_week"].iloc[0] == pytest.approx(fading[7 : 7 + AHEAD].mean(), rel=0.25)
    assert young["per_week"].iloc[1] == pytest.approx(20.0, rel=0.25)


def test_a_season_seen_twice_is_in_the_path():
    rng = np.random.default_rng(9)
    week = MONDAY + 7 * np.arange(130 + 26)
    season = np.exp(0.7 * np.cos(2 * np.pi * (week - 17) / 365.25))
    demand = shop(rng.poisson(np.repeat(season[:130], 7) * 0.4, (60, 7 * 130)))
    made = forecast(demand, items(demand), NO_EVENTS, 26)
    whole = made.paths.groupby("week")["mean"].sum().to_numpy()
    np.testing.assert_allclose(whole, 60 * 2.8 * season[130:], rtol=0.2)
    assert made.choice["calendar"].mean() > 0.9


@pytest.mark.parametrize("days", [0, 3, 7, 60])
def test_little_history_is_no_failure(days):
    demand = shop(np.ones((2, days)))
    made = forecast(demand, items(demand), NO_EVENTS, AHEAD)
    assert len(made.choice) == 2
    assert (made.choice["status"] == "ok").all() == (days == 60)
