"""The gravity model recovers what generated trade was made from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from echannel.metrics.market import gravity

TRUE = {"constant": -14.0, "size_from": 0.75, "size_to": 0.72, "distance": -0.8, "language": 0.7}
COVARIATES = list(TRUE)[1:]


@pytest.fixture(scope="module")
def flows() -> pd.DataFrame:
    """Trade with multiplicative noise of mean 1 that grows where trade is small, and many zeros."""
    rng = np.random.default_rng(11)
    n = 4000
    frame = pd.DataFrame(
        {
            "size_from": rng.normal(26, 1.5, n),
            "size_to": rng.normal(26, 1.5, n),
            "distance": rng.normal(8, 0.9, n),
            "language": rng.integers(0, 2, n).astype(float),
        }
    )
    mean = np.exp(TRUE["constant"] + sum(TRUE[name] * frame[name] for name in COVARIATES))
    scale = 1 + 1 / mean.clip(lower=0.1)
    return frame.assign(value=rng.poisson(mean * rng.gamma(1 / scale, scale)))


def test_known_coefficients_come_back_within_their_errors(flows: pd.DataFrame) -> None:
    model = gravity.fit_ppml(flows, COVARIATES)
    assert model.status == "ok" and model.n == len(flows)
    for name, true in TRUE.items():
        row = model.coefficients.loc[name]
        assert abs(row["value"] - true) < 3 * row["error"], name
        assert row["low"] < row["value"] < row["high"]
    slopes = model.coefficients["value"].drop("constant")
    assert slopes.to_dict() == pytest.approx({name: TRUE[name] for name in COVARIATES}, abs=0.1)


def test_the_score_is_zero_and_the_currency_moves_the_constant_only(flows: pd.DataFrame) -> None:
    model = gravity.fit_ppml(flows, COVARIATES)
    # First-order conditions of Poisson maximum likelihood, by hand.
    rest = flows["value"] - gravity.potential(model, flows)["expected"]
    for column in (np.ones(len(flows)), *(flows[name] for name in COVARIATES)):
        assert abs((rest * column).sum()) < 1e-5 * (flows["value"] * np.abs(column)).sum()
    other = gravity.fit_ppml(flows.assign(value=flows["value"] * 1e9), COVARIATES)
    difference = other.coefficients["value"] - model.coefficients["value"]
    assert difference["constant"] == pytest.approx(np.log(1e9), abs=1e-6)
    assert difference.drop("constant").abs().max() < 1e-6


def test_unrealised_is_what_is_missing_to_the_expected(flows: pd.DataFrame) -> None:
    model = gravity.fit_ppml(flows, COVARIATES)
    found = gravity.potential(model, flows.assign(value=flows["value"].where(flows.index != 0)).head(5))
    expected, actual = found["expected"], found["actual"]
    assert found["unrealised"].iloc[1:].tolist() == pytest.approx(
        np.maximum(0, expected - actual).iloc[1:].tolist()
    )
    assert np.isnan(found["unrealised"].iloc[0])
    gap = gravity.potential(model, flows.head(2).assign(distance=[np.nan, 8.0]))
    assert gap["status"].tolist() == ["input_missing", "ok"]


def test_without_enough_there_is_no_model(flows: pd.DataFrame) -> None:
    assert gravity.fit_ppml(flows.head(30), COVARIATES).reason == "reason.few_trade_flows"
    assert gravity.fit_ppml(flows.head(0), COVARIATES).reason == "reason.trade_data_missing"
    assert gravity.fit_ppml(flows.assign(language=1.0), COVARIATES).status == "too_few"
    nothing = gravity.potential(gravity.fit_ppml(flows.head(0), COVARIATES), flows.head(2))
    assert nothing["expected"].isna().all() and set(nothing["status"]) == {"input_missing"}


def test_the_published_pull_orders_by_size_and_distance() -> None:
    size = pd.Series({"near": 1e12, "far": 1e12, "large": 2e12, "gap": np.nan})
    distance = pd.Series({"near": 500.0, "far": 1000.0, "large": 500.0, "gap": 100.0})
    pull = gravity.published_pull(size, distance)
    assert pull["large"] == 1 and np.isnan(pull["gap"])
    assert pull["near"] / pull["large"] == pytest.approx(0.5**0.7411)
    assert pull["far"] / pull["near"] == pytest.approx(0.5**0.7838)
