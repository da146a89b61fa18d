"""The ranking against published examples, an outside library, and what must hold for any markets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel.errors import UserError
from echannel.metrics.market import ranking

TZENG = [[5, 8, 4], [7, 6, 8], [8, 8, 6], [7, 4, 6]]
COSTS = [[15, 6, 25000, 7], [12, 7, 35000, 7], [10, 9, 55000, 8]]


def frame(values: object) -> pd.DataFrame:
    values = np.asarray(values, dtype="float64")
    return pd.DataFrame(
        values, [f"M{i}" for i in range(len(values))], [f"c{j}" for j in range(values.shape[1])]
    )


def named(values: list[float], matrix: pd.DataFrame) -> dict[str, float]:
    return dict(zip(matrix.columns, values, strict=True))


def drawn(seed: int, markets: int = 12, criteria: int = 5) -> tuple[pd.DataFrame, dict, dict]:
    rng = np.random.default_rng(seed)
    matrix = frame(rng.lognormal(0, 1, (markets, criteria)))
    weights = named(list(rng.random(criteria) + 0.05), matrix)
    directions = named(list(rng.choice([-1, 1], criteria)), matrix)
    return matrix, weights, directions


def test_topsis_on_the_example_of_tzeng_and_huang() -> None:
    matrix = frame(TZENG)
    found = ranking.topsis(matrix, named([0.3, 0.4, 0.3], matrix), named([1, 1, 1], matrix))
    assert found["score"].tolist() == pytest.approx([0.5037, 0.6581, 0.7482, 0.3340], abs=5e-5)
    assert found["rank"].tolist() == [3, 2, 1, 4]
    assert found["known"].tolist() == [1, 1, 1, 1]


def test_topsis_where_less_is_better() -> None:
    matrix = frame(COSTS)
    found = ranking.topsis(matrix, named([0.3, 0.05, 0.6, 0.05], matrix), named([-1, 1, -1, 1], matrix))
    assert found["score"].tolist() == pytest.approx([0.78562925, 0.66099579, 0.21437075], abs=1e-8)


@pytest.mark.parametrize("scaling", ["vector", "minmax"])
def test_topsis_agrees_with_an_outside_library(scaling: str) -> None:
    methods = pytest.importorskip("pymcdm.methods")
    norms = pytest.importorskip("pymcdm.normalizations")
    theirs = methods.TOPSIS(norms.vector_normalization if scaling == "vector" else norms.minmax_normalization)
    for seed in range(20):
        matrix, weights, directions = drawn(seed)
        shares = np.array(list(weights.values())) / sum(weights.values())
        # The library turns costs round (1 − figure), which leaves Euclidean distances as they are.
        expected = theirs(matrix.to_numpy(), shares, np.array(list(directions.values())))
        found = ranking.topsis(matrix, weights, directions, scaling)  # type: ignore[arg-type]
        assert found["score"].to_numpy() == pytest.approx(expected, abs=1e-9)


def test_weighted_sum_agrees_with_an_outside_library() -> None:
    methods = pytest.importorskip("pymcdm.methods")
    for seed in range(20):
        matrix, weights, directions = drawn(seed)
        shares = np.array(list(weights.values())) / sum(weights.values())
        norm = pytest.importorskip("pymcdm.normalizations").minmax_normalization
        expected = methods.WSM(norm)(matrix.to_numpy(), shares, np.array(list(directions.values())))
        # WSM there divides the scores' sum out again; places and ratios are what both share.
        found = ranking.weighted_sum(matrix, weights, directions)["score"].to_numpy()
        assert found / found.sum() == pytest.approx(expected / expected.sum(), abs=1e-9)


def test_entropy_weights_of_the_published_example() -> None:
    assert ranking.entropy_weights(frame([[1, 2], [4, 16]])).tolist() == pytest.approx(
        [0.358889, 0.641111], abs=5e-7
    )


def test_entropy_weighs_nothing_where_all_markets_are_alike_and_skips_what_it_cannot_use() -> None:
    found = ranking.entropy_weights(frame([[1, 5, -1, np.nan], [3, 5, 2, np.nan], [9, 5, 4, 7]]))
    assert found.tolist() == pytest.approx([1, 0, np.nan, np.nan], nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.floats(1e-6, 1e6))
def test_other_units_leave_the_ranking(seed: int, factor: float) -> None:
    matrix, weights, directions = drawn(seed)
    other = matrix.assign(c1=matrix["c1"] * factor)
    for rank in (ranking.weighted_sum, ranking.topsis):
        for scaling in ("minmax", "vector"):
            one, two = (rank(m, weights, directions, scaling)["score"] for m in (matrix, other))  # type: ignore[arg-type]
            assert one.to_numpy() == pytest.approx(two.to_numpy(), abs=1e-9)
    # Degrees Fahrenheit for Celsius: a shift too.
    shifted = matrix.assign(c1=matrix["c1"] * factor + 32)
    one, two = (ranking.weighted_sum(m, weights, directions)["score"] for m in (matrix, shifted))
    assert one.to_numpy() == pytest.approx(two.to_numpy(), abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), far=st.floats(0, 10))
def test_a_dominated_market_leaves_the_order_where_bounds_hold_still(seed: int, far: float) -> None:
    matrix, weights, directions = drawn(seed)
    bounds = ranking.bounds_of(matrix)
    before = ranking.weighted_sum(matrix, weights, directions, bounds=bounds)
    worse = matrix.iloc[3] - far * pd.Series(directions)
    with_it = pd.concat([matrix, worse.to_frame("worse").T])
    after = ranking.weighted_sum(with_it, weights, directions, bounds=bounds)
    assert after["rank"].drop("worse").rank().tolist() == before["rank"].rank().tolist()
    assert before["rank"].idxmin() == after["rank"].drop("worse").idxmin()
    # Whatever the method, what is worse in everything never takes the first place alone.
    for rank in (ranking.weighted_sum, ranking.topsis):
        score = rank(with_it, weights, directions)["score"]
        assert score["worse"] <= score["M3"] + 1e-12


def test_free_bounds_let_a_dominated_market_turn_the_order_of_others() -> None:
    matrix = frame([[10, 0, 5], [9, 1.2, 5], [0, 10, 5.1]])
    weights, directions = named([1, 0.9, 0], matrix), named([1, 1, 1], matrix)
    before = ranking.weighted_sum(matrix, weights, directions)
    with_it = pd.concat([matrix, pd.DataFrame([[-90, 0, 5]], ["worse"], matrix.columns)])
    after = ranking.weighted_sum(with_it, weights, directions)
    assert before["rank"].idxmin() == "M1" and after["rank"].idxmin() == "M2"
    held = ranking.weighted_sum(with_it, weights, directions, bounds=ranking.bounds_of(matrix))
    assert held["rank"].idxmin() == "M1"


def test_a_market_is_compared_on_what_is_known_of_it() -> None:
    matrix = frame([[1, 0, 0], [np.nan, 1, 0.5], [0, 0.4, np.nan], [np.nan, np.nan, 1]])
    found = ranking.weighted_sum(matrix, named([0.5, 0.3, 0.2], matrix), named([1, 1, 1], matrix))
    assert found["known"].tolist() == pytest.approx([1, 0.5, 0.8, 0.2])
    assert found["score"].tolist() == pytest.approx([0.5, (0.3 + 0.1) / 0.5, 0.12 / 0.8, np.nan], nan_ok=True)
    assert found["rank"].tolist() == pytest.approx([2, 1, 3, np.nan], nan_ok=True)
    assert found.loc["M3", ["status", "reason"]].tolist() == ["input_missing", "reason.market_little_known"]


def test_what_tells_no_markets_apart_is_no_gap() -> None:
    matrix = frame([[1, 7, np.nan], [0, 7, np.nan], [0.5, np.nan, np.nan]])
    for rank in (ranking.weighted_sum, ranking.topsis):
        found = rank(matrix, named([1, 5, 5], matrix), named([1, 1, 1], matrix))
        assert found["known"].tolist() == [1, 1, 1]
        assert found["rank"].tolist() == [1, 3, 2]


def test_equal_markets_share_a_place_and_no_market_has_none() -> None:
    matrix = frame([[2, 2], [2, 2], [1, 1]])
    found = ranking.weighted_sum(matrix, named([1, 1], matrix), named([1, 1], matrix))
    assert found["rank"].tolist() == [1, 1, 3]
    alone = ranking.topsis(matrix.iloc[:1], named([1, 1], matrix), named([1, 1], matrix))
    assert alone["status"].tolist() == ["input_missing"]
    assert ranking.weighted_sum(matrix.iloc[:0], named([1, 1], matrix), named([1, 1], matrix)).empty


@pytest.mark.parametrize(
    ("weights", "key"),
    [
        ({"c0": 0.0, "c1": 0.0}, "error.market_weights_zero"),
        ({}, "error.market_weights_zero"),
        ({"c0": -0.1, "c1": 1.0}, "error.market_weight"),
        ({"c0": np.nan, "c1": 1.0}, "error.market_weight"),
        ({"c0": np.inf, "c1": 1.0}, "error.market_weight"),
    ],
)
def test_absurd_weights_are_refused(weights: dict[str, float], key: str) -> None:
    with pytest.raises(UserError) as refused:
        ranking.weighted_sum(frame([[1, 2], [3, 4]]), weights, {"c0": 1, "c1": 1})
    assert refused.value.key == key


def test_only_the_proportions_of_weights_count() -> None:
    matrix, weights, directions = drawn(3)
    large = {name: value * 1e300 for name, value in weights.items()}
    one, two = (ranking.topsis(matrix, w, directions)["score"] for w in (weights, large))
    assert one.tolist() == pytest.approx(two.tolist())
