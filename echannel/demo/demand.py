"""How lively each day is: season, week, feasts, sales, closures. Trend is kept apart."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from dateutil.easter import easter  # type: ignore[import-untyped]

from echannel.countries import country_pack
from echannel.demo.firms import Firm

_WEEK = {"b2c": (1.02, 0.98, 0.95, 0.98, 0.95, 0.98, 1.14), "b2b": (1.35, 1.4, 1.3, 1.3, 1.2, 0.3, 0.15)}
# What each sale period does to a shop's orders: at its opening, and at its end.
_SALES = {
    "soldes_winter": (1.9, 1.15),
    "soldes_summer": (1.7, 1.1),
    "black_friday_week": (1.9, 1.7),
    "boxing_day_sales": (1.5, 1.0),
}
_SALES_MATTER = {"clothing": 1.4, "furniture": 1.2, "toys": 1.0, "gifts": 1.0, "cosmetics": 1.1}
_GIVEN_TO_MOTHERS = {"gifts": 0.7, "jewellery": 0.9, "cosmetics": 0.5, "crafts": 0.3, "clothing": 0.15}
_LAST_POST = 18  # of December: later orders would not arrive in time


def days_of(first: date, last: date) -> pd.DatetimeIndex:
    """Every day from ``first`` to ``last``, both included."""
    return pd.date_range(first, last, freq="D")


def liveliness(firm: Firm, days: pd.DatetimeIndex, season: list[float], kind: str) -> np.ndarray:
    """Relative demand per day, about 1 on average, without trend."""
    level = _seasonal(days, season) * np.asarray(_WEEK[kind])[days.dayofweek]
    if kind == "b2c":
        level = level * _sale_effect(firm, days) * _mothers_day(firm, days) * _christmas(days)
    else:
        level = level * _office_holidays(firm, days)
    return level * _closures(firm, days)


def trend(firm: Firm, days: pd.DatetimeIndex, origin: date) -> np.ndarray:
    """Exponential growth per year from ``origin`` on, with another rate after the firm's turn."""
    years = np.asarray((days - pd.Timestamp(origin)).days) / 365.25
    log_level = np.log1p(firm.growth) * years
    if firm.turn:
        after = np.maximum(0.0, np.asarray((days - pd.Timestamp(firm.turn)).days) / 365.25)
        log_level = log_level + (np.log1p(firm.growth_after) - np.log1p(firm.growth)) * after
    return np.asarray(np.exp(log_level))


def sale_days(firm: Firm, days: pd.DatetimeIndex) -> np.ndarray:
    """The days on which prices are cut: sale periods of the firm's country."""
    inside = np.zeros(len(days), dtype=bool)
    for period in country_pack(firm.country).sale_periods_between(days[0].date(), days[-1].date()):
        last = min(period.last, period.first + timedelta(days=27))
        inside |= _within(days, period.first, last)
    return inside


def _within(days: pd.DatetimeIndex, first: date, last: date) -> np.ndarray:
    return np.asarray((days >= pd.Timestamp(first)) & (days <= pd.Timestamp(last)))


def _seasonal(days: pd.DatetimeIndex, season: list[float]) -> np.ndarray:
    """Monthly factors, joined by straight lines from mid-month to mid-month."""
    position = days.month + (days.day - 15) / 30.5
    months = np.arange(0, 14)
    return np.asarray(np.interp(position, months, [season[-1], *season, season[0]]))


def _sale_effect(firm: Firm, days: pd.DatetimeIndex) -> np.ndarray:
    effect = np.ones(len(days))
    weight = _SALES_MATTER.get(firm.sector, 0.5)
    for period in country_pack(firm.country).sale_periods_between(days[0].date(), days[-1].date()):
        start, end = _SALES.get(period.name, (1.0, 1.0))
        inside = _within(days, period.first, period.last)
        run = np.linspace(start, end, (period.last - period.first).days + 1)
        position = np.asarray((days[inside] - pd.Timestamp(period.first)).days)
        effect[inside] *= 1 + (run[position] - 1) * weight
    return effect


def mothers_day(country: str, year: int) -> date:
    """UK: the fourth Sunday in Lent, three weeks before Easter. France: the last Sunday of May,
    or the first of June when that Sunday is Whitsun (code de l'action sociale, art. D215-1).

    >>> mothers_day("GB", 2026), mothers_day("FR", 2026)
    (datetime.date(2026, 3, 15), datetime.date(2026, 5, 31))
    """
    if country == "GB":
        return easter(year) - timedelta(days=21)
    last = date(year, 5, 31)
    last -= timedelta(days=(last.weekday() + 1) % 7)
    return last + timedelta(days=7) if last == easter(year) + timedelta(days=49) else last


def _mothers_day(firm: Firm, days: pd.DatetimeIndex) -> np.ndarray:
    effect = np.ones(len(days))
    height = _GIVEN_TO_MOTHERS.get(firm.sector, 0.0)
    for year in range(days[0].year, days[-1].year + 1):
        before = np.asarray((pd.Timestamp(mothers_day(firm.country, year)) - days).days)
        rising = (before >= 2) & (before <= 16)
        effect[rising] *= 1 + height * (17 - before[rising]) / 15
    return effect


def _christmas(days: pd.DatetimeIndex) -> np.ndarray:
    """The last fortnight before the last post is the year's peak; then nearly nothing until Boxing Day."""
    december = np.asarray(days.month == 12)
    effect = np.ones(len(days))
    effect[december & np.asarray((days.day >= 5) & (days.day <= _LAST_POST))] = 1.3
    effect[december & np.asarray((days.day > _LAST_POST) & (days.day < 26))] = 0.45
    effect[december & np.asarray(days.day == 25)] = 0.15
    return effect


def _office_holidays(firm: Firm, days: pd.DatetimeIndex) -> np.ndarray:
    years = range(days[0].year, days[-1].year + 1)
    off = country_pack(firm.country).public_holidays(years, "en")
    effect = np.where(days.isin(pd.DatetimeIndex([pd.Timestamp(day) for day in off])), 0.05, 1.0)
    if firm.country == "FR":
        effect = np.where((days.month == 8) & (days.day <= 24), effect * 0.5, effect)
    return np.where((days.month == 12) & (days.day >= 23), effect * 0.15, effect)


def _closures(firm: Firm, days: pd.DatetimeIndex) -> np.ndarray:
    """Closed: one order in twenty still comes. On reopening a rebound that fades over eight weeks."""
    effect = np.ones(len(days))
    for first, weeks in firm.shock:
        since = np.asarray((days - pd.Timestamp(first)).days)
        closed = (since >= 0) & (since < 7 * weeks)
        effect[closed] = 0.05
        after = (since >= 7 * weeks) & (since < 7 * weeks + 56)
        effect[after] *= 1 + 0.7 * (1 - (since[after] - 7 * weeks) / 56)
    return effect
