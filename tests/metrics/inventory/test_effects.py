"""The calendar in demand, on shops whose calendar is known because it was put there."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from echannel.countries import country_pack
from echannel.metrics.inventory import effects
from echannel.metrics.inventory.effects import calendar_effects, calendar_events

MONDAY = 19_660  # 30 October 2023
EPOCH = date(1970, 1, 1)


def days(*when: tuple[int, int, int]) -> list[int]:
    return [(date(*day) - EPOCH).days for day in when]


def season(weeks: np.ndarray, height: float = 0.6) -> np.ndarray:
    return np.exp(height * np.cos(2 * np.pi * (weeks - 17) / 365.25))


def sold(rng: np.random.Generator, levels: np.ndarray, index: np.ndarray) -> pd.DataFrame:
    """Poisson demand of products with these levels, all under one index."""
    weeks = MONDAY + 7 * np.arange(len(index))
    ids = pd.Index([f"p{n:03}" for n in range(len(levels))], name="product_id")
    return pd.DataFrame(rng.poisson(np.outer(levels, index)).astype("float64"), index=ids, columns=weeks)


def one_category(demand: pd.DataFrame) -> pd.Series:
    return pd.Series("all", index=demand.index)


NO_EVENTS = pd.DataFrame({"name": [], "first_day": [], "last_day": []})


def test_the_season_of_products_that_sell_too_little_to_show_it_is_found_over_all_of_them():
    rng = np.random.default_rng(1)
    weeks = MONDAY + 7 * np.arange(156 + 26)
    demand = sold(rng, rng.gamma(1, 0.8, 150), season(weeks)[:156])
    found = calendar_effects(demand, one_category(demand), NO_EVENTS, 26)
    assert found.index.shape == (1, 156 + 26)
    np.testing.assert_allclose(found.index.to_numpy()[0], season(weeks), rtol=0.12)
    (row,) = found.table.to_dict("records")
    assert (row["name"], row["n"], row["status"]) == ("season", 3, "ok")
    assert row["value"] == pytest.approx(np.exp(1.2), rel=0.12)


def test_an_event_is_found_where_it_comes_not_where_it_came():
    """Sales of two weeks in March in one year, in April in the next: the third is forecast for June."""
    editions = [((2024, 3, 4), (2024, 3, 17)), ((2025, 4, 7), (2025, 4, 20)), ((2026, 6, 1), (2026, 6, 14))]
    events = pd.DataFrame([("sale", *days(*edition)) for edition in editions], columns=NO_EVENTS.columns)
    weeks = MONDAY + 7 * np.arange(130 + 26)
    monday, friday = weeks[:, None], weeks[:, None] + 4
    inside = ((monday >= events["first_day"].to_numpy()) & (friday <= events["last_day"].to_numpy())).any(1)
    truth = np.where(inside, 2.5, 1.0)
    demand = sold(np.random.default_rng(2), np.full(80, 3.0), truth[:130])
    found = calendar_effects(demand, one_category(demand), events, 26)
    np.testing.assert_allclose(found.index.to_numpy()[0], truth, rtol=0.15)
    assert inside[130:].sum() == 2
    assert found.table.set_index("name").loc["sale", "value"] == pytest.approx(2.5, rel=0.12)


@pytest.mark.parametrize("weeks", [1, 30, 103])
def test_less_than_two_years_give_no_index_and_say_so(weeks):
    events = pd.DataFrame([("sale", MONDAY, MONDAY + 20)], columns=NO_EVENTS.columns)
    span = MONDAY + 7 * np.arange(weeks)
    demand = sold(np.random.default_rng(3), np.full(20, 5.0), season(span))
    found = calendar_effects(demand, one_category(demand), events, 8)
    assert (found.index == 1).all(axis=None)
    assert set(found.table["status"]) == {"too_few"}
    assert found.table["value"].isna().all()
    assert set(found.table["reason"]) == {"reason.two_years_for_the_calendar"}


def test_an_event_seen_once_is_left_out_although_there_is_a_season():
    events = pd.DataFrame([("once", *days((2025, 3, 3), (2025, 3, 16)))], columns=NO_EVENTS.columns)
    span = MONDAY + 7 * np.arange(156)
    demand = sold(np.random.default_rng(4), np.full(20, 5.0), season(span))
    table = calendar_effects(demand, one_category(demand), events, 8).table.set_index("name")
    assert table["status"].to_dict() == {"season": "ok", "once": "too_few"}


def test_chance_makes_no_season():
    """Thirty products of one unit every ten weeks, without any season: the index hardly leaves 1."""
    spans = []
    for seed in range(5):
        demand = sold(np.random.default_rng(seed), np.full(30, 0.1), np.ones(156))
        spans.append(calendar_effects(demand, one_category(demand), NO_EVENTS, 26).table["value"].item())
    assert np.mean(spans) < 1.5  # highest over lowest week; unpenalised waves would give far more


def test_a_category_has_its_own_season_and_one_that_sells_little_the_shop_s():
    rng = np.random.default_rng(6)
    weeks = MONDAY + 7 * np.arange(156)
    winter = sold(rng, np.full(60, 4.0), season(weeks))
    summer = sold(rng, np.full(30, 4.0), season(weeks, -0.5)).set_axis([f"s{n:02}" for n in range(30)])
    tiny = sold(rng, np.full(2, 0.05), season(weeks)).set_axis(["t0", "t1"])
    demand = pd.concat([winter, summer, tiny])
    names = pd.Series(["winter"] * 60 + ["summer"] * 30 + ["tiny"] * 2, index=demand.index)
    index = calendar_effects(demand, names, NO_EVENTS, 0).index
    np.testing.assert_allclose(index.loc["winter"], season(weeks), rtol=0.15)
    np.testing.assert_allclose(index.loc["summer"], season(weeks, -0.5), rtol=0.15)
    shop = calendar_effects(demand, one_category(demand), NO_EVENTS, 0).index.loc["all"]
    assert np.abs(np.log(index.loc["tiny"] / shop)).max() < 0.3  # fifteen sales; the seasons lie 1.1 apart


def test_without_a_prior_it_is_the_poisson_regression_of_statsmodels():
    rng = np.random.default_rng(7)
    weeks = MONDAY + 7 * np.arange(110)
    demand = sold(rng, rng.gamma(3, 4.0, 6), season(weeks))
    demand.iloc[2, :40] = np.nan
    demand.iloc[4, 50:60] = np.nan
    design = effects._Design.of(weeks, len(weeks), NO_EVENTS)
    # Each product's noise is a weight of ours; equal weights make the two the same problem.
    equal = pytest.MonkeyPatch()
    equal.setattr(effects, "_dispersion", lambda sold, seen, mean: np.ones(len(sold)))
    with equal.context():
        ours = effects._fitted(demand.to_numpy(), design, np.zeros(design.width), np.full(design.width, 1e4))
    equal.undo()
    x = np.hstack([design.calendar, design.trend])
    rows = [(product, week) for product in range(6) for week in range(110)]
    known = np.isfinite(demand.to_numpy().ravel())
    levels = np.eye(6)[[product for product, _ in rows]]
    frame = np.hstack([np.vstack([x] * 6), levels])[known]
    theirs = sm.GLM(demand.to_numpy().ravel()[known], frame, family=sm.families.Poisson()).fit(tol=1e-10)
    np.testing.assert_allclose(ours, theirs.params[: design.width], atol=1e-4)


def test_packs_order_and_unknown_products_change_nothing():
    rng = np.random.default_rng(8)
    weeks = MONDAY + 7 * np.arange(120)
    demand = sold(rng, rng.gamma(2, 1.0, 25), season(weeks))
    names = pd.Series(np.where(np.arange(25) % 3, "a", "b"), index=demand.index)
    index = calendar_effects(demand, names, NO_EVENTS, 10).index
    in_packs = calendar_effects(demand * 12, names, NO_EVENTS, 10).index
    np.testing.assert_allclose(in_packs, index, rtol=1e-4)
    mixed = demand.sample(frac=1, random_state=1)
    np.testing.assert_allclose(calendar_effects(mixed, names, NO_EVENTS, 10).index, index, rtol=1e-6)
    never = pd.concat([demand, demand.iloc[:3].mul(np.nan).set_axis(["x", "y", "z"])])
    more = pd.concat([names, pd.Series("a", index=["x", "y", "z"])])
    np.testing.assert_allclose(calendar_effects(never, more, NO_EVENTS, 10).index, index, rtol=1e-6)


def test_weeks_out_of_stock_do_not_look_like_a_low_season():
    rng = np.random.default_rng(9)
    demand = sold(rng, np.full(60, 4.0), np.ones(156))
    empty = demand.copy()
    week = np.arange(156)
    empty.iloc[:40, (week % 52 > 20) & (week % 52 < 30)] = np.nan  # the same weeks of every year
    index = calendar_effects(empty, one_category(empty), NO_EVENTS, 0).index.to_numpy()
    np.testing.assert_allclose(index, 1, atol=0.1)


def test_the_calendar_holds_the_country_s_sales_and_every_christmas():
    first, last = days((2024, 1, 1), (2026, 12, 31))
    pack = country_pack("FR")
    events = calendar_events(pack.sale_periods_between(date(2024, 1, 1), date(2026, 12, 31)), first, last)
    counted = events["name"].value_counts()
    assert {"soldes_winter", "soldes_summer", "christmas", "after_christmas"} <= set(counted.index)
    assert counted["christmas"] == counted["soldes_summer"] == 3
    assert (events["first_day"] <= events["last_day"]).all()
    assert calendar_events([], first, last)["name"].nunique() == 2


def test_no_product_and_no_week_are_no_failure():
    nothing = pd.DataFrame(index=pd.Index([], name="product_id"), columns=np.array([], dtype="int64"))
    found = calendar_effects(nothing, pd.Series(dtype=object), NO_EVENTS, 8)
    assert found.index.empty
