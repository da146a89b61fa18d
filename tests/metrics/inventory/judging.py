"""Forecasts judged on weeks that came after all that they were chosen by, against each single method."""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.inventory import models
from echannel.metrics.inventory.demand import Demand, filled
from echannel.metrics.inventory.effects import calendar_effects
from echannel.metrics.inventory.forecast import forecast
from echannel.metrics.result import OK

CHOICE = "choice"


def judged(
    demand: Demand, items: pd.DataFrame, events: pd.DataFrame, ahead: int = 8, cuts: int = 2
) -> pd.DataFrame:
    """Losses by product and method (``rmsse``, ``mase``), over ``cuts`` last stretches of ``ahead`` weeks.

    Methods are those of ``models.MODELS``, each with and without the calendar, and the choice. Only
    products for which every method but those of continuous demand has a forecast are judged, so that all
    are judged on the same.
    """
    parts = [_stretch(demand, items, events, ahead, back) for back in range(cuts)]
    return pd.concat(parts).groupby(["product_id", "method"], as_index=False).mean(numeric_only=True)


def means(losses: pd.DataFrame) -> pd.DataFrame:
    """Mean losses by method over the products that every method could be judged on."""
    wide = losses.pivot_table(index="product_id", columns="method", values="rmsse")
    complete = wide.drop(columns=[m for m in wide if m.startswith(models.CONTINUOUS)]).dropna().index
    same = losses[losses["product_id"].isin(complete)]
    found = same.groupby("method")[["rmsse", "mase"]].mean()
    return found.assign(n=same.groupby("method")["rmsse"].count()).sort_values("rmsse")


def _stretch(
    demand: Demand, items: pd.DataFrame, events: pd.DataFrame, ahead: int, back: int
) -> pd.DataFrame:
    cut = demand.weeks.shape[1] - ahead * (back + 1)
    earlier = Demand(demand.weeks.iloc[:, :cut], demand.share.iloc[:, :cut], demand.sale_days)
    made = forecast(earlier, items, events, horizon=ahead)
    told = made.choice.index[(made.choice["status"] == OK) & (made.choice["model"] != "category")]
    weeks = earlier.weeks.loc[told]
    actual = demand.weeks.loc[told].to_numpy()[:, cut : cut + ahead]
    found = _singles(weeks, items.loc[told, "category"].fillna("").astype(str), events, ahead)
    chosen = made.paths.pivot_table(index="product_id", columns="week", values="mean").loc[told]
    found[CHOICE] = chosen.to_numpy()
    change = np.diff(weeks.to_numpy(), axis=1)
    rms, absolute = np.sqrt(np.nanmean(change**2, axis=1)), np.nanmean(np.abs(change), axis=1)
    rows = []
    for method, paths in found.items():
        error = paths - actual
        rows.append(
            pd.DataFrame(
                {
                    "product_id": told,
                    "method": method,
                    "rmsse": np.sqrt(_mean(error**2)) / rms,
                    "mase": _mean(np.abs(error)) / absolute,
                }
            )
        )
    return pd.concat(rows).replace([np.inf, -np.inf], np.nan)


def _singles(
    weeks: pd.DataFrame, categories: pd.Series, events: pd.DataFrame, ahead: int
) -> dict[str, np.ndarray]:
    values, origin = weeks.to_numpy(), np.array([weeks.shape[1]])
    starts = np.isfinite(values).argmax(axis=1)
    selling, known = (values > 0).sum(axis=1), np.isfinite(values).sum(axis=1)
    smooth = known / np.maximum(selling, 1) < 1.32
    effects = calendar_effects(weeks, categories, events, ahead)
    index = effects.of(categories, effects.index.columns.to_numpy())
    found = {}
    for name, divisor, factor in (
        ("", np.ones_like(values), np.ones((len(values), ahead))),
        (" with calendar", index[:, : weeks.shape[1]], index[:, weeks.shape[1] :]),
    ):
        level = filled(values / divisor)
        paths = models.paths_at(level, starts, origin, ahead, smooth)
        if not name:
            paths[models.SEASONAL_NAIVE] = models.seasonal_naive(level, starts, origin, ahead)
        found |= {model + name: made[:, 0] * factor for model, made in paths.items()}
    return found


def _mean(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return np.where(known, values, 0).sum(axis=1) / np.where(known.any(axis=1), known.sum(axis=1), np.nan)
