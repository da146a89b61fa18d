"""The calendar in demand: the season of the year, soldes, Black Friday, the run-up to Christmas.

One product sells too little to show its own season, so effects are estimated over all products of a
category, and each category's over the whole shop's: a Poisson regression with one level per product,

    E[demand of product i in week w] = level_i · exp(trend_w + season_w + events_w),

whose season (smooth waves of the year) and events are drawn towards the shop's, and the shop's towards
nothing, the more so the less was sold (a normal prior on the coefficients). The noise is measured on the
pooled series, so that shocks shared by all products count as one, and so is how large a season there is.
Fixed effects of a Poisson panel: Hausman, Hall and Griliches 1984; drawing towards the group: Gelman and
Hill 2007, chapter 12; the size of the season: MacKay 1992, Bayesian interpolation.

Demand is divided by the index before a model sees it, forecasts are multiplied by it afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from echannel.metrics.result import OK, TOO_FEW
from echannel.metrics.seasons import SaleDates

YEARS = 2  # fewer years, or editions of an event, cannot tell the calendar from chance
_WEEKS_A_YEAR = 52
_WAVES = 6
_KNOT_WEEKS = 26
_SEASON_SD, _EVENT_SD, _TREND_SD = 0.5, 0.5, 0.3  # of logarithms: what is plausible before any data
_CATEGORY_PART = 0.5  # a category's coefficients lie so much nearer to the shop's than the shop's to none
_ROUNDS, _ROUNDS_OF_NOISE = 25, 4
_LARGEST_STEP, _SMALL_STEP = 1.0, 1e-5
_LEAST_SIZE = 0.02
_WHOLE_WEEK_SHARE = 0.5
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Effects:
    """Multiplicative indices of demand per category and week, the future included.

    Attributes
    ----------
    index : categories × weeks (int Mondays); 1 = an ordinary week.
    table : per ``category`` and ``name`` ("season" or an event's): ``value`` (season: the year's highest
        over its lowest week; event: mean index of a whole week in it, beside the season), ``n`` (years or
        editions seen), ``status``, ``reason``.
    """

    index: pd.DataFrame
    table: pd.DataFrame

    def of(self, categories: pd.Series, weeks: np.ndarray) -> np.ndarray:
        """The index of every product (by its category) in ``weeks``."""
        rows = self.index.index.get_indexer(pd.Index(categories))
        columns = self.index.columns.get_indexer(pd.Index(weeks))
        return np.asarray(self.index.to_numpy()[np.ix_(rows, columns)])


def calendar_events(sales: Iterable[SaleDates], first_day: int, last_day: int) -> pd.DataFrame:
    """The events that move demand: a country's sale periods, the run-up to Christmas, and the days after.

    Parameters
    ----------
    sales : the country pack's sale periods, past and to come.
    first_day, last_day : days since 1970-01-01 between which Christmas is looked for.

    Returns
    -------
    ``name``, ``first_day``, ``last_day``: one row per edition.
    """
    rows = [(sale.name, _number(sale.first), _number(sale.last)) for sale in sales]
    first, last = (_EPOCH + timedelta(days=int(day)) for day in (first_day, last_day))
    for year in range(first.year, last.year + 1):
        rows.append(("christmas", _number(date(year, 12, 1)), _number(date(year, 12, 20))))
        rows.append(("after_christmas", _number(date(year, 12, 21)), _number(date(year, 12, 31))))
    return pd.DataFrame(rows, columns=["name", "first_day", "last_day"])


def calendar_effects(
    weeks: pd.DataFrame, categories: pd.Series, events: pd.DataFrame, horizon: int
) -> Effects:
    """Season and events of every category, for the weeks of the data and ``horizon`` weeks to come.

    The season needs two years of weeks, an event two editions within the data; else its index is 1 and
    ``table`` says so.

    Parameters
    ----------
    weeks : demand, products × int Mondays, NaN where unknown.
    categories : of each product, by ``product_id``.
    events : ``name``, ``first_day``, ``last_day`` of each edition, past and to come.
    """
    known = weeks.columns.to_numpy()
    span = np.concatenate([known, known[-1] + 7 * np.arange(1, horizon + 1)]) if len(known) else known
    names = sorted(set(categories))
    design = _Design.of(span, len(known), events)
    index = np.ones((len(names), len(span)))
    coefficients = np.zeros((len(names), design.calendar.shape[1]))
    if design.calendar.shape[1] and len(weeks):
        demand = weeks.to_numpy()
        codes = pd.Categorical(categories.reindex(weeks.index), categories=names).codes
        shop = _fitted(demand, design, np.zeros(design.width), design.spread, design.shape)
        part = np.where(np.arange(design.width) < design.calendar.shape[1], _CATEGORY_PART, 1.0)
        spread = design.spread * part
        for code in range(len(names)):
            # One category is the shop: its sales shall not count twice.
            found = _fitted(demand[codes == code], design, shop, spread) if len(names) > 1 else shop
            coefficients[code] = found[: design.calendar.shape[1]]
        index = np.exp(coefficients @ design.calendar.T)
    frame = pd.DataFrame(index, index=pd.Index(names, name="category"), columns=span)
    return Effects(frame, _table(names, coefficients, design))


@dataclass(frozen=True)
class _Design:
    """Columns of the regression: the calendar's (season first, then events), and the trend's."""

    calendar: np.ndarray
    trend: np.ndarray
    spread: np.ndarray
    parts: dict[str, slice]
    editions: dict[str, int]
    weeks: int

    @property
    def width(self) -> int:
        return self.calendar.shape[1] + self.trend.shape[1]

    @property
    def shape(self) -> np.ndarray | None:
        """The plausible size of the season's waves, whose common factor is measured; 0 elsewhere."""
        season = self.parts["season"]
        inside = np.arange(self.width) < season.stop
        return np.where(inside, self.spread, 0.0) if season.stop else None

    @classmethod
    def of(cls, span: np.ndarray, known: int, events: pd.DataFrame) -> _Design:
        columns: list[np.ndarray] = []
        spread: list[float] = []
        parts: dict[str, slice] = {}
        years = known // _WEEKS_A_YEAR
        if years >= YEARS:
            columns, spread = _waves(span)
        parts["season"] = slice(0, len(columns))
        editions = {"season": years}
        for name in sorted(set(events["name"])):
            share, position, seen = _event(events[(events["name"] == name).to_numpy()], span, known)
            editions[name] = seen
            start = len(columns)
            if seen >= YEARS and years >= YEARS:
                columns.append(share)
                if np.ptp(position):
                    columns.append(position)
                spread += [_EVENT_SD] * (len(columns) - start)
            parts[name] = slice(start, len(columns))
        calendar = np.column_stack(columns) if columns else np.zeros((len(span), 0))
        trend = _trend(len(span), known)
        return cls(calendar, trend, np.array(spread + [_TREND_SD] * trend.shape[1]), parts, editions, known)


