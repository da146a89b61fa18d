"""Periods, and what a period is fairly compared with.

A period is a stretch of local days (days since 1970-01-01), both ends included. Comparisons follow
the calendar: a whole month is compared with a whole month, whatever their lengths, and an unfinished
month with the same calendar days.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd


class Period(NamedTuple):
    """Local days from ``since`` to ``until``, both included."""

    since: int
    until: int

    @property
    def days(self) -> int:
        """How many days the period has."""
        return self.until - self.since + 1

    def mask(self, day: pd.Series) -> np.ndarray:
        """Which of these local days lie in the period."""
        days = day.to_numpy()
        return (days >= self.since) & (days <= self.until)


def of(frame: pd.DataFrame, period: Period | None) -> pd.DataFrame:
    """The rows of ``frame`` (with ``day``) in ``period``; all of them without one."""
    return frame if period is None else frame[period.mask(frame["day"])]


def year_before(period: Period, years: int = 1) -> Period:
    """The same calendar days ``years`` earlier.

    A period that ends with its month ends with the month then too (28 February 2025 → 29 February 2024),
    so that whole months stay whole.
    """
    raise NotImplementedError


def preceding(period: Period) -> Period:
    """The period just before: as many whole months for whole months, else as many days."""
    raise NotImplementedError


def month_start(month: int) -> int:
    """First local day of a month number (months since 1970-01)."""
    return int(np.datetime64(month, "M").astype("datetime64[D]").astype("int64"))


def month_of(day: int) -> int:
    """Month number (months since 1970-01) of a local day."""
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype("int64"))


def is_whole_months(period: Period) -> bool:
    """Whether the period runs from the first day of a month to the last day of one."""
    return period.since == month_start(month_of(period.since)) and period.until + 1 == month_start(
        month_of(period.until + 1)
    )
