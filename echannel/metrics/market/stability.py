"""How far a ranking holds when the weights and the figures behind it move.

Nobody knows the right weights, and figures are old or estimated. So the ranking is made again many times:

- **weights**: Dirichlet around the reader's, ``CONCENTRATION`` × weight: a weight of 10 % then moves by
  about ±4 points (its standard deviation). What the reader set to 0 stays 0.
- **figures**: each by its own standard deviation (on the scale that it is compared on), normally;
- **a figure that is not known** is drawn from the whole scale of its criterion (mean and spread of the
  markets that have it): a gap makes a market's place less sure, and neither better nor worse.

What is reported are places: from the 10th to the 90th percentile, and how often a market is among the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.market.ranking import Method, checked_weights, rank_by, scaled

DRAWS = 10_000
FIGURE_DRAWS = 500  # sets of figures; each is ranked under DRAWS / FIGURE_DRAWS sets of weights
CONCENTRATION = 50.0
BAND = (0.1, 0.9)
TOP = 3


@dataclass(frozen=True)
class Stability:
    """``bands``, one row per market: ``low``, ``middle``, ``high`` (place at the 10th, 50th and 90th
    percentile), ``first`` and ``top`` (share of draws in which it is first, among the first three);
    ``winner``: the market that the ranking itself puts first (None: none is ranked); ``stays``: the share
    of draws in which that market stays first (NaN without one); ``draws``: how many there were."""

    bands: pd.DataFrame
    winner: object
    stays: float
    draws: int


def rank_bands(
    matrix: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    directions: Mapping[str, int],
    spread: pd.DataFrame | None = None,
    bounds: pd.DataFrame | None = None,
    method: Method = "weighted_sum",
    draws: int = DRAWS,
    seed: int = 0,
) -> Stability:
    """The ranking of ``matrix`` (see ``ranking``), drawn ``draws`` times around its weights and figures.

    ``spread`` holds each figure's standard deviation in the unit of ``matrix`` (none: figures hold still).
    Markets too little known to be ranked take no part and have no band.
    """
    ranked = rank_by(method, matrix, weights, directions, bounds)
    taking_part = ranked["rank"].notna().to_numpy()
    bands = pd.DataFrame(np.nan, matrix.index, ["low", "middle", "high", "first", "top"])
    if not taking_part.any():
        return Stability(bands, None, float("nan"), draws)
    values = scaled(matrix, directions, bounds).to_numpy()
    told = ~np.isnan(values).all(axis=0) & (checked_weights(weights, matrix.columns) > 0)
    share = checked_weights(weights, matrix.columns)[told]
    deviation = _deviations(matrix, spread, bounds)[:, told]
    rng = np.random.default_rng(seed)
    figures = _drawn_figures(values[:, told], deviation, min(FIGURE_DRAWS, draws), rng)[:, taking_part]
    moved = _drawn_weights(share / share.sum(), draws, len(figures), rng)
    places = _places(_scores(figures, moved, method))
    found = _read(places)
    bands.loc[taking_part] = found.to_numpy()
    winner = int(np.flatnonzero(ranked["rank"].to_numpy() == 1)[0])
    return Stability(bands, matrix.index[winner], float(bands["first"].iloc[winner]), len(places))


def _deviations(matrix: pd.DataFrame, spread: pd.DataFrame | None, bounds: pd.DataFrame | None) -> np.ndarray:
    """The figures' standard deviations as parts of their criterion's scale; 0 where none is stated."""
    if spread is None:
        return np.zeros(matrix.shape)
    ends = pd.DataFrame({"low": matrix.min(), "high": matrix.max()}) if bounds is None else bounds
    ends = ends.reindex(matrix.columns)
    span = (ends["high"] - ends["low"]).to_numpy("float64")
    stated = spread.reindex(index=matrix.index, columns=matrix.columns).to_numpy("float64")
    return np.nan_to_num(stated / np.where(span > 0, span, np.nan))


def _drawn_figures(
    values: np.ndarray, deviation: np.ndarray, sets: int, rng: np.random.Generator
) -> np.ndarray:
    """Sets of scaled figures (set, market, criterion), gaps drawn as their criterion spreads."""
    gap = np.isnan(values)
    middle = np.where(gap, np.nanmean(values, axis=0), values)
    width = np.where(gap, np.nanstd(values, axis=0), deviation)
    return middle + width * rng.standard_normal((sets, *values.shape), dtype="float32")


def _drawn_weights(share: np.ndarray, draws: int, sets: int, rng: np.random.Generator) -> np.ndarray:
    """Weights (set, draw, criterion) that sum to 1: a Dirichlet draw is gamma draws over their sum."""
    drawn = rng.standard_gamma(CONCENTRATION * share, (sets, -(-draws // sets), len(share)))
    return drawn / drawn.sum(axis=-1, keepdims=True)


def _scores(figures: np.ndarray, weights: np.ndarray, method: Method) -> np.ndarray:
    """Scores (draw, market): every set of figures under its own sets of weights."""
    if method == "weighted_sum":
        scores = weights @ figures.transpose(0, 2, 1)
    else:
        best = figures.max(axis=1, keepdims=True)
        worst = figures.min(axis=1, keepdims=True)
        squared = weights**2
        # Σ (w·(x − best))²: one product of matrices for all draws of a set
        from_best = np.sqrt(squared @ ((figures - best) ** 2).transpose(0, 2, 1))
        from_worst = np.sqrt(squared @ ((figures - worst) ** 2).transpose(0, 2, 1))
        whole = from_best + from_worst
        scores = np.divide(from_worst, whole, out=np.full(whole.shape, 0.5), where=whole > 0)
    return scores.reshape(-1, figures.shape[1])


def _places(scores: np.ndarray) -> np.ndarray:
    """Which market takes which place: (draw, place) → market.

    Score and market share one integer, the score in its upper bits: sorting numbers in place takes a fifth
    of the time of sorting their indices. Scores nearer than the scale's 2⁻²⁰ or so count as equal.
    """
    n = scores.shape[1]
    bits = max(int(n - 1).bit_length(), 1)
    low, high = float(scores.min()), float(scores.max())
    fine = (2 ** (31 - bits) - 1) / (high - low if high > low else 1.0)
    packed = ((high - scores) * fine).astype("uint32") << np.uint32(bits) | np.arange(n, dtype="uint32")
    packed.sort(axis=1)
    return (packed & np.uint32(2**bits - 1)).astype("int64")


def _read(order: np.ndarray) -> pd.DataFrame:
    """Places counted per market, and their percentiles read off."""
    draws, n = order.shape
    counted = np.zeros((n, n))  # market × place
    for place in range(n):
        counted[:, place] = np.bincount(order[:, place], minlength=n)
    reached = counted.cumsum(axis=1) / draws
    low, middle, high = ((reached < at - 1e-12).sum(axis=1) + 1.0 for at in (BAND[0], 0.5, BAND[1]))
    top = reached[:, min(TOP, n) - 1]
    return pd.DataFrame(
        {"low": low, "middle": middle, "high": high, "first": counted[:, 0] / draws, "top": top}
    )
