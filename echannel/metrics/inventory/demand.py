"""Weekly demand as far as it is known: weeks with an empty shelf say nothing; they are not weeks of none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.inventory.panels import WEEK, weekly, weekly_rates

FEWEST_SALES = 4  # days with a sale: with three, any number would be invented


@dataclass(frozen=True)
class Demand:
    """What each product was asked for, week by week.

    Attributes
    ----------
    weeks : wide, units per whole week (Monday to Sunday): units sold over the share of the week in stock.
        NaN before the first sale, and where the product was in stock for less than 0.3 of the week.
    share : wide, share of each of these weeks in stock.
    sale_days : days with a sale, by product.
    """

    weeks: pd.DataFrame
    share: pd.DataFrame
    sale_days: pd.Series


def weekly_demand(units: pd.DataFrame, in_stock: pd.DataFrame, today: int) -> Demand:
    """Demand of the whole weeks up to ``today`` (local day), from daily panels of the same shape.

    Counted orders only, as ordered: returns are not taken off, since what came back was asked for. A
    week in stock for part of its days counts as if it had gone on so (censored demand: Wecker 1978,
    Predicting demand from sales data in the presence of stockouts, in its simplest form).
    """
    past = units.loc[:, units.columns.to_numpy() <= today]
    stocked = in_stock.loc[:, in_stock.columns.to_numpy() <= today]
    weeks = weekly_rates(past, stocked)
    share = weekly(stocked, mean=True).reindex(columns=weeks.columns)
    last = int(weeks.columns[-1]) + WEEK - 1 if weeks.shape[1] else today
    days = (past.to_numpy()[:, past.columns.to_numpy() <= last] > 0).sum(axis=1)
    return Demand(weeks, share, pd.Series(days, index=units.index, name="sale_days"))


def filled(weeks: np.ndarray) -> np.ndarray:
    """Unknown weeks inside a series from their neighbours, after it from its last eight known weeks.

    For models, which need whole series; losses never look at these weeks. Leading unknown weeks stay NaN.
    """
    known = np.isfinite(weeks)
    inside = pd.DataFrame(weeks.T).interpolate(limit_area="inside").to_numpy().T
    reached = np.cumsum(known[:, ::-1], axis=1)[:, ::-1]
    recent = known & (reached <= 8)
    count = np.maximum(recent.sum(axis=1), 1)
    level = np.where(recent, weeks, 0.0).sum(axis=1) / count
    after = (reached == 0) & known.any(axis=1)[:, None]
    return np.where(after, level[:, None], inside)
