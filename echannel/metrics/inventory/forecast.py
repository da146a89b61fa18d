"""Forecasts per product and week: models tried on the past, one chosen per product, bands that held.

The loss is the RMSSE of Hyndman and Koehler's scaled errors as the M5 competition used it (Makridakis,
Spiliotis and Assimakopoulos 2022): root mean squared error over the weeks after each origin, over the root
mean squared change from week to week before the first. A mean absolute error would be least for the median,
which is 0 for a product that sells in fewer than half of the weeks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.inventory import models
from echannel.metrics.inventory.classes import variability
from echannel.metrics.inventory.demand import FEWEST_SALES, Demand, filled
from echannel.metrics.inventory.effects import calendar_effects
from echannel.metrics.inventory.newcomers import newcomer_paths
from echannel.metrics.inventory.panels import WEEK
from echannel.metrics.inventory.trials import Trials, try_models
from echannel.metrics.result import OK, TOO_FEW

FEWEST_WEEKS = 12  # known weeks for a forecast of a product's own
CATEGORY = "category"
LEVELS = (0.8, 0.95)


@dataclass(frozen=True)
class Forecasts:
    """Frames only, so that they can be kept on disk.

    Attributes
    ----------
    choice : index ``product_id``: ``model`` (of ``models.MODELS``, or "category" for newcomers),
        ``calendar`` (how much of the calendar's index is in it: 0, ½ or 1), ``loss`` (RMSSE on the past),
        ``mase`` (mean absolute error on the past over that of "as last week" before; below 1 = better),
        ``n`` (known weeks), ``per_week`` (mean of the path), ``sd_week`` (standard deviation of the error
        of one week), ``bias`` (mean error over mean demand on the past), ``demand_type``, ``value`` (=
        ``per_week``), ``status``, ``reason``.
    paths : ``product_id``, ``week`` (int Monday), ``mean``, ``low80``, ``high80``, ``low95``, ``high95``;
        units per week, never negative.
    coverage : ``level``, ``value`` (share of past weeks within bands made from other weeks), ``n``,
        ``status``, ``reason``.
    table : ``demand_type``, ``model``, ``calendar``, ``loss`` (mean over products), ``n`` (products tried),
        ``chosen`` (products that take it).
    """

    choice: pd.DataFrame
    paths: pd.DataFrame
    coverage: pd.DataFrame
    table: pd.DataFrame


def forecast(demand: Demand, items: pd.DataFrame, events: pd.DataFrame, horizon: int = 26) -> Forecasts:
    """Demand of every product for the ``horizon`` weeks after the last whole one.

    Needs four days with a sale, and twelve known weeks for a forecast of the product's own; a younger
    product takes its category's curve. Products no longer sold get none.

    Parameters
    ----------
    items : ``category``, ``active`` by product. events : see ``effects.calendar_events``.
    """
    weeks = demand.weeks
    categories = items["category"].reindex(weeks.index).astype(object).fillna("").astype(str)
    shape = variability(weeks.iloc[:, -2 * models.YEAR_WEEKS :])
    trials = try_models(weeks, categories, events)
    own = _known(weeks) >= FEWEST_WEEKS
    sold = (demand.sale_days.reindex(weeks.index) >= FEWEST_SALES).to_numpy()
    active = items["active"].reindex(weeks.index).fillna(True).to_numpy(dtype=bool)
    told = sold & active & (weeks.shape[1] > 0)
    paths, calendar = _paths(weeks, categories, events, trials, own & told, told & ~own, horizon)
    mean = paths.mean(axis=1) if horizon else np.full(len(weeks), np.nan)
    told = told & np.isfinite(mean)
    model = np.where(own, trials.names[trials.chosen], CATEGORY)
    choice = pd.DataFrame(
        {
            "model": np.where(told, model, ""),
            "calendar": np.where(told, calendar, 0.0),
            "loss": np.where(own, trials.loss_of_choice, np.nan),
            "mase": np.where(own, trials.mase, np.nan),
            "n": _known(weeks),
            "per_week": np.where(told, mean, np.nan),
            "sd_week": np.where(told, trials.sd_week, np.nan),
            "bias": np.where(own, trials.bias, np.nan),
            "demand_type": shape["demand_type"].to_numpy(),
            "value": np.where(told, mean, np.nan),
            "status": np.where(told, OK, TOO_FEW),
            "reason": _reasons(told, active, sold),
        },
        index=weeks.index,
    )
    return Forecasts(
        choice, _long(weeks, paths, told, trials), trials.coverage(LEVELS), trials.table(own & told)
    )


def _known(weeks: pd.DataFrame) -> np.ndarray:
    return np.isfinite(weeks.to_numpy()).sum(axis=1)


def _reasons(told: np.ndarray, active: np.ndarray, sold: np.ndarray) -> np.ndarray:
    return np.select(
        [told, ~active, ~sold], ["", "reason.not_on_offer", "reason.few_sales"], "reason.few_weeks_in_stock"
    )


def _paths(
    weeks: pd.DataFrame,
    categories: pd.Series,
    events: pd.DataFrame,
    trials: Trials,
    own: np.ndarray,
    young: np.ndarray,
    horizon: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Each product's path by its chosen model, and how much of the calendar is in it."""
    found = np.full((len(weeks), horizon), np.nan)
    calendar = np.where(own, trials.calendar[trials.chosen], 0.0)
    if not len(weeks) or not weeks.shape[1]:
        return found, calendar
    effects = calendar_effects(weeks, categories, events, horizon)
    span = np.r_[weeks.columns.to_numpy(), int(weeks.columns[-1]) + WEEK * np.arange(1, horizon + 1)]
    index = effects.of(categories, span)
    past, ahead = index[:, : weeks.shape[1]], index[:, weeks.shape[1] :]
    values = weeks.to_numpy(dtype="float64")
    starts = np.isfinite(values).argmax(axis=1)
    origin = np.array([weeks.shape[1]])
    for share in (0.0, 1.0):  # of the calendar; half of it is the mean of both
        rows = np.flatnonzero(own & (np.abs(calendar - share) < 1))
        level = filled(values[rows] / (past[rows] if share else 1.0))
        names = trials.names[trials.chosen[rows]]
        costly = np.isin(names, (*models.CONTINUOUS, models.COMBINED)) & trials.smooth[rows]
        made = models.paths_at(level, starts[rows], origin, horizon, costly)
        made[models.SEASONAL_NAIVE] = models.seasonal_naive(level, starts[rows], origin, horizon)
        chosen = np.stack([made[name][:, 0] for name in models.MODELS])
        place = np.array([models.MODELS.index(name) for name in names], dtype="int64")
        path = chosen[place, np.arange(len(rows))]
        path = np.where(np.isfinite(path), path, made[models.MEAN][:, 0]) * (ahead[rows] if share else 1.0)
        weight = (1 - np.abs(calendar[rows] - share))[:, None]
        found[rows] = np.nan_to_num(found[rows]) + weight * path
    rows = np.flatnonzero(young)
    if len(rows):
        found[rows] = newcomer_paths(values / past, starts, categories, rows, horizon) * ahead[rows]
        calendar[rows] = 1.0
    return found, calendar


def _long(weeks: pd.DataFrame, paths: np.ndarray, told: np.ndarray, trials: Trials) -> pd.DataFrame:
    """Paths with their bands, one row per product and week."""
    rows = np.flatnonzero(told)
    horizon = paths.shape[1]
    last = int(weeks.columns[-1]) if len(rows) else 0
    ahead = last + WEEK * np.arange(1, horizon + 1)
    frame = {
        "product_id": np.repeat(weeks.index.to_numpy()[rows], horizon),
        "week": np.tile(ahead, len(rows)).astype("int64"),
        "mean": paths[rows].ravel(),
    }
    for level in sorted(LEVELS):
        low, high = trials.band(paths, level)
        frame[f"low{level * 100:.0f}"] = low[rows].ravel()
        frame[f"high{level * 100:.0f}"] = high[rows].ravel()
    columns = ["product_id", "week", "mean", "low80", "high80", "low95", "high95"]
    return pd.DataFrame(frame)[columns]
