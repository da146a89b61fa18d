"""Single models against statsforecast itself and against plain recursions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.metrics.inventory import models

WEEKS, AHEAD = 130, 8
ORIGINS = np.array([110, 122, 130])


@pytest.fixture(scope="module")
def demand() -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.vstack(
        [rng.poisson(rate, WEEKS) * size for rate, size in ((0.15, 1), (0.4, 6), (1.2, 1), (9, 1), (40, 2))]
    ).astype("float64")


@pytest.fixture(scope="module")
def paths(demand) -> dict[str, np.ndarray]:
    smooth = np.array([False, False, False, True, True])
    return models.paths_at(demand, np.zeros(len(demand), dtype=int), ORIGINS, AHEAD, smooth)


def test_each_model_is_statsforecast_s_own_through_its_public_face(demand, paths):
    from statsforecast import StatsForecast
    from statsforecast.models import ADIDA, IMAPA, TSB, AutoETS, AutoTheta, CrostonSBA

    first = int(ORIGINS[0])
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat([f"p{n}" for n in range(len(demand))], first),
            "ds": np.tile(np.arange(first), len(demand)),
            "y": demand[:, :first].ravel(),
        }
    )
    theirs = StatsForecast(
        models=[
            AutoETS(model="ANN", alias="auto_ets"),
            AutoTheta(model="DOTM", alias="auto_theta"),
            CrostonSBA(alias="croston_sba"),
            TSB(alpha_d=0.15, alpha_p=0.1, alias="tsb"),
            ADIDA(alias="adida"),
            IMAPA(alias="imapa"),
        ],
        freq=1,
    ).forecast(df=frame, h=AHEAD)
    for name in (*models.CONTINUOUS, *models.INTERMITTENT):
        expected = np.maximum(theirs[name].to_numpy().reshape(len(demand), AHEAD), 0)
        tried = np.isfinite(paths[name][:, 0]).all(axis=1)
        assert tried.tolist() == ([False] * 3 + [True] * 2 if name in models.CONTINUOUS else [True] * 5)
        np.testing.assert_allclose(paths[name][tried, 0], expected[tried], rtol=1e-6, err_msg=name)


def croston_sba(series: np.ndarray, alpha: float = 0.1) -> float:
    """Syntetos and Boylan 2005, step by step, with statsforecast's factor of 0.95 = 1 − alpha / 2."""
    size = interval = None
    gap = 0
    for units in series:
        gap += 1
        if units > 0:
            size = units if size is None else alpha * units + (1 - alpha) * size
            interval = gap if interval is None else alpha * gap + (1 - alpha) * interval
            gap = 0
    return 0.0 if size is None or interval is None else (1 - alpha / 2) * size / interval


def tsb(series: np.ndarray, alpha: float = 0.15, beta: float = 0.1) -> float:
    """Teunter, Syntetos and Babai 2011, step by step; the first week starts the probability."""
    size = probability = None
    for units in series:
        sold = float(units > 0)
        probability = sold if probability is None else beta * sold + (1 - beta) * probability
        if units > 0:
            size = units if size is None else alpha * units + (1 - alpha) * size
    return 0.0 if size is None else size * (probability or 0.0)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 5), min_size=20, max_size=60))
def test_croston_and_tsb_are_their_recursions(units):
    series = np.array([units], dtype="float64")
    origin = np.array([series.shape[1]])
    found = models.paths_at(series, np.zeros(1, dtype=int), origin, 2, np.zeros(1, dtype=bool))
    assert found["croston_sba"][0, 0] == pytest.approx(croston_sba(series[0]))
    assert found["tsb"][0, 0] == pytest.approx(tsb(series[0]))


def test_later_weeks_change_no_earlier_origin(demand, paths):
    later = demand.copy()
    later[:, ORIGINS[0] :] = 1e6
    smooth = np.array([False, False, False, True, True])
    other = models.paths_at(later, np.zeros(len(demand), dtype=int), ORIGINS, AHEAD, smooth)
    for name, path in paths.items():
        np.testing.assert_array_equal(path[:, 0], other[name][:, 0], err_msg=name)


def test_ten_times_the_demand_is_ten_times_the_forecast(demand, paths):
    smooth = np.array([False, False, False, True, True])
    more = models.paths_at(demand * 10, np.zeros(len(demand), dtype=int), ORIGINS, AHEAD, smooth)
    for name, path in paths.items():
        np.testing.assert_allclose(more[name], path * 10, rtol=0.02, err_msg=name)


def test_the_seasonal_naive_is_the_year_before(demand):
    starts = np.array([0, 0, 0, 0, 70])
    found = models.seasonal_naive(demand, starts, ORIGINS, 60)
    week = 110 + np.arange(60)
    np.testing.assert_array_equal(found[0, 0], demand[0, np.where(week < 162, week - 52, week - 104)])
    assert np.isnan(found[4, 0, : 70 - 58]).all()
    assert np.isfinite(found[4, 0, 70 - 58 : 52]).all()


def test_a_model_that_fails_is_out_for_its_product_only():
    series = np.vstack([np.r_[np.zeros(20), 1.0], np.arange(1.0, 22.0)])
    smooth = np.ones(2, dtype=bool)
    found = models.paths_at(series, np.array([18, 0]), np.array([21]), 4, smooth)
    assert np.isnan(found["auto_theta"][0]).all()  # three weeks are too few for it
    assert np.isfinite(found["auto_theta"][1]).all()
    assert np.isfinite(found["tsb"]).all()


def test_steady_growth_is_carried_on_by_theta():
    rising = (20 + 2.0 * np.arange(100))[None, :] + np.random.default_rng(1).normal(0, 2, (1, 100))
    found = models.paths_at(rising, np.zeros(1, dtype=int), np.array([100]), 8, np.ones(1, dtype=bool))
    ahead = 20 + 2.0 * np.arange(100, 108)
    missed = {name: np.abs(found[name][0, 0] - ahead).mean() for name in models.CONTINUOUS}
    assert missed["auto_theta"] < 8
    assert missed["auto_theta"] < missed["auto_ets"]