def _waves(span: np.ndarray) -> tuple[list[np.ndarray], list[float]]:
    """Sines and cosines of the year, each less its mean over a year; the quicker, the smaller."""
    phase = 2 * np.pi * (span + 3) / 365.2425  # by the week's Thursday
    waves = [wave(turn * phase) for turn in range(1, _WAVES + 1) for wave in (np.sin, np.cos)]
    return waves, [_SEASON_SD / turn for turn in range(1, _WAVES + 1) for _ in range(2)]


def _event(editions: pd.DataFrame, span: np.ndarray, known: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Of every week: the share of its days in the event, and that share by how far the event has come."""
    first, last = editions["first_day"].to_numpy(), editions["last_day"].to_numpy()
    since = np.maximum(first[:, None], span[None, :])
    until = np.minimum(last[:, None], span[None, :] + 6)
    days = np.maximum(0, until - since + 1)
    length = np.maximum(last - first + 1, 1)[:, None]
    middle = np.where(days > 0, (since + until) / 2 - first[:, None] + 0.5, length / 2)
    seen = int((days[:, :known].sum(axis=1) >= _WHOLE_WEEK_SHARE * np.minimum(length[:, 0], 7)).sum())
    share = days / 7
    long = (length > 7) * (middle / length - 0.5)
    return share.sum(axis=0), (share * long).sum(axis=0), seen


def _trend(span: int, known: int) -> np.ndarray:
    """A straight line that may bend every half year; flat after the data (forecasts have their own)."""
    week = np.minimum(np.arange(span), max(known - 1, 0))
    knots = np.arange(0, max(known - _KNOT_WEEKS // 2, 1), _KNOT_WEEKS)
    return np.maximum(0, week[:, None] - knots[None, :]) / _KNOT_WEEKS


def _fitted(
    demand: np.ndarray,
    design: _Design,
    start: np.ndarray,
    spread: np.ndarray,
    shape: np.ndarray | None = None,
) -> np.ndarray:
    """Coefficients by penalised quasi-likelihood; product levels are profiled out in every round.

    ``spread``: how far each may lie from ``start``. ``shape``: the same up to a factor that the data
    choose, where above 0.
    """
    seen = ~np.isnan(demand)
    sold = np.where(seen, demand, 0.0)
    alive = sold.sum(axis=1) > 0
    sold, seen = sold[alive], seen[alive].astype("float64")
    if not len(sold):
        return start.copy()
    x = np.hstack([design.calendar, design.trend])[: design.weeks]
    penalty = 1 / spread**2
    beta = start.copy()
    weight = np.ones(len(sold))
    noise = known_size = 1.0
    for turn in range(_ROUNDS):
        rate = np.exp(x @ beta)
        exposure = seen @ rate
        level = sold.sum(axis=1) / exposure
        if turn < _ROUNDS_OF_NOISE:
            weight = 1 / _dispersion(sold, seen, level[:, None] * rate)
        got, expected = weight @ sold, ((weight * level) @ seen) * rate
        if turn < _ROUNDS_OF_NOISE:
            noise = _pooled_noise(got, expected, x.shape[1])
        gradient = x.T @ (got - expected) / noise - penalty * (beta - start)
        # Levels move with the coefficients: their part comes off the curvature, or rounds would crawl.
        pull = seen @ (rate[:, None] * x)
        own = (pull * (weight * level / exposure)[:, None]).T @ pull
        curvature = ((x.T * expected) @ x - own) / noise + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        beta = beta + np.clip(step, -_LARGEST_STEP, _LARGEST_STEP)
        change = np.abs(step).max()
        if turn >= _ROUNDS_OF_NOISE and shape is not None:
            size = _size(beta - start, np.diag(np.linalg.inv(curvature)), shape, spread)
            change = max(change, abs(size - known_size))
            known_size = size
            spread = np.where(shape > 0, np.maximum(size * shape, 1e-9), spread)
            penalty = 1 / spread**2
        if turn >= _ROUNDS_OF_NOISE and change < _SMALL_STEP:
            break
    return beta


def _size(apart: np.ndarray, variance: np.ndarray, shape: np.ndarray, spread: np.ndarray) -> float:
    """How far coefficients lie apart, times ``shape``: what of them is not chance (MacKay 1992)."""
    free = shape > 0
    told = np.maximum(1 - variance[free] / spread[free] ** 2, 0.0).sum()
    size = np.sqrt(((apart[free] / shape[free]) ** 2).sum() / max(told, 1e-3))
    return float(np.clip(size, _LEAST_SIZE, 1.0))


def _dispersion(sold: np.ndarray, seen: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Variance over mean of each product: a product bought by the dozen is no twelve times as sure."""
    count = np.maximum(seen.sum(axis=1), 2) - 1
    return np.maximum(((sold - mean) ** 2 / np.maximum(mean, 1e-12) * seen).sum(axis=1) / count, 1e-9)


def _pooled_noise(got: np.ndarray, expected: np.ndarray, used: int) -> float:
    with_sales = expected > 0
    chi = ((got - expected)[with_sales] ** 2 / expected[with_sales]).sum()
    return float(max(chi / max(int(with_sales.sum()) - used, 10), 1e-9))


def _table(names: list[str], coefficients: np.ndarray, design: _Design) -> pd.DataFrame:
    rows = []
    for part, where in design.parts.items():
        log_index = coefficients[:, where] @ design.calendar[:, where].T
        if part == "season":
            year = log_index[:, -_WEEKS_A_YEAR:]
            value = np.exp(np.ptp(year, axis=1)) if year.shape[1] else np.ones(len(names))
        else:
            value = np.exp(coefficients[:, where][:, :1].sum(axis=1))
        used = where.stop > where.start
        rows.append(
            pd.DataFrame(
                {
                    "category": names,
                    "name": part,
                    "value": value if used else np.nan,
                    "n": design.editions[part],
                    "status": OK if used else TOO_FEW,
                    "reason": "" if used else "reason.two_years_for_the_calendar",
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def _number(day: date) -> int:
    return (day - _EPOCH).days
