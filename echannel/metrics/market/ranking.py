"""Markets in order: weighted sum, TOPSIS, and weights from the figures themselves (entropy).

A matrix has one row per market and one column per criterion, NaN where a figure is not known;
``directions`` says per criterion whether more is better (1) or worse (−1); ``weights`` how much it matters
(any scale: they are made to sum to 1).

A market is compared on what is known of it: its weights are those of its known figures, made to sum to
1, and ``known`` says which share of the weight that is. Nothing is filled in. A criterion on which all
known markets are alike tells them apart in nothing and is left out.

Neither method minds the units of a figure. A market that is no better than another in anything, once
added, cannot take the first place; but it can stretch the scale of a criterion and so turn the order of
others. With ``bounds`` that do not move (:func:`bounds_of` all markets known, not of those shown), the
weighted sum keeps the order of the others whatever is added; with free bounds, and for TOPSIS, whose ideal
and norms are those of the markets compared, this does not hold.

References: Hwang and Yoon 1981 (TOPSIS); Tzeng and Huang 2011; Shannon 1948 (entropy).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from echannel.errors import UserError
from echannel.metrics.result import INPUT_MISSING, OK

Method = Literal["weighted_sum", "topsis"]
Scaling = Literal["minmax", "vector"]
METHODS: tuple[Method, ...] = ("weighted_sum", "topsis")
LEAST_KNOWN = 0.5  # of the weight: on less, a market would be ranked by what nobody knows of it
_SAME = 1e-12


def checked_weights(weights: Mapping[str, float] | pd.Series, criteria: pd.Index | list[str]) -> np.ndarray:
    """The weights in the order of ``criteria``, summing to 1; a criterion without one weighs nothing.

    Raises
    ------
    UserError
        A weight that is negative or no number, or no weight above 0 at all.
    """
    given = pd.Series(weights, dtype="float64").reindex(list(criteria)).fillna(0.0)
    stated = pd.Series(weights, dtype="float64")
    for name, value in stated.items():
        if not np.isfinite(value) or value < 0:
            raise UserError("error.market_weight", name=str(name), value=str(value))
    if not given.sum() > 0:
        raise UserError("error.market_weights_zero")
    largest = given.max()  # first, so that a sum of huge weights stays a number
    return (given / largest / (given / largest).sum()).to_numpy()


def bounds_of(matrix: pd.DataFrame) -> pd.DataFrame:
    """The smallest and largest known figure of each criterion: columns ``low`` and ``high``."""
    return pd.DataFrame({"low": matrix.min(), "high": matrix.max()})


def scaled(
    matrix: pd.DataFrame, directions: Mapping[str, int], bounds: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Figures between 0 (worst) and 1 (best): min–max, in each criterion's direction; NaN stays NaN.

    A criterion whose bounds are equal has NaN throughout.
    """
    ends = bounds_of(matrix) if bounds is None else bounds.reindex(matrix.columns)
    low, high = ends["low"].to_numpy("float64"), ends["high"].to_numpy("float64")
    span = high - low
    told = span > _SAME * np.maximum(np.abs(high), np.abs(low))
    values = (matrix.to_numpy("float64") - low) / np.where(told, span, np.nan)
    better = _signs(matrix.columns, directions) > 0
    return pd.DataFrame(np.where(better, values, 1 - values), matrix.index, matrix.columns)


