"""Rates of few cases drawn towards those of all groups, as far as chance explains them (empirical Bayes).

A country with 2 orders from 20 visits has not shown a conversion of 10 %. How far groups truly differ is
estimated from all of them by maximum likelihood; each group's own rate then counts as much as its cases
outweigh chance. Robbins 1956; Clayton and Kaldor 1987 (counts against expected ones); Efron and Morris 1975.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import optimize, special

_EXACT = 1e8  # what a prior's weight may grow to: groups do not differ beyond chance
_WIDE = 1e-6  # and shrink to


class Prior(NamedTuple):
    """The two parameters of a prior: Gamma's shape and rate, or Beta's two."""

    a: float
    b: float


def gamma_prior(counts: np.ndarray, expected: np.ndarray, least: float = 0.0) -> Prior | None:
    """The Gamma prior of rates λ, where counts are Poisson with mean λ × expected; None without any count.

    Maximum likelihood of the negative binomial that counts then follow, among the priors that weigh as much
    as ``least`` expected cases or more: with a handful of cases in one group, likelihood alone would take
    them at their word.
    """
    counts, expected = _kept(counts, expected)
    if counts.sum() <= 0 or len(counts) < 2:
        return None
    level = counts.sum() / expected.sum()

    def loss(logs: np.ndarray) -> float:
        a, b = np.exp(logs)
        terms = special.gammaln(a + counts) - special.gammaln(a) + a * np.log(b)
        return -float((terms - (a + counts) * np.log(b + expected)).sum())

    return _fitted(loss, ((level, 1.0), (10.0 * level, 10.0)), least)


def gamma_posterior(counts: np.ndarray, expected: np.ndarray, prior: Prior) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each rate given its count: (a + n) / (b + E), √(a + n) / (b + E)."""
    shape, rate = prior.a + np.asarray(counts, float), prior.b + np.asarray(expected, float)
    return shape / rate, np.sqrt(shape) / rate


def beta_prior(successes: np.ndarray, trials: np.ndarray) -> Prior | None:
    """The Beta prior of shares, where successes are binomial; None with fewer than two groups or no success.

    Maximum likelihood of the beta-binomial.
    """
    successes, trials = _kept(successes, trials)
    successes = np.minimum(successes, trials)
    if len(trials) < 2 or successes.sum() <= 0 or successes.sum() >= trials.sum():
        return None
    level = successes.sum() / trials.sum()

    def loss(logs: np.ndarray) -> float:
        a, b = np.exp(logs)
        ours = special.betaln(a + successes, b + trials - successes)
        return -float((ours - special.betaln(a, b)).sum())

    return _fitted(loss, tuple((size * level, size * (1 - level)) for size in (10.0, 200.0)))


def beta_posterior(successes: np.ndarray, trials: np.ndarray, prior: Prior) -> np.ndarray:
    """Mean of each share given its cases: (a + k) / (a + b + n)."""
    trials = np.asarray(trials, float)
    return (prior.a + np.minimum(np.asarray(successes, float), trials)) / (prior.a + prior.b + trials)


def shrunk_means(sums: np.ndarray, squares: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Means of groups drawn towards the mean of all; NaN for a group without cases.

    ``sums`` and ``squares`` are Σ value and Σ value² of each group. The variance within groups is pooled,
    that between them is DerSimonian and Laird's (1986); a group's own mean weighs τ² / (τ² + s²/n).
    """
    sums, squares, counts = (np.asarray(part, float) for part in (sums, squares, counts))
    there = counts > 0
    means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=there)
    free = counts.sum() - there.sum()
    if there.sum() < 2 or free <= 0:
        return means
    within = max(float((squares - counts * np.nan_to_num(means) ** 2)[there].sum() / free), 0.0)
    if within == 0:
        return means
    n, m = counts[there], means[there]
    weights = n / within
    middle = (weights * m).sum() / weights.sum()
    scale = weights.sum() - (weights**2).sum() / weights.sum()
    between = max(((weights * (m - middle) ** 2).sum() - (len(n) - 1)) / scale, 0.0)
    total = 1 / (between + within / n)
    centre = (total * m).sum() / total.sum()
    own = np.divide(between, between + np.divide(within, counts, out=np.ones(counts.shape), where=there))
    return np.where(there, own * means + (1 - own) * centre, np.nan)


def _kept(cases: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    cases, base = np.asarray(cases, float), np.asarray(base, float)
    there = np.isfinite(cases) & np.isfinite(base) & (base > 0)
    return cases[there], base[there]


def _fitted(
    loss: Callable[[np.ndarray], float], starts: Sequence[tuple[float, float]], least: float = 0.0
) -> Prior:
    limits = [(np.log(_WIDE), np.log(_EXACT)), (np.log(max(_WIDE, least)), np.log(_EXACT))]
    # Two parameters: a simplex needs no gradient, and no library whose threads outweigh the work.
    found = [
        optimize.minimize(
            loss,
            np.log((a, max(b, 1.5 * least))),
            method="Nelder-Mead",
            bounds=limits,
            options={"xatol": 1e-6, "fatol": 1e-9},
        )
        for a, b in starts
    ]
    best = min(found, key=lambda one: float(one.fun))
    return Prior(*(float(value) for value in np.exp(best.x)))
