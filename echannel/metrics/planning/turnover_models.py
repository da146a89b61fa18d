"""Forecasting models of a monthly series, run at several points of the past.

All work on the same preparation (``Prepared``): logarithms of turnover, less trading days, season and events,
less months that stand out, and lifted over level shifts. AutoETS, AutoTheta and AutoARIMA are
``statsforecast``'s; the seasonal naive is the same month of the year before, as it was.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from echannel.metrics.planning.breaks import find_breaks
from echannel.metrics.planning.season import LONGEST, Fit, Peers

ETS, THETA, ARIMA, NAIVE = "auto_ets", "auto_theta", "auto_arima", "seasonal_naive"
COMBINED, LEVEL = "combined", "level"
METHODS = (ETS, THETA, ARIMA, NAIVE, COMBINED)
SHORT_METHODS = (LEVEL,)
FEWEST_FOR_MODELS = 13
_LOWEST_SHARE = 0.05  # of the median month: below it logarithms say nothing
_DAMPED = 0.9  # of each month's growth left in the next: no trend goes on for three years


@dataclass(frozen=True)
class Prepared:
    """What models see of the months up to an origin, and how their forecasts become turnover again.

    ``level`` logarithms without season, calendar and breaks (unknown months filled); ``raw`` turnover with
    unknown months filled; ``calendar`` log index of all months, those to come too; ``usual`` logarithms of
    what each month would have been without chance and without standing out.
    """

    level: np.ndarray
    raw: np.ndarray
    calendar: np.ndarray
    usual: np.ndarray
    fit: Fit
    breaks: pd.DataFrame


def prepare(
    turnover: np.ndarray, months: np.ndarray, calendar: pd.DataFrame, horizon: int, peers: Peers | None
) -> Prepared:
    """The months known at an origin, and the calendar of these and of ``horizon`` months to come.

    ``calendar``: see ``history.month_calendar``; it must reach from the first month to the last to come.
    """
    at = int(months[0]) - int(calendar["month"].iloc[0])
    rows = calendar.iloc[at : at + len(months) + horizon]
    names = [name for name in rows if name not in ("month", "trading")]
    trading, events = np.log(rows["trading"].to_numpy()), rows[names].to_numpy(dtype="float64")
    logs = in_logs(turnover)
    n, recent = len(months), max(0, len(months) - LONGEST)
    fit, breaks = find_breaks((logs - trading[:n])[recent:], months[recent:], events[recent:n], peers)
    index = trading + fit.calendar(rows["month"].to_numpy(), events)
    outlying = np.isin(months, breaks["month"][(breaks["kind"] != "level_shift").to_numpy()])
    shifts = breaks[(breaks["kind"] == "level_shift").to_numpy()]
    since = months[:, None] < shifts["month"].to_numpy()[None, :]
    lift = since @ np.log(shifts["factor"].to_numpy(dtype="float64"))
    expected = np.r_[np.full(recent, np.nan), fit.expected + trading[recent:n]]
    filled = np.where(outlying | ~np.isfinite(logs), expected, logs)
    return Prepared(
        filled - index[:n] + lift,
        np.where(np.isfinite(turnover), turnover, np.exp(expected)),
        index,
        expected,
        fit,
        breaks,
    )


def in_logs(turnover: np.ndarray) -> np.ndarray:
    """Logarithms; months of next to nothing (or of more refunds than sales) as a twentieth of the median."""
    usual = np.nanmedian(turnover)
    return np.log(np.maximum(turnover, _LOWEST_SHARE * usual))


def forecasts(
    prepared: Prepared, horizon: int, fitted: dict[str, Any] | None = None
) -> dict[str, np.ndarray]:
    """Logarithms of the next ``horizon`` months' turnover by method.

    ``fitted`` carries AutoARIMA's order from an earlier origin: searching it anew at each would take most of
    the time that a whole plan may take.
    """
    level = prepared.level
    ahead = prepared.calendar[len(level) :][:horizon]
    if len(level) < FEWEST_FOR_MODELS:
        return {LEVEL: _recent_level(prepared) + ahead}
    made = {name: _damped(level, path) for name, path in _models(level, horizon, fitted).items()}
    found = {name: path + ahead for name, path in made.items()}
    found[NAIVE] = in_logs_of(seasonal_naive(prepared.raw, horizon), prepared.raw)
    found[COMBINED] = np.mean([found[name] for name in (ETS, THETA, ARIMA) if name in found], axis=0)
    return found


def in_logs_of(path: np.ndarray, turnover: np.ndarray) -> np.ndarray:
    """Logarithms of a path, no lower than a twentieth of the median of ``turnover``."""
    return np.log(np.maximum(path, _LOWEST_SHARE * np.median(turnover)))


def seasonal_naive(turnover: np.ndarray, horizon: int) -> np.ndarray:
    """The same month of the last known year."""
    ahead = np.arange(horizon)
    return turnover[len(turnover) - 12 + ahead % 12]


def _recent_level(prepared: Prepared) -> float:
    """Mean of the last half year, the latest months counting most."""
    recent = prepared.level[-6:]
    weight = 0.75 ** np.arange(len(recent))[::-1]
    return float((recent * weight).sum() / weight.sum())


def _damped(level: np.ndarray, path: np.ndarray) -> np.ndarray:
    """A path whose month-by-month growth fades."""
    steps = np.diff(np.r_[level[-1], path])
    first = path[0]
    return first + np.r_[0.0, np.cumsum(steps[1:] * _DAMPED ** np.arange(1, len(path)))]


def _models(level: np.ndarray, horizon: int, fitted: dict[str, Any] | None) -> dict[str, np.ndarray]:
    from statsforecast.models import AutoARIMA, AutoETS, AutoTheta

    made: dict[str, np.ndarray] = {}
    base = level.mean()
    series = np.exp(level - base)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, build in (
            (ETS, lambda: AutoETS(season_length=1, model="ZZN")),
            (THETA, lambda: AutoTheta(season_length=1)),
        ):
            path = _tried(lambda build=build: build().forecast(y=series, h=horizon)["mean"])
            if path is not None and (path > 0).all():
                made[name] = np.log(path) + base
        store = {} if fitted is None else fitted
        model = store.get(ARIMA)
        if model is None:
            path = _tried(lambda: _fit_arima(AutoARIMA, level - base, store).predict(h=horizon)["mean"])
        else:
            path = _tried(lambda: model.forward(y=level - base, h=horizon)["mean"])
        if path is not None:
            made[ARIMA] = path + base
    return made


def _fit_arima(kind: Any, level: np.ndarray, store: dict[str, Any]) -> Any:
    store[ARIMA] = kind(season_length=1, max_p=3, max_q=3, seasonal=False).fit(y=level)
    return store[ARIMA]


def _tried(run: Any) -> np.ndarray | None:
    """A model that fails on a series is out for it."""
    try:
        path = np.asarray(run(), dtype="float64")
    except Exception:  # a library's numerical failure must not cost the other models
        return None
    return path if np.isfinite(path).all() else None
