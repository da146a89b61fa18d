"""What is known of each product's demand: from its forecast where there is one, else from its sales in stock.

Rates are units per day; days are local days since 1970-01-01.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from echannel.metrics.inventory.panels import WEEK, weekly_rates
from echannel.metrics.result import OK, TOO_FEW

FEWEST_WEEKS = 4
_YEAR_WEEKS = 52
COLUMNS = ["per_day", "sd_day", "n", "status", "reason"]


def history_facts(units: pd.DataFrame, in_stock: pd.DataFrame, weeks: int = _YEAR_WEEKS) -> pd.DataFrame:
    """Demand from the last whole weeks that were in stock.

    ``value`` = ``per_day`` (units: sales over the share of the week in stock, mean of weeks), ``sd_day``
    (standard deviation of weeks / √7), ``n`` (days with a sale in those weeks), ``status``, ``reason``;
    needs four weeks.
    """
    rates = weekly_rates(units, in_stock)
    recent = rates.to_numpy()[:, -weeks:]
    seen = np.isfinite(recent)
    count = seen.sum(axis=1)
    mean = np.where(seen, recent, 0.0).sum(axis=1) / np.maximum(count, 1)
    square = np.where(seen, (recent - mean[:, None]) ** 2, 0.0).sum(axis=1)
    sd = np.sqrt(square / np.maximum(count - 1, 1) / WEEK)
    days = units.to_numpy()[:, max(units.shape[1] - weeks * WEEK, 0) :]
    return _judged(units.index, mean / WEEK, sd, (days > 0).sum(axis=1), count >= FEWEST_WEEKS)


def demand_facts(
    choice: pd.DataFrame,
    paths: pd.DataFrame,
    items: pd.DataFrame,
    units: pd.DataFrame,
    in_stock: pd.DataFrame,
    today: int,
) -> pd.DataFrame:
    """Demand until the next delivery but one, product by product.

    ``per_day`` is the forecast's mean over lead time and review, so a season to come is in it; ``sd_day`` the
    forecast's own error of a week, / √7; ``n`` days with a sale. Where no forecast could be made,
    :func:`history_facts`; ``source`` says which ("forecast", "history").

    Parameters
    ----------
    choice, paths : of the forecasts (``sd_week``, ``status``; ``product_id``, ``week``, ``mean``).
    units, in_stock : wide, by day, up to ``today``; best without exceptional orders (``large_orders``).
    """
    past = history_facts(units, in_stock).reindex(items.index)
    span = items["lead_time_days"] + items["review_days"]
    path = daily_path(paths, items.index, today, int(np.ceil(np.nanmax(np.r_[1.0, span]))))
    ahead = np.cumsum(path, axis=1)
    last = np.clip(np.ceil(span.to_numpy("float64")), 1, path.shape[1]).astype("int64")
    mean = ahead[np.arange(len(items)), last - 1] / last
    chosen = choice.reindex(items.index)
    sd = chosen["sd_week"].to_numpy("float64") / np.sqrt(WEEK)
    sale_days = (units.reindex(items.index).to_numpy() > 0).sum(axis=1)
    use = (chosen["status"] == OK).to_numpy() & np.isfinite(mean) & np.isfinite(sd)
    frame = past.assign(
        per_day=np.where(use, mean, past["per_day"]),
        sd_day=np.where(use, sd, past["sd_day"]),
        n=np.where(use, sale_days, past["n"]),
        status=np.where(use, OK, past["status"]),
        reason=np.where(use, "", past["reason"]),
        source=np.where(use, "forecast", "history"),
    )
    return frame.assign(value=frame["per_day"])


def daily_path(
    paths: pd.DataFrame, products: pd.Index, today: int, days: int, beyond: np.ndarray | None = None
) -> np.ndarray:
    """Expected demand of each of the next ``days`` days (products × days, the first is tomorrow).

    A week's forecast is spread evenly over its days. After the last week forecast its mean week goes on;
    a product without a forecast takes ``beyond`` (units per day), or NaN.
    """
    row = products.get_indexer(pd.Index(paths["product_id"].astype(str)))
    weeks, place = np.unique(paths["week"].to_numpy("int64"), return_inverse=True)
    table = np.full((len(products), len(weeks)), np.nan)
    inside = row >= 0
    table[row[inside], place[inside]] = paths["mean"].to_numpy("float64")[inside]
    seen = np.isfinite(table)
    mean = np.where(seen, table, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    rest = np.full(len(products), np.nan) if beyond is None else np.asarray(beyond, dtype="float64")
    rest = np.where(seen.any(axis=1), mean / WEEK, rest)
    day = today + 1 + np.arange(days)
    if not len(weeks):
        return np.repeat(rest[:, None], days, axis=1)
    at = np.searchsorted(weeks, day, side="right") - 1
    covered = (at >= 0) & (day - weeks[np.maximum(at, 0)] < WEEK)
    values = np.where(covered, table[:, np.maximum(at, 0)] / WEEK, np.nan)
    return np.where(np.isfinite(values), values, rest[:, None])


def _judged(
    index: pd.Index, per_day: np.ndarray, sd_day: np.ndarray, n: np.ndarray, enough: np.ndarray
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "value": np.where(enough, per_day, np.nan),
            "per_day": np.where(enough, per_day, np.nan),
            "sd_day": np.where(enough, sd_day, np.nan),
            "n": n,
            "status": np.where(enough, OK, TOO_FEW),
            "reason": np.where(enough, "", "reason.few_weeks_in_stock"),
        },
        index=index,
    )
