"""Models tried on the last months as if these had not happened yet, and what that says of each product."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from echannel.metrics.counting import divided
from echannel.metrics.inventory import models
from echannel.metrics.inventory.classes import ADI_CUT, variability
from echannel.metrics.inventory.demand import filled
from echannel.metrics.inventory.effects import calendar_effects
from echannel.metrics.result import OK, TOO_FEW

AHEAD = 8  # weeks after each origin: lead times and reviews of small firms
APART = 4
ORIGINS = 4
FEWEST_BEFORE = 12
FEWEST_ERRORS = 100  # of a demand type, for bands of its own
HALVED = ("adida", models.COMBINED)
_TRUST = 48.0  # origins' worth of what the demand type says, against the product's own four
_MOST_APART = 1.0  # of RMSSE: one odd product must not speak for its type
_VARIANCE_TRUST = 8.0
_KINDS = ("smooth", "erratic", "intermittent", "lumpy", "")


@dataclass(frozen=True)
class Trials:
    """Arrays by product, by candidate (a model, with or without the calendar), by origin and by week ahead.

    Attributes
    ----------
    names, calendar : of each candidate, and how much of the calendar's index is in it (0, ½, 1).
    smooth : products that models of continuous demand were tried on.
    kind : demand type of each product before the first origin, as a place in ``_KINDS``.
    loss : products × candidates, RMSSE; NaN where not tried.
    chosen : candidate of each product.
    error, path : of the chosen candidate: products × origins × weeks ahead (forecast − demand).
    actual : demand of these weeks. scale : mean absolute change from week to week before.
    sd_week : standard deviation of the error of a week.
    """

    names: np.ndarray
    calendar: np.ndarray
    smooth: np.ndarray
    kind: np.ndarray
    loss: np.ndarray
    chosen: np.ndarray
    error: np.ndarray
    path: np.ndarray
    actual: np.ndarray
    scale: np.ndarray
    sd_week: np.ndarray
    _bounds: dict[float, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, compare=False)

    @property
    def loss_of_choice(self) -> np.ndarray:
        """The chosen candidate's loss."""
        return self.loss[np.arange(len(self.chosen)), self.chosen]

    @property
    def mase(self) -> np.ndarray:
        """Mean absolute error over the mean absolute change from week to week before the first origin."""
        return divided(_mean(np.abs(self.error), (1, 2)), self.scale)

    @property
    def bias(self) -> np.ndarray:
        """Mean error over mean demand of the same weeks."""
        return divided(_mean(self.error, (1, 2)), _mean(self.actual, (1, 2)))

    @cached_property
    def _scores(self) -> np.ndarray:
        return self.error / self._spread(self.path)

    def _spread(self, paths: np.ndarray) -> np.ndarray:
        """Standard deviation of each week's error: larger in weeks of more demand, as its root."""
        level = paths.mean(axis=-1, keepdims=True)
        relative = np.clip(divided(paths, np.broadcast_to(level, paths.shape)), 0.25, 9.0)
        sd = self.sd_week.reshape(-1, *[1] * (paths.ndim - 1))
        return np.maximum(sd, 1e-9) * np.sqrt(np.where(np.isfinite(relative), relative, 1.0))

    def band(self, paths: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of ``paths`` that, by past errors of the demand type, hold ``level`` of the weeks."""
        low, high = _quantiles(self._scores, self.kind, level)
        return _bounded(paths, self._spread(paths), low[self.kind], high[self.kind])

    def coverage(self, levels: tuple[float, ...]) -> pd.DataFrame:
        """How often bands held on each origin's weeks, made from the errors of the other origins."""
        rows = []
        for level in levels:
            held = total = 0
            for place in range(self.error.shape[1]):
                others = np.delete(self._scores, place, axis=1)
                if not np.isfinite(others).any():
                    continue
                low, high = _quantiles(others, self.kind, level)
                path, actual = self.path[:, place], self.actual[:, place]
                least, most = _bounded(path, self._spread(path), low[self.kind], high[self.kind])
                seen = np.isfinite(actual) & np.isfinite(path)
                held += int(((actual >= least - 1e-9) & (actual <= most + 1e-9) & seen).sum())
                total += int(seen.sum())
            enough = total >= FEWEST_ERRORS
            rows.append(
                {
                    "level": level,
                    "value": held / total if enough else np.nan,
                    "n": total,
                    "status": OK if enough else TOO_FEW,
                    "reason": "" if enough else "reason.weeks_few",
                }
            )
        return pd.DataFrame(rows)

    def table(self, told: np.ndarray) -> pd.DataFrame:
        """Mean loss of every candidate by demand type, over products that all of them could be tried on."""
        rows = []
        for place, kind in enumerate(_KINDS[:-1]):
            mine = told & (self.kind == place)
            for column, name in enumerate(self.names):
                loss = self.loss[mine, column]
                rows.append(
                    {
                        "demand_type": kind,
                        "model": name,
                        "calendar": float(self.calendar[column]),
                        "loss": float(_mean(loss, 0)),
                        "n": int(np.isfinite(loss).sum()),
                        "chosen": int((self.chosen[mine] == column).sum()),
                    }
                )
        frame = pd.DataFrame(rows)
        return frame[(frame["n"] > 0) | (frame["chosen"] > 0)].reset_index(drop=True)


def try_models(weeks: pd.DataFrame, categories: pd.Series, events: pd.DataFrame) -> Trials:
    """Every candidate at up to four origins, four weeks apart, eight weeks ahead; one chosen per product.

    Nothing after the first origin goes into the calendar's index, the scales or the fitted parameters. A
    product's few errors are drawn towards what holds for its demand type: how much its losses lie above or
    below the combination's is averaged with the type's mean, which counts as much as 48 origins.
    """
    values = weeks.to_numpy(dtype="float64")
    origins = _origins(values.shape[1])
    first = int(origins[0]) if len(origins) else values.shape[1]
    before = weeks.iloc[:, :first]
    shape = variability(before.iloc[:, -2 * models.YEAR_WEEKS :])
    kind = np.array([_KINDS.index(one) for one in shape["demand_type"]], dtype="int64")
    smooth = (shape["adi"] < ADI_CUT).to_numpy(dtype=bool)
    starts = np.isfinite(values).argmax(axis=1) if values.shape[1] else np.zeros(len(values), dtype="int64")
    enough = np.isfinite(values[:, :first]).sum(axis=1) >= FEWEST_BEFORE
    names, calendar, paths = _candidates(weeks, categories, events, origins, starts, smooth)
    actual = _windows(values, origins)
    paths[:, ~enough] = np.nan
    error = paths - actual[None]
    change = np.diff(values[:, :first], axis=1)
    rms = np.sqrt(_mean(change**2, 1))
    loss = divided(np.sqrt(_mean(error**2, (2, 3))), np.broadcast_to(rms, error.shape[:2])).T
    tried = np.isfinite(error).any(axis=3).sum(axis=2).max(axis=0, initial=0)
    chosen = _chosen(loss, kind, tried, int(np.flatnonzero(names == models.COMBINED)[-1]))
    own = np.arange(len(values))
    taken = error[chosen, own]
    return Trials(
        names,
        calendar,
        smooth,
        kind,
        loss,
        chosen,
        taken,
        paths[chosen, own],
        np.where(np.isfinite(taken), actual, np.nan),
        _mean(np.abs(change), 1),
        _sd_week(taken, values, kind),
    )


def _origins(width: int) -> np.ndarray:
    """Numbers of weeks known at each origin; the last eight weeks lie after the last one."""
    found = [width - AHEAD - APART * back for back in range(ORIGINS)]
    return np.array(sorted(origin for origin in found if origin >= FEWEST_BEFORE), dtype="int64")


def _candidates(
    weeks: pd.DataFrame,
    categories: pd.Series,
    events: pd.DataFrame,
    origins: np.ndarray,
    starts: np.ndarray,
    smooth: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Names, how much of the calendar is in each, and paths: candidates × products × origins × weeks."""
    values = weeks.to_numpy(dtype="float64")
    first = int(origins[0]) if len(origins) else values.shape[1]
    plain = filled(values)
    found = models.paths_at(plain, starts, origins, AHEAD, smooth)
    found[models.SEASONAL_NAIVE] = models.seasonal_naive(plain, starts, origins, AHEAD)
    tried = [(name, 0.0, found[name]) for name in models.MODELS]
    effects = calendar_effects(weeks.iloc[:, :first], categories, events, values.shape[1] - first)
    index = effects.of(categories, weeks.columns.to_numpy())
    if len(origins) and not np.allclose(index, 1.0):
        ahead = _windows(index, origins)
        seasonal = models.paths_at(filled(values / index), starts, origins, AHEAD, smooth)
        seasonal = {name: paths * ahead for name, paths in seasonal.items()}
        tried += [(name, 1.0, seasonal[name]) for name in models.MODELS if name != models.SEASONAL_NAIVE]
        # Half of each is less wrong where nobody knows whether the season comes back.
        tried += [(name, 0.5, (found[name] + seasonal[name]) / 2) for name in HALVED]
    names, calendar, paths = zip(*tried, strict=True)
    return np.array(names), np.array(calendar), np.stack(paths)


def _windows(values: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """The weeks after each origin: products × origins × weeks ahead."""
    return values[:, origins[:, None] + np.arange(AHEAD)[None, :]]


def _chosen(loss: np.ndarray, kind: np.ndarray, tried: np.ndarray, base: int) -> np.ndarray:
    """The candidate of each product, by its own losses drawn towards its demand type's; else ``base``."""
    relative = np.clip(loss - loss[:, [base]], -_MOST_APART, _MOST_APART)
    overall = _mean(relative, 0)
    chosen = np.full(len(loss), base)
    for place in range(len(_KINDS)):
        mine = kind == place
        seen = np.isfinite(relative[mine]).sum(axis=0)
        of_kind = np.where(seen >= 5, _mean(relative[mine], 0), overall)
        own = relative[mine]
        weight = np.where(np.isfinite(own), tried[mine][:, None], 0.0)
        score = (weight * np.nan_to_num(own) + _TRUST * of_kind) / (weight + _TRUST)
        usable = np.isfinite(own) if len(own) else own.astype(bool)
        score = np.where(usable & np.isfinite(score), score, np.inf)
        best = score.argmin(axis=1) if len(score) else np.zeros(0, dtype="int64")
        chosen[mine] = np.where(np.isfinite(score).any(axis=1), best, base)
    return chosen


def _sd_week(error: np.ndarray, values: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Root mean squared error of a week, drawn towards what the type's errors are to its variance."""
    recent = values[:, -models.YEAR_WEEKS :]
    mean = _mean(recent, 1)
    spread = np.maximum(_mean((recent - mean[:, None]) ** 2, 1), mean)  # chance alone makes that much
    mse, count = _mean(error**2, (1, 2)), np.isfinite(error).sum(axis=(1, 2))
    ratio = divided(mse, spread)
    usual = float(np.nanmedian(ratio)) if np.isfinite(ratio).any() else 1.0
    of_kind = np.full(len(_KINDS), usual)
    for place in range(len(_KINDS)):
        mine = ratio[kind == place]
        if np.isfinite(mine).sum() >= 5:
            of_kind[place] = np.nanmedian(mine)
    expected = of_kind[kind] * spread
    pooled = (np.nan_to_num(mse) * count + _VARIANCE_TRUST * expected) / (count + _VARIANCE_TRUST)
    return np.sqrt(pooled)


def _quantiles(scores: np.ndarray, kind: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Of demand minus forecast, in standard deviations: the band that holds ``level`` of them, by type."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    known = -scores[np.isfinite(scores)]
    whole = np.quantile(known, tails) if len(known) else np.array([-1.0, 1.0]) * _normal(level)
    found = np.tile(whole, (len(_KINDS), 1))
    for place in range(len(_KINDS)):
        mine = scores[kind == place]
        mine = -mine[np.isfinite(mine)]
        if len(mine) >= FEWEST_ERRORS:
            found[place] = np.quantile(mine, tails)
    return found[:, 0], found[:, 1]


def _normal(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))


def _bounded(
    paths: np.ndarray, spread: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds around the path, never below nothing and never on the path's wrong side."""
    least = np.maximum(paths + low[:, None] * spread, 0.0)
    return np.minimum(least, paths), np.maximum(paths + high[:, None] * spread, paths)


def _mean(values: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Mean of the known values; NaN where there are none."""
    known = np.isfinite(values)
    return divided(np.where(known, values, 0.0).sum(axis=axis), known.sum(axis=axis))
