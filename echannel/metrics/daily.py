"""Turnover of any stretch of days, from running sums over local days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from echannel.metrics.periods import Period


@dataclass(frozen=True)
class Daily:
    """Running sums over local days ``first`` … ``last``: any stretch of days is one difference.

    ``value`` (turnover ex VAT), ``gross`` (total paid incl. VAT), ``orders``.
    """

    first: int
    last: int
    running: dict[str, np.ndarray]

    @classmethod
    def of(cls, entries: pd.DataFrame, first_day: int, last_day: int) -> Daily:
        """All entries, those outside the data's days (later refunds) too."""
        day = entries["day"].to_numpy().astype("int64")
        first = min(first_day, int(day.min())) if len(day) else first_day
        last = max(last_day, int(day.max())) if len(day) else max(last_day, first_day - 1)
        amounts = {
            "value": entries["net_goods"].to_numpy(),
            "gross": entries["total_gross"].to_numpy(),
            "orders": (entries["entry"] == "sale").to_numpy().astype("float64"),
        }
        running = {
            name: np.r_[0.0, np.cumsum(np.bincount(day - first, amount, last - first + 1))]
            for name, amount in amounts.items()
        }
        return cls(first, last, running)

    def sums(self, name: str, since: np.ndarray, until: np.ndarray) -> np.ndarray:
        """Sum from each first to each last day; 0 where there is no day between them."""
        running = self.running[name]
        start = np.clip(since - self.first, 0, len(running) - 1)
        end = np.clip(until + 1 - self.first, 0, len(running) - 1)
        return running[np.maximum(end, start)] - running[start]

    def sum(self, name: str, period: Period) -> float:
        """Sum over one period."""
        return float(self.sums(name, np.array([period.since]), np.array([period.until]))[0])