def weighted_sum(
    matrix: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    directions: Mapping[str, int],
    scaling: Scaling = "minmax",
    bounds: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Markets by the weighted mean of their scaled figures.

    ``score`` = Σ weight × scaled figure over the known criteria, whose weights sum to 1. Scaled by min–max
    (0 worst, 1 best) or by the vector's length (figure / √Σ figure², costs negative).

    Returns
    -------
    One row per market, in the order of ``matrix``: ``score``, ``rank`` (1 = best; equal scores share the
    better rank), ``known`` (share of the weight whose figures are known), ``status`` (input_missing: less
    than ``LEAST_KNOWN`` is known: no score, no rank), ``reason``.
    """
    values = (
        scaled(matrix, directions, bounds).to_numpy()
        if scaling == "minmax"
        else _by_length(matrix) * _signs(matrix.columns, directions)
    )
    shares, known = _shares(values, checked_weights(weights, matrix.columns))
    return _ranked(np.nansum(shares * values, axis=1), known, matrix.index)


def topsis(
    matrix: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    directions: Mapping[str, int],
    scaling: Scaling = "vector",
    bounds: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Markets by how near they are to the best and how far from the worst that occurs (TOPSIS).

    ``score`` = D⁻ / (D⁺ + D⁻): D⁺ is the Euclidean distance of a market's weighted, scaled figures from the
    best value of every criterion, D⁻ from the worst. ``scaling`` by the vector's length, as published, or
    min–max (which alone suits figures on a log scale).

    Returns
    -------
    As :func:`weighted_sum`.
    """
    values = (
        scaled(matrix, directions, bounds).to_numpy()
        if scaling == "minmax"
        else _by_length(matrix) * _signs(matrix.columns, directions)
    )
    shares, known = _shares(values, checked_weights(weights, matrix.columns))
    return _ranked(closeness(values, shares), known, matrix.index)


def closeness(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """TOPSIS' closeness of scaled figures (…, market, criterion), more being better; NaN weighs nothing.

    Markets that are alike in everything known are half way between best and worst.
    """
    with np.errstate(all="ignore"):
        best = np.nanmax(np.where(np.isnan(values), -np.inf, values), axis=-2, keepdims=True)
        worst = np.nanmin(np.where(np.isnan(values), np.inf, values), axis=-2, keepdims=True)
        from_best = np.sqrt(np.nansum((weights * (values - best)) ** 2, axis=-1))
        from_worst = np.sqrt(np.nansum((weights * (values - worst)) ** 2, axis=-1))
    whole = from_best + from_worst
    return np.divide(from_worst, whole, out=np.full(whole.shape, 0.5), where=whole > 0)


def rank_by(
    method: Method,
    matrix: pd.DataFrame,
    weights: Mapping[str, float] | pd.Series,
    directions: Mapping[str, int],
    bounds: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The ranking by one of ``METHODS``, figures scaled by min–max."""
    rank = weighted_sum if method == "weighted_sum" else topsis
    return rank(matrix, weights, directions, "minmax", bounds)


def entropy_weights(matrix: pd.DataFrame) -> pd.Series:
    """Weights from the figures alone: a criterion counts by how differently it spreads over the markets.

    With p = figure / Σ figures of the criterion and n markets: entropy = −Σ p ln p / ln n, weight ∝ 1 −
    entropy. Figures must be above 0 or 0; a criterion with a negative one, or with fewer than two known,
    gets NaN.
    """
    values = matrix.to_numpy("float64")
    known = ~np.isnan(values)
    n = known.sum(axis=0)
    with np.errstate(all="ignore"):
        shares = values / np.nansum(values, axis=0)
        terms = np.where(known & (values > 0), shares * np.log(shares), 0.0)
        spread = 1 + terms.sum(axis=0) / np.log(n)
    usable = (n > 1) & ~(np.nan_to_num(values) < 0).any(axis=0) & (np.nansum(values, axis=0) > 0)
    spread = np.where(usable, np.clip(spread, 0.0, None), np.nan)
    whole = np.nansum(spread)
    return pd.Series(spread / whole if whole > 0 else spread, matrix.columns, name="weight")


def _signs(criteria: pd.Index, directions: Mapping[str, int]) -> np.ndarray:
    return np.array([directions[name] for name in criteria], dtype="float64")


def _by_length(matrix: pd.DataFrame) -> np.ndarray:
    """Each figure over the length of its criterion's vector; NaN where all are alike or 0."""
    values = matrix.to_numpy("float64")
    length = np.sqrt(np.nansum(values**2, axis=0))
    ends = bounds_of(matrix)
    told = (ends["high"] - ends["low"]).to_numpy() > _SAME * length
    return values / np.where(told, length, np.nan)


def _shares(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each market's weights over its known figures (summing to 1), and the share of the weight known.

    A criterion that no market is told apart by (NaN throughout) is no gap of any market.
    """
    known = ~np.isnan(values)
    told = np.where(known.any(axis=0), weights, 0.0)
    held = known * told
    whole = held.sum(axis=1, keepdims=True)
    shares = np.divide(held, whole, out=np.zeros(held.shape), where=whole > 0)
    return shares, whole[:, 0] / told.sum() if told.sum() > 0 else np.zeros(len(values))


def _ranked(score: np.ndarray, known: np.ndarray, markets: pd.Index) -> pd.DataFrame:
    enough = known >= LEAST_KNOWN - 1e-9
    frame = pd.DataFrame({"score": np.where(enough, score, np.nan)}, markets)
    frame["rank"] = frame["score"].round(12).rank(ascending=False, method="min")
    return frame.assign(
        known=known,
        status=np.where(enough, OK, INPUT_MISSING),
        reason=np.where(enough, "", "reason.market_little_known"),
    )
