"""How far a plan's drivers may lie from where they are planned, and which move together.

Each driver is a lever (see ``levers``) with a PERT distribution: low, most likely, high. What history or the
books say of a driver goes before what is usual; each says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from echannel.metrics.planning.inputs import PlanInputs
from echannel.metrics.planning.levers import LEVERS, usable

TURNOVER = "turnover"
"""The driver that stands for the paths of the turnover forecast."""
_GRID = np.linspace(-4.0, 4.0, 401)  # normal scores at which distributions are tabulated
_FEWEST = 6  # months or years that a measured spread rests on


@dataclass(frozen=True)
class Driver:
    """One driver's distribution: a PERT from ``low`` over ``mode`` to ``high``; ``made_by`` as in a plan."""

    name: str
    low: float
    mode: float
    high: float
    made_by: str = "default"

    def at(self, score: np.ndarray) -> np.ndarray:
        """The driver at standard normal scores: the quantile of the score's probability."""
        return np.interp(score, _GRID, self._on_grid)

    @cached_property
    def _on_grid(self) -> np.ndarray:
        from scipy.special import betaincinv, ndtr

        span = self.high - self.low
        if span <= 0:
            return np.full(len(_GRID), self.mode)
        first = 1 + 4 * (self.mode - self.low) / span
        second = 1 + 4 * (self.high - self.mode) / span
        return np.asarray(self.low + span * betaincinv(first, second, ndtr(_GRID)))


@dataclass(frozen=True)
class Spread:
    """The drivers of a plan and the rank correlations of pairs; pairs that are not named go their own way."""

    drivers: tuple[Driver, ...]
    correlations: Mapping[tuple[str, str], float]

    def matrix(self, names: list[str]) -> np.ndarray:
        """The correlation matrix of normal scores, in the order of ``names``: the nearest that can be one.

        A rank correlation ρ is that of normal scores 2 sin(πρ/6) (Pearson 1907).
        """
        found = np.eye(len(names))
        for (one, other), rank in self.correlations.items():
            if one in names and other in names:
                at, to = names.index(one), names.index(other)
                found[at, to] = found[to, at] = 2 * np.sin(np.pi * rank / 6)
        values, vectors = np.linalg.eigh(found)
        if values.min() > 1e-9:
            return found
        near = (vectors * np.maximum(values, 1e-6)) @ vectors.T
        scale = np.sqrt(np.diag(near))
        return near / np.outer(scale, scale)


_USUAL = (
    Driver("margin", -0.04, 0.0, 0.03),
    Driver("price", 0.98, 1.0, 1.02),
    Driver("days_to_pay", -5.0, 0.0, 25.0),
    Driver("supplier_days", -10.0, 0.0, 5.0),
    Driver("stock_cover", -5.0, 0.0, 10.0),
    Driver("carriage", 0.95, 1.0, 1.2),
    Driver("payment_fees", 0.95, 1.0, 1.15),
    Driver("returns", 0.75, 1.0, 1.5),
    Driver("marketing", 0.9, 1.0, 1.3),
    Driver("overheads", 0.97, 1.0, 1.12),
    Driver("staff", 0.98, 1.0, 1.08),
)
_PAYOUTS_LATE = Driver("days_to_pay", -1.0, 0.0, 7.0)
_TOGETHER = {
    (TURNOVER, "days_to_pay"): -0.3,  # in bad times customers buy less and pay later
    (TURNOVER, "margin"): 0.2,
    (TURNOVER, "marketing"): -0.2,  # weak sales are answered by advertising
    (TURNOVER, "stock_cover"): -0.4,  # goods stay when sales do
    ("margin", "price"): 0.3,
    ("carriage", "overheads"): 0.3,  # both follow prices in general
    ("overheads", "staff"): 0.3,
}


def usual_spread(inputs: PlanInputs) -> Spread:
    """What is usual for small firms, of the drivers that move something in this plan: marked as default."""
    there = set(usable(inputs))
    firms = any(one.kind == "b2b" for one in inputs.streams)
    drivers = tuple(
        _PAYOUTS_LATE if one.name == "days_to_pay" and not firms else one
        for one in _USUAL
        if one.name in there
    )
    return Spread(drivers, _TOGETHER)


def with_history(spread: Spread, measured: Mapping[str, np.ndarray], made_by: str = "history") -> Spread:
    """The spread with drivers measured on past periods in place of what is usual.

    ``measured`` gives past values by driver in the lever's own terms (margin rates; days taken; costs as a
    share of sales). From the 5th percentile over the median to the 95th: the middle is where the plan stands,
    the ends are as far from it as they were from the median. With fewer than six periods the usual stays.
    """
    drivers = []
    for one in spread.drivers:
        values = np.asarray(measured.get(one.name, ()), dtype="float64")
        values = values[np.isfinite(values)]
        if len(values) < _FEWEST:
            drivers.append(one)
            continue
        low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
        if LEVERS[one.name].unit == "factor" and middle > 0:
            ends = max(low / middle, 0.01), 1.0, high / middle
        else:
            ends = low - middle, 0.0, high - middle
        drivers.append(replace(one, low=float(ends[0]), mode=ends[1], high=float(ends[2]), made_by=made_by))
    return replace(spread, drivers=tuple(drivers))
