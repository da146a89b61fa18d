"""How far turnover may lie from its forecast: measured on past errors, wider the further ahead.

An error ``h`` months ahead (of logarithms) is the month's own chance, a level that was not known at the
origin, and what the level wanders after it:  variance(h) = white + level + step · (h − 1).
The three are the most likely ones for the errors at the origins, drawn towards what is usual: a dozen
origins that overlap say little about three years. Scores ``|error| / sd(h)`` of all origins and months ahead
then give the intervals (conformal prediction on scaled errors: Lei et al. 2018), drawn towards Student's t
where they are few: a 95 % bound of a dozen errors is an extrapolation, and is made as one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEVELS = (0.5, 0.8, 0.95)
_USUAL_STEP, _YOUNG_STEP = 0.035, 0.07  # standard deviation of a month's wandering
_USUAL_LEVEL_SHARE = 0.4
_WIDTH = 0.7  # of the priors' logarithms
_SCORES_TRUST = 12.0  # origins' worth of Student's t
_DEGREES = 6.0
OPTIMISM = 1.1
"""The method chosen had small errors in the past partly by luck (benchmarks/plan_forecasts.py)."""
_GRID = 25


@dataclass(frozen=True)
class Spread:
    """Variances of a month's own chance, of the level, and of its wandering per month; scaled bounds."""

    white: float
    level: float
    step: float
    scores: dict[float, float]

    def sd(self, ahead: np.ndarray) -> np.ndarray:
        """Standard deviation of the error ``ahead`` months after the last known one (logarithms)."""
        return np.sqrt(self.white + self.level + self.step * (np.asarray(ahead) - 1))

    def reach(self, ahead: np.ndarray, level: float) -> np.ndarray:
        """How far the interval of ``level`` reaches to each side (logarithms)."""
        return self.scores[level] * self.sd(ahead)


def measured_spread(errors: np.ndarray, noise: float, unseen: float, n: int) -> Spread:
    """The spread from ``errors`` (origins × months ahead, logarithms, NaN unknown).

    Parameters
    ----------
    noise : standard deviation of a month around the fit. unseen : of the season of
        months not seen yet, on top of the errors.
    n : months learnt from.
    """
    usual = noise**2 * (1 + 2 / np.sqrt(max(n, 1)))
    usual_step = (_USUAL_STEP if n >= 24 else _YOUNG_STEP) ** 2
    first, step = _most_likely(errors, usual, usual_step)
    level = _level_part(errors, step) * first
    plain = Spread((first - level) * OPTIMISM**2, level * OPTIMISM**2, step * OPTIMISM**2, {})
    # Errors within a few months cannot show the season of months that nobody has seen.
    return Spread(plain.white + unseen**2, plain.level, plain.step, _scores(errors, plain))


def _most_likely(errors: np.ndarray, usual: float, usual_step: float) -> tuple[float, float]:
    """Variance of the first month and growth per month: largest composite likelihood times the prior."""
    first = usual * np.exp(np.linspace(-2.5, 2.5, _GRID) * _WIDTH * 2)
    step = usual_step * np.exp(np.linspace(-2.0, 2.0, _GRID) * _WIDTH * 2)
    prior = -0.5 * (
        (np.log(first / usual) / (2 * _WIDTH))[:, None] ** 2
        + (np.log(step / usual_step) / (2 * _WIDTH))[None, :] ** 2
    )
    count = np.isfinite(errors).sum(axis=0)
    if not count.any():
        return usual, usual_step
    square = np.nansum(errors**2, axis=0)
    variance = first[:, None, None] + step[None, :, None] * np.arange(errors.shape[1])
    score = -0.5 * (count * np.log(variance) + square / variance).sum(axis=2)
    # Errors of one origin go together: a dozen of them count as about two.
    together = 2 * np.isfinite(errors).any(axis=1).sum() / count.sum()
    at = np.unravel_index(np.argmax(score * min(together, 1.0) + prior), prior.shape)
    return float(first[at[0]]), float(step[at[1]])


def _level_part(errors: np.ndarray, step: float) -> float:
    """Share of the first month's variance that later months have in common."""
    if len(errors) < 3:
        return _USUAL_LEVEL_SHARE
    near, far = errors[:, :-1], errors[:, 1:]
    both = np.isfinite(near) & np.isfinite(far)
    if not both.any():
        return _USUAL_LEVEL_SHARE
    wandering = step * np.broadcast_to(np.arange(near.shape[1]), near.shape)
    common = (near * far - wandering)[both].mean()
    whole = ((near**2 + far**2) / 2 - wandering - step / 2)[both].mean()
    share = float(np.clip(common / whole, 0.0, 0.95)) if whole > 0 else _USUAL_LEVEL_SHARE
    weight = len(errors) / (len(errors) + _SCORES_TRUST)
    return weight * share + (1 - weight) * _USUAL_LEVEL_SHARE


def _scores(errors: np.ndarray, spread: Spread) -> dict[float, float]:
    """Bounds of |error| / sd by level: quantiles of the past's, and Student's t."""
    from scipy.special import stdtrit

    scaled = np.abs(errors) / spread.sd(np.arange(1, errors.shape[1] + 1))
    known = np.sort(scaled[np.isfinite(scaled)])
    origins = int(np.isfinite(errors).any(axis=1).sum())
    weight = origins / (origins + _SCORES_TRUST)
    found = {}
    for level in LEVELS:
        usual = float(stdtrit(_DEGREES, (1 + level) / 2)) * np.sqrt((_DEGREES - 2) / _DEGREES)
        # A quantile needs enough origins on its far side.
        own = weight if origins * (1 - level) >= 1 else 0.0
        rank = min(1.0, level * (1 + 1 / max(origins, 1)))
        found[level] = own * float(np.quantile(known, rank)) + (1 - own) * usual if len(known) else usual
    at = [found[level] for level in LEVELS]
    return dict(zip(LEVELS, np.maximum.accumulate(at).tolist(), strict=True))
