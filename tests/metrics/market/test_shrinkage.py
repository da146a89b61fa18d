"""Shrinkage against grids and numerical integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from echannel.metrics.market import shrinkage

COUNTS = np.array([88, 26, 21, 17, 10, 0, 0, 0, 2, 0.0])
EXPECTED = np.array([36, 4.6, 18, 14, 12, 1.5, 0.5, 0.3, 0.2, 6.0])


def likelihood(a: float, b: float) -> float:
    """Poisson counts with Gamma rates, by SciPy's negative binomial."""
    return float(stats.nbinom.logpmf(COUNTS, a, b / (b + EXPECTED)).sum())


def test_the_gamma_prior_is_the_most_likely_of_a_grid() -> None:
    prior = shrinkage.gamma_prior(COUNTS, EXPECTED)
    assert prior is not None
    grid = np.exp(np.linspace(-4, 5, 60))
    assert likelihood(*prior) >= max(likelihood(a, b) for a in grid for b in grid) - 1e-6


def test_a_least_weight_of_the_prior_is_kept_and_the_rest_most_likely() -> None:
    prior = shrinkage.gamma_prior(COUNTS, EXPECTED, least=5)
    assert prior is not None and prior.b == pytest.approx(5)
    grid = np.exp(np.linspace(-4, 5, 400))
    assert likelihood(*prior) >= max(likelihood(a, 5) for a in grid) - 1e-6


def test_the_gamma_posterior_is_that_of_numerical_integration() -> None:
    prior = shrinkage.Prior(2.0, 3.0)
    mean, deviation = shrinkage.gamma_posterior(COUNTS, EXPECTED, prior)
    rates = np.linspace(1e-6, 40, 200_001)
    for at in (0, 1, 5, 8):
        weight = stats.gamma.pdf(rates, 2, scale=1 / 3) * stats.poisson.pmf(COUNTS[at], rates * EXPECTED[at])
        weight /= weight.sum()
        middle = (weight * rates).sum()
        assert mean[at] == pytest.approx(middle, rel=1e-4)
        assert deviation[at] == pytest.approx(np.sqrt((weight * (rates - middle) ** 2).sum()), rel=1e-3)


def test_the_beta_prior_is_the_most_likely_of_a_grid_and_its_posterior_that_of_integration() -> None:
    won, tried = np.array([60, 12, 2, 1, 0.0]), np.array([2400, 700, 20, 150, 90.0])
    prior = shrinkage.beta_prior(won, tried)
    assert prior is not None

    def score(a: float, b: float) -> float:
        return float(stats.betabinom.logpmf(won, tried, a, b).sum())

    best = max(score(a, b) for a in np.exp(np.linspace(-2, 8, 60)) for b in np.exp(np.linspace(0, 12, 60)))
    assert score(*prior) >= best - 1e-3
    posterior = shrinkage.beta_posterior(won, tried, prior)
    shares = np.linspace(1e-6, 1 - 1e-6, 400_001)
    weight = stats.beta.pdf(shares, *prior) * stats.binom.pmf(won[2], tried[2], shares)
    assert posterior[2] == pytest.approx((weight * shares).sum() / weight.sum(), rel=1e-3)
    # Two orders of twenty visits are no conversion of 10 %.
    assert posterior[2] < 0.06


def test_means_of_few_cases_are_drawn_in_and_of_many_hardly() -> None:
    rng = np.random.default_rng(4)
    sizes = [400, 400, 2, 300, 5, 0]
    truth = [40, 60, 50, 45, 55, 50]
    values = [rng.normal(mean, 20, size) for mean, size in zip(truth, sizes, strict=True)]
    sums, squares = (np.array([(v**p).sum() for v in values]) for p in (1, 2))
    found = shrinkage.shrunk_means(sums, squares, np.array(sizes))
    raw = [v.mean() if len(v) else np.nan for v in values]
    assert found[:2] == pytest.approx(raw[:2], rel=0.02)
    assert np.isnan(found[5])
    middle = np.average(found[:5])
    for few in (2, 4):
        assert abs(found[few] - middle) <= abs(raw[few] - middle) + 1e-9


def test_groups_that_differ_by_chance_alone_share_one_mean() -> None:
    sums, counts = np.array([100.0, 110.0, 90.0]), np.array([10, 10, 10])
    squares = sums**2 / counts + 10 * 400.0  # a deviation of about 20 within, of 1 between
    assert shrinkage.shrunk_means(sums, squares, counts) == pytest.approx([10, 10, 10])


def test_without_cases_there_is_no_prior() -> None:
    none = np.zeros(4)
    assert shrinkage.gamma_prior(none, none + 1) is None
    assert shrinkage.beta_prior(none, none + 10) is None
    assert shrinkage.gamma_prior(np.array([3.0]), np.array([1.0])) is None
    assert shrinkage.shrunk_means(np.array([5.0]), np.array([25.0]), np.array([1])) == pytest.approx([5])
