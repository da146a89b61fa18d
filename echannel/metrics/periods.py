"""Periods, and what a period is fairly compared with.

A period is a stretch of local days (days since 1970-01-01), both ends included. Comparisons follow
the calendar: a whole month is compared with a whole month, whatever their lengths, and an unfinished
month with the same calendar days.
"""

from __future__ import annotations

from functools import lru_cache
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
    return Period(_months_back(period.since, 12 * years), _months_back(period.until, 12 * years, end=True))


def year_after(day: int) -> int:
    """The same calendar day a year later; 28 February after a 29th."""
    return _months_back(day, -12)


def preceding(period: Period) -> Period:
    """The period just before: as many whole months for whole months, else as many days."""
    if not is_whole_months(period):
        return Period(period.since - period.days, period.since - 1)
    months = month_of(period.until) - month_of(period.since) + 1
    return Period(month_start(month_of(period.since) - months), period.since - 1)


@lru_cache(maxsize=4096)
def month_start(month: int) -> int:
    """First local day of a month number (months since 1970-01)."""
    return int(np.datetime64(month, "M").astype("datetime64[D]").astype("int64"))


@lru_cache(maxsize=16384)
def month_of(day: int) -> int:
    """Month number (months since 1970-01) of a local day."""
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype("int64"))


def is_whole_months(period: Period) -> bool:
    """Whether the period runs from the first day of a month to the last day of one."""
    return period.since == month_start(month_of(period.since)) and period.until + 1 == month_start(
        month_of(period.until + 1)
    )


def like_for_like(period: Period, first_day: int, last_day: int) -> tuple[Period | None, Period]:
    """The covered part of a period, and the same calendar days a year before; None where there is none."""
    covered = Period(max(period.since, first_day), min(period.until, last_day))
    covered = covered._replace(since=max(covered.since, year_after(first_day)))
    if year_before(covered).since < first_day:  # 29 February has no such day a year later
        covered = covered._replace(since=covered.since + 1)
    earlier = year_before(covered)
    if covered.since > covered.until:
        return None, earlier
    return covered, earlier


def _months_back(day: int, months: int, end: bool = False) -> int:
    """The same day of the month so many months earlier; the last day stays the last where ``end``."""
    month = month_of(day)
    then = month_start(month - months)
    last = month_start(month - months + 1) - 1
    if end and day + 1 == month_start(month + 1):
        return last
    return min(then + day - month_start(month), last)
