"""Monthly turnover to come: models tried on the past, one chosen, and how far reality may lie from it.

At each of up to twelve origins of the past, everything is done anew with what was known then (breaks, season,
calendar, models), and the forecasts of the months after it are set against what came. The errors choose the
method and measure the intervals; both are drawn towards what is usual where the errors are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from echannel.metrics.planning import turnover_models as models
from echannel.metrics.planning.history import fitted_months
from echannel.metrics.planning.season import Fit, Peers
from echannel.metrics.planning.spread import LEVELS, Spread, measured_spread
from echannel.metrics.result import OK, TOO_FEW

HORIZON = 36
FEWEST_MONTHS = 3
AHEAD = 12  # months after an origin that are looked at
_ORIGINS = 12
_RARE = 1 / 3  # months without turnover: more, and there is no level to tell
_TRUST = 24.0  # origins' worth of "the combination is best"
_HANDICAP = {models.COMBINED: 0.0, models.NAIVE: 0.15}  # of error, before any origin
_OTHERS = 0.05  # of the methods that the combination is made of
_Z = 4.5
_SEASON_SEEN = 18  # months after which errors themselves tell of the season
_USUAL_SEASON = 0.25  # of logarithms: how far months lie apart that nobody has seen twice


@dataclass(frozen=True)
class TurnoverForecast:
    """A forecast of monthly turnover, ex VAT, in the reporting currency; frames, so that it can be kept.

    Attributes
    ----------
    months : one row per month to come: ``month``, ``mean`` (the central forecast: as likely too high as too
        low), ``low50``, ``high50``, ``low80``, ``high80``, ``low95``, ``high95``.
    past : ``month``, ``turnover``, ``expected`` (level, season and calendar without chance), ``complete``,
        ``gap``.
    methods : per method ``mase`` (mean absolute error over the mean absolute change from the same month of
        the year before; from the month before, where there is less than a year and a half), ``relative``
        (error over that of the same month of the year before, on the same months), ``n`` (months judged),
        ``chosen``.
    breaks : ``month``, ``kind`` (outlier, level_shift, gap), ``factor``, ``n``.
    effects : calendar effects: ``name``, ``value`` (factor on a month by one week of it; Easter: by all of
        it), ``n`` (years seen), ``status``, ``reason``.
    facts : one row: ``choice``, ``season`` (own, own_and_peers, peers, none), ``level_variance``,
        ``step_variance``, ``white_variance``, ``origins``, ``n`` (months learnt from), ``status``,
        ``reason``.
    """

    months: pd.DataFrame
    past: pd.DataFrame
    methods: pd.DataFrame
    breaks: pd.DataFrame
    effects: pd.DataFrame
    facts: pd.DataFrame

    @property
    def choice(self) -> str:
        """The chosen method; "" where there is no forecast."""
        return str(self.facts["choice"].iloc[0])

    @property
    def season(self) -> str:
        """Where the season comes from: own, own_and_peers, peers, none."""
        return str(self.facts["season"].iloc[0])

    @property
    def n(self) -> int:
        """Months learnt from."""
        return int(self.facts["n"].iloc[0])

    @property
    def status(self) -> str:
        """ok, or why there is no forecast."""
        return str(self.facts["status"].iloc[0])

    @property
    def reason(self) -> str:
        """Catalogue key of the reason; "" when ok."""
        return str(self.facts["reason"].iloc[0])

    @property
    def start(self) -> int:
        """The first month to come: the one after the last complete month. -1 without a forecast."""
        return int(self.months["month"].iloc[0]) if len(self.months) else -1

    @property
    def mean(self) -> np.ndarray:
        """The central forecast of each month, ``(months,)``."""
        return self.months["mean"].to_numpy()

    @cached_property
    def quantiles(self) -> pd.DataFrame:
        """``month``, ``level`` (0.5, 0.8, 0.95), ``low``, ``high``: where reality lies so often."""
        parts = [
            pd.DataFrame(
                {
                    "month": self.months["month"],
                    "level": level,
                    "low": self.months[f"low{level * 100:.0f}"],
                    "high": self.months[f"high{level * 100:.0f}"],
                }
            )
            for level in LEVELS
        ]
        return pd.concat(parts, ignore_index=True)

    def since(self, month: int, months: int = HORIZON) -> TurnoverForecast:
        """The same forecast from a later month on, as many months as asked for (or as there are)."""
        rows = self.months[(self.months["month"] >= month).to_numpy()].head(months)
        return TurnoverForecast(
            rows.reset_index(drop=True), self.past, self.methods, self.breaks, self.effects, self.facts
        )

    def paths(self, n: int, seed: int) -> np.ndarray:
        """``(n, months)`` turnovers as they may come: errors of neighbouring months go together.

        An error is a level that wanders (common to all later months) and chance of the month; its share of
        the variance is that of past errors. Each month's quantiles are the intervals' (a Gaussian copula
        with the intervals' marginals). The same paths are asked for by scenarios, doubts and ranges: they
        are drawn once, and nobody may write into them.
        """
        if (n, seed) not in self._drawn:
            paths = self._draw(n, seed)
            paths.flags.writeable = False
            self._drawn[n, seed] = paths
        return self._drawn[n, seed]

    @cached_property
    def _drawn(self) -> dict[tuple[int, int], np.ndarray]:
        return {}

    def _draw(self, n: int, seed: int) -> np.ndarray:
        t = len(self.months)
        if not t:
            return np.zeros((n, 0))
        draws = np.random.default_rng(seed).standard_normal((2, n, t))
        fact = self.facts.iloc[0]
        level, step, white = (float(fact[f"{name}_variance"]) for name in ("level", "step", "white"))
        later = np.arange(t) + int(self.months["month"].iloc[0]) - int(self.past["month"].iloc[-1])
        steps = np.full(t, step)
        steps[0] = level + step * max(0, int(later[0]) - 1)
        wander = np.cumsum(draws[0] * np.sqrt(steps), axis=1)
        score = (wander + draws[1] * np.sqrt(white)) / np.sqrt(np.cumsum(steps) + white)
        knots, values = self._knots
        return np.column_stack(
            [mean * np.exp(np.interp(score[:, at], knots, values[at])) for at, mean in enumerate(self.mean)]
        )

    @property
    def _knots(self) -> tuple[np.ndarray, np.ndarray]:
        """Normal scores, and at each the logarithm of turnover over the mean, by month."""
        from scipy.special import ndtri

        high = ndtri((1 + np.array(LEVELS)) / 2)
        at = np.r_[-high[::-1], 0.0, high]
        mean = self.mean
        low = [np.log(self.months[f"low{level * 100:.0f}"] / mean) for level in sorted(LEVELS, reverse=True)]
        top = [np.log(self.months[f"high{level * 100:.0f}"] / mean) for level in sorted(LEVELS)]
        values = np.column_stack([*low, np.zeros(len(mean)), *top])
        first = values[:, 0] + (values[:, 0] - values[:, 1]) / (at[1] - at[0]) * (_Z + at[0])
        last = values[:, -1] + (values[:, -1] - values[:, -2]) / (at[-1] - at[-2]) * (_Z - at[-1])
        return np.r_[-_Z, at, _Z], np.column_stack([first, values, last])


def forecast_turnover(
    history: pd.DataFrame,
    calendar: pd.DataFrame,
    horizon: int = HORIZON,
    peers: Peers | None = None,
) -> TurnoverForecast:
    """The forecast of the months after the last complete one.

    Parameters
    ----------
    history : see ``history.monthly``. calendar : see ``history.month_calendar``; from the first month of
        ``history`` to ``horizon`` months after its last. peers : the seasonal shape of similar firms.

    With fewer than three complete months, or with a third of them without turnover, there is none, and a
    reason.
    """
    frame = fitted_months(history)
    values = frame["turnover"].to_numpy(dtype="float64")
    known = int(np.isfinite(values).sum())
    if known < FEWEST_MONTHS:
        return _none(history, known, "reason.few_months_to_forecast")
    if (values[np.isfinite(values)] <= 0).mean() > _RARE:
        return _none(history, known, "reason.turnover_too_rare")
    months = frame["month"].to_numpy()
    trials = _trials(values, months, calendar, peers)
    prepared = models.prepare(values, months, calendar, horizon, peers)
    found = models.forecasts(prepared, horizon)
    choice = _chosen(trials, found)
    spread = _spread(trials, choice, prepared.fit, len(months), peers)
    center, ahead = np.exp(found[choice]), np.arange(1, horizon + 1)
    bounds = {}
    for level in LEVELS:
        reach = spread.reach(ahead, level)
        bounds[f"low{level * 100:.0f}"] = center * np.exp(-reach)
        bounds[f"high{level * 100:.0f}"] = center * np.exp(reach)
    coming = pd.DataFrame({"month": months[-1] + ahead, "mean": center, **bounds})
    facts = _facts(
        choice=choice,
        season=_season_source(known, peers),
        level_variance=spread.level,
        step_variance=spread.step,
        white_variance=spread.white,
        origins=len(trials.origins),
        n=known,
        status=OK,
        reason="",
    )
    return TurnoverForecast(
        coming,
        _past(history, frame, prepared),
        trials.table(choice),
        prepared.breaks,
        _effects(prepared.fit, calendar, months),
        facts,
    )


@dataclass(frozen=True)
class _Trials:
    """Errors by method: origins × months ahead; NaN where not known. ``scale``: of the scaled error."""

    origins: np.ndarray
    log_error: dict[str, np.ndarray]
    error: dict[str, np.ndarray]
    scale: float

    def mase(self, name: str) -> float:
        """Mean absolute scaled error."""
        error = np.abs(self.error[name]) if name in self.error else np.array([np.nan])
        return float(np.nanmean(error) / self.scale) if np.isfinite(error).any() else np.nan

    def table(self, choice: str) -> pd.DataFrame:
        names = list(self.error)
        naive = self.mase(models.NAIVE)
        mase = np.array([self.mase(name) for name in names], dtype="float64")
        return pd.DataFrame(
            {
                "method": np.array(names, dtype=object),
                "mase": mase,
                "relative": mase / naive,
                "n": [int(np.isfinite(self.error[name]).sum()) for name in names],
                "chosen": [name == choice for name in names],
            }
        )


def _trials(values: np.ndarray, months: np.ndarray, calendar: pd.DataFrame, peers: Peers | None) -> _Trials:
    n = len(values)
    origins = _origins(n)
    log_error: dict[str, np.ndarray] = {}
    error: dict[str, np.ndarray] = {}
    fitted: dict[str, Any] = {}
    for place, origin in enumerate(origins):
        ahead = min(AHEAD, n - origin)
        known = values[:origin]
        if np.isfinite(known).sum() < FEWEST_MONTHS or np.nanmedian(known) <= 0:
            continue
        prepared = models.prepare(known, months[:origin], calendar, ahead, peers)
        actual = values[origin : origin + ahead]
        logs = models.in_logs_of(actual, known[np.isfinite(known)])
        for name, path in models.forecasts(prepared, ahead, fitted).items():
            for store, miss in ((log_error, logs - path), (error, actual - np.exp(path))):
                rows = store.setdefault(name, np.full((len(origins), AHEAD), np.nan))
                rows[place, :ahead] = miss
    return _Trials(origins, log_error, error, scale_of(values[: int(origins[0])] if len(origins) else values))


def _origins(n: int) -> np.ndarray:
    """How many months are known at each origin."""
    first = models.FEWEST_FOR_MODELS if n > models.FEWEST_FOR_MODELS + 2 else FEWEST_MONTHS
    if n >= 60:
        return np.arange(n - 2 * _ORIGINS, n, 2)
    return np.arange(max(first, n - _ORIGINS), n)


def scale_of(values: np.ndarray) -> float:
    """Mean absolute change from the same month of the year before (or the month before, with few years)."""
    lag = 12 if len(values) >= 18 else 1
    change = np.abs(values[lag:] - values[:-lag])
    known = change[np.isfinite(change)]
    return float(known.mean()) if len(known) and known.mean() > 0 else float(np.nanmean(np.abs(values)))


def _chosen(trials: _Trials, found: dict[str, np.ndarray]) -> str:
    """The method of the smallest error, drawn towards the combination's where origins are few."""
    if models.COMBINED not in found:
        return next(iter(found))
    base = trials.mase(models.COMBINED)
    if not np.isfinite(base):
        return models.COMBINED
    weight = len(trials.origins) / (len(trials.origins) + _TRUST)
    score = {
        name: weight * (trials.mase(name) / base - 1) + (1 - weight) * _HANDICAP.get(name, _OTHERS)
        for name in found
        if np.isfinite(trials.mase(name))
    }
    return min(score, key=lambda name: score[name])


def _spread(trials: _Trials, choice: str, fit: Fit, n: int, peers: Peers | None) -> Spread:
    errors = trials.log_error.get(choice, np.full((0, AHEAD), np.nan))
    season = max(fit.season_sd, _USUAL_SEASON) if peers is None else peers.spread
    unseen = season * max(0, _SEASON_SEEN - n) / _SEASON_SEEN
    return measured_spread(errors, fit.noise, unseen, n)


def _season_source(known: int, peers: Peers | None) -> str:
    if known >= 24 and peers is None:
        return "own"
    if peers is None:
        return "own" if known >= 13 else "none"
    return "own_and_peers" if known >= 13 else "peers"


def _past(history: pd.DataFrame, frame: pd.DataFrame, prepared: models.Prepared) -> pd.DataFrame:
    fitted = dict(zip(frame["month"], np.exp(prepared.usual), strict=True))
    past = history[["month", "turnover", "complete", "gap"]].reset_index(drop=True)
    past = past[(past["month"] <= int(frame["month"].iloc[-1])).to_numpy()]
    expected = past["month"].map(fitted).astype("float64")
    return past.assign(expected=expected)[["month", "turnover", "expected", "complete", "gap"]]


def _effects(fit: Fit, calendar: pd.DataFrame, months: np.ndarray) -> pd.DataFrame:
    names = [name for name in calendar if name not in ("month", "trading")]
    seen = calendar[calendar["month"].isin(months).to_numpy()]
    years = [int((seen[name] > 0).groupby(seen["month"] // 12).any().sum()) for name in names]
    enough = np.array(years, dtype="int64") >= 2
    return pd.DataFrame(
        {
            "name": np.array(names, dtype=object),
            "value": np.where(enough, np.exp(fit.event_sizes), np.nan),
            "n": years,
            "status": np.where(enough, OK, TOO_FEW),
            "reason": np.where(enough, "", "reason.two_years_for_the_calendar"),
        }
    )


def _facts(**values: object) -> pd.DataFrame:
    return pd.DataFrame([values])


def _none(history: pd.DataFrame, known: int, reason: str) -> TurnoverForecast:
    columns = ["mean", *(f"{side}{level * 100:.0f}" for level in LEVELS for side in ("low", "high"))]
    coming = pd.DataFrame({"month": np.zeros(0, dtype="int64"), **{name: np.zeros(0) for name in columns}})
    past = history[["month", "turnover", "complete", "gap"]].assign(expected=np.nan)
    methods = pd.DataFrame({"method": [], "mase": [], "relative": [], "n": [], "chosen": []})
    breaks = pd.DataFrame({"month": [], "kind": [], "factor": [], "n": []})
    effects = pd.DataFrame({"name": [], "value": [], "n": [], "status": [], "reason": []})
    facts = _facts(
        choice="",
        season="none",
        level_variance=np.nan,
        step_variance=np.nan,
        white_variance=np.nan,
        origins=0,
        n=known,
        status=TOO_FEW,
        reason=reason,
    )
    return TurnoverForecast(coming, past, methods, breaks, effects, facts)
