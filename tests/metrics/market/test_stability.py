"""Rank bands against a plain loop, and what must hold of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from echannel.metrics.market import ranking, stability

CRITERIA = ["size", "near", "easy"]
UP = dict.fromkeys(CRITERIA, 1)


@pytest.fixture(scope="module")
def markets() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(rng.random((9, 3)), [f"M{i}" for i in range(9)], CRITERIA)


WEIGHTS = {"size": 0.5, "near": 0.3, "easy": 0.2}


@pytest.mark.parametrize("method", ranking.METHODS)
def test_bands_agree_with_a_plain_loop(markets: pd.DataFrame, method: ranking.Method) -> None:
    spread = markets * 0 + 0.04
    found = stability.rank_bands(markets, WEIGHTS, UP, spread, method=method, seed=1)
    rng = np.random.default_rng(99)
    bounds = ranking.bounds_of(markets)
    places = []
    for _ in range(1500):
        weights = rng.dirichlet(stability.CONCENTRATION * np.array(list(WEIGHTS.values())))
        moved = markets + rng.normal(0, 0.04, markets.shape)
        values = ranking.scaled(moved, UP, bounds).to_numpy()
        score = values @ weights if method == "weighted_sum" else ranking.closeness(values, weights)
        places.append((-score).argsort().argsort() + 1)
    looped = np.array(places)
    assert found.bands["first"].to_numpy() == pytest.approx((looped == 1).mean(axis=0), abs=0.05)
    assert found.bands["top"].to_numpy() == pytest.approx((looped <= 3).mean(axis=0), abs=0.05)
    assert found.bands["middle"].to_numpy() == pytest.approx(np.median(looped, axis=0), abs=1)
    for name, level in (("low", 10), ("high", 90)):
        assert found.bands[name].to_numpy() == pytest.approx(np.percentile(looped, level, axis=0), abs=1)


def test_shares_add_up_and_the_winner_is_the_rankings(markets: pd.DataFrame) -> None:
    found = stability.rank_bands(markets, WEIGHTS, UP, draws=2000)
    ranked = ranking.weighted_sum(markets, WEIGHTS, UP)
    assert found.winner == ranked["rank"].idxmin()
    assert found.bands["first"].sum() == pytest.approx(1)
    assert found.bands["top"].sum() == pytest.approx(3)
    assert found.stays == found.bands.loc[found.winner, "first"]
    assert (found.bands["low"] <= found.bands["middle"]).all()
    assert (found.bands["middle"] <= found.bands["high"]).all()
    assert found.draws == 2000


def test_weights_are_drawn_around_the_readers_and_zero_stays_zero(markets: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    drawn = stability._drawn_weights(np.array([0.7, 0.3, 0.0]), 4000, 20, rng).reshape(-1, 3)
    assert drawn.sum(axis=1) == pytest.approx(1)
    assert (drawn[:, 2] == 0).all()
    assert drawn.mean(axis=0) == pytest.approx([0.7, 0.3, 0], abs=0.01)
    # The variance of a Dirichlet's share a with concentration c: a (1 − a) / (c + 1).
    assert drawn[:, 0].std() == pytest.approx((0.7 * 0.3 / (stability.CONCENTRATION + 1)) ** 0.5, rel=0.1)


def test_the_best_in_everything_is_always_first_and_figures_that_move_unsettle_it(
    markets: pd.DataFrame,
) -> None:
    best = pd.concat([markets, pd.DataFrame(1.01, ["best"], CRITERIA)])
    still = stability.rank_bands(best, WEIGHTS, UP, draws=1000)
    assert still.winner == "best" and still.stays == 1
    assert still.bands.loc["best", ["low", "high"]].tolist() == [1, 1]
    moving = stability.rank_bands(best, WEIGHTS, UP, best * 0 + 0.5, draws=1000)
    assert moving.stays < 0.9


def test_a_gap_widens_the_band_and_does_not_rank_the_unknown(markets: pd.DataFrame) -> None:
    whole = stability.rank_bands(markets, WEIGHTS, UP)
    gaps = markets.copy()
    gaps.loc["M4", "near"] = np.nan
    gaps.loc["M5", ["size", "near"]] = np.nan
    found = stability.rank_bands(gaps, WEIGHTS, UP)

    def width(of: stability.Stability) -> float:
        return of.bands.loc["M4", "high"] - of.bands.loc["M4", "low"]

    assert width(found) > width(whole)
    assert found.bands.loc["M5"].isna().all()
    assert found.bands["first"].sum() == pytest.approx(1)


def test_more_markets_than_a_byte_names() -> None:
    rng = np.random.default_rng(8)
    scores = rng.random((50, 300))
    order = stability._places(scores)
    assert (np.sort(order, axis=1) == np.arange(300)).all()
    assert (np.diff(np.take_along_axis(scores, order, axis=1), axis=1) <= 1e-6).all()


def test_nothing_to_rank_has_no_bands_and_same_seed_same_bands(markets: pd.DataFrame) -> None:
    none = stability.rank_bands(markets * np.nan, WEIGHTS, UP)
    assert none.winner is None and np.isnan(none.stays) and none.bands.isna().all(axis=None)
    one, two = (stability.rank_bands(markets, WEIGHTS, UP, draws=500, seed=3).bands for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
