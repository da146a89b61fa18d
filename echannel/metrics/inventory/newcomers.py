"""Products too new for a forecast of their own: the curve of their category's earlier newcomers."""

from __future__ import annotations

import numpy as np
import pandas as pd

FEWEST_CURVES = 3  # earlier newcomers of a category: fewer make no curve
FEWEST_WITHOUT = 4  # known weeks of a product that has no curve to go by
_CURVE_WEEKS = 52
_MOST = 4.0  # times the first weeks' level: a curve of few products must not run away


def newcomer_paths(
    demand: np.ndarray, starts: np.ndarray, categories: pd.Series, rows: np.ndarray, horizon: int
) -> np.ndarray:
    """Weekly demand of ``rows`` for ``horizon`` weeks: their own level so far, on their category's curve.

    A curve is the mean, over earlier newcomers, of demand in the nth week after the first sale over the
    mean of all their weeks up to a year; a category with too few of them takes the shop's. In a shop
    with too few the product stays level; NaN if it has been there for less than four weeks.

    Parameters
    ----------
    demand : products × weeks without the calendar, NaN where unknown.
    starts : first known week of each product; those of the first weeks of the data are no newcomers.
    """
    curves = _curves(demand, starts, demand.shape[1] + horizon)
    earlier = np.isfinite(curves).any(axis=1)
    shop, guided = _mean_curve(curves, earlier), earlier.sum() >= FEWEST_CURVES
    found = np.full((len(rows), horizon), np.nan)
    for place, row in enumerate(rows):
        same = (categories.to_numpy() == categories.iloc[row]) & earlier
        same[row] = False
        curve = _mean_curve(curves, same) if same.sum() >= FEWEST_CURVES else shop
        so_far = demand[row, starts[row] :]
        known = np.isfinite(so_far)
        if not guided and known.sum() < FEWEST_WITHOUT:
            continue
        age = len(so_far)
        expected = np.where(known, curve[:age], 0.0).sum()
        level = np.where(known, so_far, 0.0).sum() / expected if expected > 0 else np.nan
        found[place] = level * curve[age + np.arange(horizon)]
    return found


def _curves(demand: np.ndarray, starts: np.ndarray, width: int) -> np.ndarray:
    """Relative demand by weeks since the first sale, of products that came within the data."""
    age = np.arange(width)
    column = starts[:, None] + age[None, :]
    inside = column < demand.shape[1]
    curve = np.where(
        inside, np.take_along_axis(demand, np.minimum(column, demand.shape[1] - 1), axis=1), np.nan
    )
    newcomer = (starts > 4) & (demand.shape[1] - starts >= _CURVE_WEEKS // 2)
    year = np.where(np.isfinite(curve[:, :_CURVE_WEEKS]), curve[:, :_CURVE_WEEKS], 0.0).sum(axis=1)
    weeks = np.isfinite(curve[:, :_CURVE_WEEKS]).sum(axis=1)
    level = year / np.maximum(weeks, 1)
    usable = newcomer & (level > 0)
    return np.where(usable[:, None], curve / np.where(level > 0, level, 1.0)[:, None], np.nan)


def _mean_curve(curves: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Mean of the chosen curves, smoothed over three weeks; 1 where there are too few of them."""
    picked = curves[chosen]
    seen = np.isfinite(picked)
    count = seen.sum(axis=0)
    mean = np.where(seen, picked, 0.0).sum(axis=0) / np.maximum(count, 1)
    mean = np.where(count >= FEWEST_CURVES, mean, 1.0)
    padded = np.concatenate([mean[:1], mean, mean[-1:]])
    return np.clip((padded[:-2] + padded[1:-1] + padded[2:]) / 3, 1 / _MOST, _MOST)
