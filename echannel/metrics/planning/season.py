"""What of a monthly series is season and calendar, told apart from its level by a regression with shrinkage.

    log y_t = level + growth and its bends + season(calendar month) + Σ events + breaks + noise

Every coefficient but the level is drawn towards 0, the season towards that of similar firms where there is
one, the more so the less the data say (a normal prior on each: Gaussian process regression with a linear
kernel, Rasmussen and Williams 2006, chapter 2). How large season, bends and noise are is chosen by the
marginal likelihood over a grid, drawn towards what is usual for a small shop.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

LONGEST = 84
"""Months that a season is learnt from; older ones tell of another shop."""
KNOT_MONTHS = 6
_LEVEL_SD, _GROWTH_SD = 20.0, 0.3  # of logarithms; growth per year
_EVENT_SD = 0.10  # per week of an event; of Easter in a month
_BREAK_SD = 1.0
_NOISE = (0.02, 0.04, 0.07, 0.11, 0.16, 0.24, 0.36, 0.55)
_SEASON = (0.02, 0.08, 0.16, 0.3, 0.6)
_BEND = (0.02, 0.06, 0.15)
_USUAL = (0.13, 0.2, 0.06)
_USUAL_WIDTH = 0.8  # of their logarithms


@dataclass(frozen=True)
class Peers:
    """The seasonal shape of similar firms: twelve factors and how far firms differ; nothing else of anybody.

    ``log_index`` January first, sums to 0; ``spread``: standard deviation of firms around it (logarithms);
    ``firms``: from at least how many.
    """

    log_index: np.ndarray
    spread: float
    firms: int


@dataclass(frozen=True)
class Fit:
    """A fitted series, all in logarithms.

    Attributes
    ----------
    season : of January … December, sums to 0. event_sizes : of one unit of each event.
    step_sizes, pulse_sizes : of each break given. expected : each month without noise and pulses.
    residual : NaN where the month is not known. noise : standard deviation of a month.
    season_sd : how far a month's season may lie from the peers' (or from nothing).
    weighted, precision : of the known months, for tests of further breaks (see ``breaks``).
    """

    months: np.ndarray
    season: np.ndarray
    event_sizes: np.ndarray
    step_sizes: np.ndarray
    pulse_sizes: np.ndarray
    expected: np.ndarray
    residual: np.ndarray
    noise: float
    season_sd: float
    weighted: np.ndarray
    precision: np.ndarray

    def calendar(self, months: np.ndarray, events: np.ndarray) -> np.ndarray:
        """Season and events of any months."""
        return self.season[months % 12] + events @ self.event_sizes


def fit_season(
    values: np.ndarray,
    months: np.ndarray,
    events: np.ndarray,
    steps: np.ndarray | None = None,
    pulses: np.ndarray | None = None,
    peers: Peers | None = None,
) -> Fit:
    """The regression above.

    Parameters
    ----------
    values : logarithms of monthly turnover, NaN where unknown. months : month numbers without gaps.
    events : months × events, 0 = none (see ``history.month_calendar``).
    steps, pulses : months where the level shifts, and months that stand out, as far as known.
    peers : the seasonal shape to draw the season towards.
    """
    steps = np.zeros(0, dtype="int64") if steps is None else steps
    pulses = np.zeros(0, dtype="int64") if pulses is None else pulses
    known = np.isfinite(values)
    shape = np.zeros(12) if peers is None else peers.log_index
    base = shape[months % 12]
    base = base + (values - base)[known].mean()
    target = values - base
    season = (months[:, None] % 12 == np.arange(12)) - 1 / 12
    breaks = np.hstack([months[:, None] >= steps, months[:, None] == pulses]).astype("float64")
    line, bends = _trend(len(months))
    parts = (season, bends, np.hstack([np.ones((len(months), 1)), line, events, breaks]))
    fixed = np.r_[
        _LEVEL_SD, _GROWTH_SD, np.full(events.shape[1], _EVENT_SD), np.full(breaks.shape[1], _BREAK_SD)
    ]
    noise, season_sd, bend = _sizes(target[known], [part[known] for part in parts], fixed, peers)
    design = np.hstack(parts)
    spread = np.r_[np.full(12, season_sd), np.full(bends.shape[1], bend), fixed]
    scaled = design * spread**2
    covariance = scaled[known] @ design[known].T + noise**2 * np.eye(int(known.sum()))
    precision = np.linalg.inv(covariance)
    weighted = precision @ target[known]
    size = scaled[known].T @ weighted
    own = size[:12] - size[:12].mean()
    rest = size[12 + bends.shape[1] + 2 :]
    k, s = events.shape[1], len(steps)
    without = size.copy()
    if len(pulses):
        without[-len(pulses) :] = 0.0
    expected = design @ without + base
    return Fit(
        months,
        shape + own,
        rest[:k],
        rest[k : k + s],
        rest[k + s :],
        expected,
        values - expected,
        noise,
        season_sd,
        weighted,
        precision,
    )


def _trend(n: int) -> tuple[np.ndarray, np.ndarray]:
    """A line per year, and bends every half year of it."""
    at = np.arange(n, dtype="float64")
    line = ((at - at.mean()) / 12)[:, None]
    knots = np.arange(KNOT_MONTHS, n - KNOT_MONTHS // 2, KNOT_MONTHS)
    bends = np.maximum(0.0, at[:, None] - knots[None, :]) / KNOT_MONTHS
    return line, bends


def _sizes(
    target: np.ndarray, parts: list[np.ndarray], fixed: np.ndarray, peers: Peers | None
) -> tuple[float, float, float]:
    """Noise, season and bends of the largest marginal likelihood times their prior."""
    season, bends, rest = parts
    usual = np.array(_USUAL)
    if peers is not None:
        usual[1] = max(peers.spread, _SEASON[0])
    grid = _grid()
    kernels = [part @ part.T for part in (season, bends)]
    base = (rest * fixed**2) @ rest.T
    covariance = (
        base
        + grid[:, 1, None, None] ** 2 * kernels[0]
        + grid[:, 2, None, None] ** 2 * kernels[1]
        + grid[:, 0, None, None] ** 2 * np.eye(len(target))
    )
    factor = np.linalg.cholesky(covariance)
    white = np.linalg.solve(factor, np.broadcast_to(target[:, None], (len(grid), len(target), 1)))[..., 0]
    score = -0.5 * (white**2).sum(axis=1) - np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    score -= 0.5 * ((np.log(grid / usual) / _USUAL_WIDTH) ** 2).sum(axis=1)
    best = grid[int(score.argmax())]
    return float(best[0]), float(best[1]), float(best[2])


@lru_cache
def _grid() -> np.ndarray:
    return np.array([(a, b, c) for a in _NOISE for b in _SEASON for c in _BEND])
